import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { TlsFiles } from '../../src/http/tls-files.ts';
import { checkStore } from '../../src/store/check.ts';
import { readRedisAddress } from '../../src/store/redis-address.ts';
import { type Certificates, certificates, otherCertificates } from '../support/certificates.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { load } from '../support/runtime.ts';
import { until } from '../support/until.ts';

describe('the TLS files of a session store in Redis', () => {
  const old = certificates();
  const other = otherCertificates();
  let dir: string;
  let server: RedisServer;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'vg-auth-redis-files-'));
  });
  afterEach(async () => {
    await endRedis();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Replaces a file in one step, as a careful program does. @returns its path */
  function put(name: string, content: string): string {
    const path = join(dir, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
    return path;
  }

  /** The files of the Redis server, which it reads when it starts. */
  function putServer({ ca, server: { cert, key } }: Certificates): string[] {
    return [
      `tls-ca-cert-file ${put('server-ca.pem', ca)}`,
      `tls-cert-file ${put('server.pem', cert)}`,
      `tls-key-file ${put('server-key.pem', key)}`,
    ];
  }

  /** The files of the `tls-config` node. */
  function putClient({ ca, client: { cert, key } }: Certificates): { ca: string; cert: string; key: string } {
    return { ca: put('ca.pem', ca), cert: put('client.pem', cert), key: put('client-key.pem', key) };
  }

  async function deploy(files: object): Promise<(state: string) => Promise<void>> {
    const none = { cert: '', key: '', ca: '', p12: '', certname: '', keyname: '', caname: '', servername: '' };
    const flow = await load(
      [
        { id: 'tls', type: 'tls-config', ...none, verifyservercert: true, alpnprotocol: '', ...files },
        { id: 'store', type: 'auth-store', kind: 'redis', url: `rediss://localhost:${server.port}`, tls: 'tls' },
      ],
      { store: { encryptionKey: 'a key of more than 16' } },
    );
    return async (state) => until(() => flow.status('store').includes(state));
  }

  it('serve without a deploy after they were replaced: the next connection uses them', async () => {
    server = await startRedis([...putServer(old), 'tls-auth-clients yes'], {
      tls: { ca: [old.ca, other.ca], ...old.client },
    });
    const shows = await deploy(putClient(old));
    await shows('status.ready');
    // An administrator replaces everything, and then Redis starts again. It takes no certificate of the old authority.
    putServer(other);
    await server.kill();
    await shows('status.gone');
    putClient(other);
    await server.restart();
    await shows('status.ready');
  });

  it('are read for a test of the dialog, although Node-RED read others at the deploy', async () => {
    server = await startRedis([...putServer(other), 'tls-auth-clients yes'], {
      tls: { ca: other.ca, ...other.client },
    });
    const files = new TlsFiles({ ca: old.ca, ...old.client }, putClient(other));
    const address = readRedisAddress(`rediss://localhost:${server.port}`, 'single', 'url');
    const settings = { kind: 'redis', ...address, primary: '', sentinelPassword: '', prefix: 'vg-auth:' } as const;
    const key = { encryptionKey: 'a key of more than 16' };
    assert.equal((await checkStore({ ...settings, ...key }, { tls: files }, systemClock)).state, 'works');
  });
});
