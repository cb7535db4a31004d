import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { AdminUsers } from '../support/admin-users.ts';
import { linkProject, NodeRed, type NodeRedOptions } from '../support/node-red.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const store = (context: string): object => ({
  id: `store-${context}`,
  type: 'auth-store',
  kind: 'context',
  context,
  credentials: { encryptionKey: 'THE-KEY-OF-THE-STORE' },
});
const user = { credentials: { username: 'plain', password: 'practice' } };
const FLOW = [
  { id: 'account', type: 'vgs-account', practice: true },
  { id: 'server', type: 'vg-server', practice: true, ...user },
  store('cached'),
  store('direct'),
];

describe(`${version} on a read-only file system`, () => {
  let userDir: string;
  let nodeRed: NodeRed;
  let anybody: AdminUsers;

  before(async function () {
    this.timeout(120_000);
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-read-only-'));
    linkProject(userDir);
    const options: NodeRedOptions = {
      version,
      userDir,
      settings: {
        credentialSecret: 'the secret of the image',
        contextStorage: {
          default: { module: 'memory' },
          cached: { module: 'localfilesystem' },
          direct: { module: 'localfilesystem', config: { cache: false } },
        },
      },
    };
    // As in the image of a container: with flows and credentials.
    const built = await NodeRed.start(options);
    await built.deploy(FLOW);
    await built.stop();
    for (const name of readdirSync(userDir)) if (name.startsWith('.config')) rmSync(join(userDir, name));
    nodeRed = await NodeRed.start({ ...options, settings: { ...options.settings, readOnly: true }, isReadOnly: true });
    anybody = await AdminUsers.signIn(nodeRed, {});
  });

  after(async () => {
    await nodeRed?.stop();
    spawnSync('chmod', ['-R', 'u+w', userDir]);
    rmSync(userDir, { recursive: true, force: true });
  });

  it('signs in, and logs only that the session stores cannot be written', async () => {
    for (const id of ['account', 'server']) {
      const { state, ok } = (await anybody.ask(`accounts/${id}/sign-in`, { body: {} })).body;
      assert.deepEqual([state, ok], ['valid', true], id);
    }
    const lines = nodeRed.log
      .split('\n')
      .filter((line) => /\[(warn|error)\]/.test(line) && /vg-|vgs-|auth-/.test(line));
    for (const line of lines) assert.match(line, /\[auth-store:store-(cached|direct)\]/, line);
  });

  it('reports that a session store in a context store cannot be written, with and without a cache', async () => {
    await until(async () => {
      const { stores } = (await anybody.ask('accounts')).body;
      // On a busy machine, a store can be too slow first.
      return stores.every(
        ({ state, message }: { state: string; message: string }) => state === 'gone' && /writ/.test(message),
      );
    });
  });
});
