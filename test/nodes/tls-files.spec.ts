import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificates, otherCertificates, pfxOf } from '../support/certificates.ts';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import { type HeldTime, holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';
import { grantsInTurn, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';

const isNodeRed5 = process.env.NODE_RED === 'node-red-5';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: Node-RED resolves it.
describe('files of a TLS configuration that are replaced', () => {
  const old = certificates();
  const other = otherCertificates();
  let time: HeldTime;
  let dir: string;
  let server: TestServer;
  let flow: Flow;

  beforeEach(() => {
    time = holdTime();
    dir = mkdtempSync(join(tmpdir(), 'vg-auth-tls-files-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Replaces a file in one step, as a careful program does. @returns its path */
  function put(name: string, content: string | Buffer): string {
    const path = join(dir, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
    return path;
  }

  async function start(tls: ServerOptions, files: object, passphrase = ''): Promise<void> {
    server = await serve(grantsInTurn(), { tls });
    const none = { cert: '', key: '', ca: '', p12: '', certname: '', keyname: '', caname: '', servername: '' };
    const config = { id: 'tls', type: 'tls-config', ...none, verifyservercert: true, alpnprotocol: '', ...files };
    const nodes = [config, ...vgsFlow(`${server.origin}/token`, { tls: 'tls' })];
    flow = await load(nodes, { ...VGS_CREDENTIALS, tls: { passphrase } });
  }

  /** Gets a new token. @returns the name in the certificate that the server received */
  async function renew(): Promise<string | undefined> {
    await time.pass(300_000);
    const { at, msg } = await flow.ask('get');
    assert.equal(at, 'token', msg.error?.message);
    return server.requests.at(-1)?.client;
  }

  /** Gives the server another certificate. Open connections stay open. */
  async function change(tls: ServerOptions): Promise<void> {
    const { port } = server;
    await server.close();
    server = await serve(grantsInTurn(), { tls, port });
  }

  it('an authority: the next connection uses it, and the previous one is not used again', async () => {
    await start(old.server, { ca: put('ca.pem', old.ca) });
    await renew();
    await change(other.server);
    put('ca.pem', other.ca);
    await renew();
    put('ca.pem', old.ca);
    await time.pass(300_000);
    assertFault(await flow.ask('get'), 'AUTH_TLS', server.host);
    put('ca.pem', other.ca);
    await time.pass(30_000);
    await renew();
  });

  it('an authority, while a connection with another one is kept', async () => {
    await start(old.server, { ca: put('ca.pem', old.ca) });
    server.answer = grantsInTurn({ expires_in: 10 });
    assert.equal((await flow.ask('get')).at, 'token');
    await time.pass(10_000);
    assert.equal((await flow.ask('get')).at, 'token');
    put('ca.pem', other.ca);
    await time.pass(10_000);
    assertFault(await flow.ask('get'), 'AUTH_TLS', server.host);
    assert.equal(server.requests.length, 2);
  });

  it('an authority whose path is a variable', async () => {
    setEnvironment({ THE_CA: put('ca.pem', old.ca) });
    await start(old.server, { ca: '${THE_CA}' });
    await renew();
    await change(other.server);
    put('ca.pem', other.ca);
    await renew();
  });

  it('an authority with the same time and size: used after the first AUTH_TLS', async () => {
    const size = Math.max(old.ca.length, other.ca.length);
    const path = put('ca.pem', old.ca.padEnd(size, '\n'));
    const then = new Date(2026, 0, 1);
    utimesSync(path, then, then);
    await start(old.server, { ca: path });
    await renew();
    await change(other.server);
    // In place, so that it is the same file.
    writeFileSync(path, other.ca.padEnd(size, '\n'));
    utimesSync(path, then, then);
    await time.pass(300_000);
    assertFault(await flow.ask('get'), 'AUTH_TLS', server.host);
    await time.pass(30_000);
    await renew();
  });

  for (const [what, spoil] of Object.entries({
    'is missing for a moment': (path: string) => rmSync(path),
    'contains rubbish': (path: string) => writeFileSync(path, 'rubbish'),
    'is empty': (path: string) => writeFileSync(path, ''),
    'is cut off': (path: string) => writeFileSync(path, other.ca.slice(0, 200)),
  })) {
    it(`an authority that ${what}: the old one is used until the new one is there`, async () => {
      const path = put('ca.pem', old.ca);
      await start(old.server, { ca: path });
      await renew();
      spoil(path);
      await renew();
      await change(other.server);
      put('ca.pem', other.ca);
      await renew();
    });
  }

  const strict = (ca: string): ServerOptions => ({
    ...old.server,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
  });

  for (const order of [
    ['key', 'cert'],
    ['cert', 'key'],
  ] as const) {
    it(`a client certificate, the ${order[0]} first: the old pair is used until both match`, async () => {
      const ca = put('ca.pem', old.ca);
      const files = { ca, cert: put('cert.pem', old.client.cert), key: put('key.pem', old.client.key) };
      await start(strict(`${old.ca}${other.ca}`), files);
      assert.equal(await renew(), 'flow');
      put(`${order[0]}.pem`, other.client[order[0]]);
      assert.equal(await renew(), 'flow');
      await change(strict(other.ca));
      put(`${order[1]}.pem`, other.client[order[1]]);
      assert.equal(await renew(), 'flow', 'only the new pair is accepted');
    });
  }

  it('a client certificate with invalid content, or missing for a moment', async () => {
    const cert = put('cert.pem', old.client.cert);
    await start(strict(old.ca), { ca: put('ca.pem', old.ca), cert, key: put('key.pem', old.client.key) });
    writeFileSync(cert, 'rubbish');
    assert.equal(await renew(), 'flow');
    rmSync(cert);
    assert.equal(await renew(), 'flow');
  });

  // Node-RED 4.1 has no PFX files.
  if (isNodeRed5)
    it('a PFX file, and one that cannot be opened', async () => {
      const p12 = put('client.p12', pfxOf(old.client, 'a passphrase'));
      await start(strict(`${old.ca}${other.ca}`), { certType: 'pfx', p12, verifyservercert: false }, 'a passphrase');
      assert.equal(await renew(), 'flow');
      put('client.p12', pfxOf(other.client, 'another passphrase'));
      assert.equal(await renew(), 'flow');
      await change(strict(other.ca));
      put('client.p12', pfxOf(other.client, 'a passphrase'));
      assert.equal(await renew(), 'flow', 'only the new certificate is accepted');
    });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: Node-RED resolves it.
