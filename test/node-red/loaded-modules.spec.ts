import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { LoadedModules } from '../support/loaded-modules.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

/** Modules that take time and memory, and that few flows need. */
const HEAVY = ['undici', 'yaml', 'ioredis', 'src/practice/server'];

/** The code of the nodes. */
const CODE = ['nodes/types/attach-bearer', 'src/engine/engine'];

describe('the modules of this package that Node-RED loads', () => {
  let userDir: string;
  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-loads-'));
    linkProject(userDir);
  });
  afterEach(() => rmSync(userDir, { recursive: true, force: true }));

  /** Starts Node-RED with these flows. @returns which of these modules are loaded after it has answered a request */
  async function loadedWith(
    flows: object[],
    modules: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<string[]> {
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows));
    const loaded = new LoadedModules();
    const nodeRed = await NodeRed.start({
      version,
      userDir,
      environment: { ...loaded.environment, ...environment },
    });
    const types = JSON.stringify(await nodeRed.admin('nodes'));
    assert.match(types, /attach-bearer/);
    const all = await loaded.of(nodeRed);
    assert.ok(all.has('nodes/attach-bearer'), [...all].join(' '));
    return modules.filter((each) => all.has(each));
  }

  it('are only the registrations if no flow uses it', async () => {
    assert.deepEqual(await loadedWith([], [...HEAVY, ...CODE]), []);
  });

  it('are those that the first message needs, before there is a message', async () => {
    const flows = [
      { id: 'tab', type: 'tab' },
      { id: 'account', type: 'vgs-account', tokenUrl: 'https://auth.example.com/token', scope: '' },
      { id: 'attach', type: 'attach-bearer', z: 'tab', source: 'vgs', account: 'account', wires: [[], []] },
    ];
    const credentials = { account: { clientId: 'a-client', clientSecret: 'a-secret-of-a-client' } };
    writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
    assert.deepEqual(await loadedWith(flows, HEAVY), ['undici']);
  });

  // Node-RED 4.1 loads no ES module there.
  if (version === 'node-red-5') {
    it('are all nodes on a Node.js that cannot load an ES module later (22.9 to 22.11)', async () => {
      const environment = { NODE_OPTIONS: '--no-experimental-require-module' };
      assert.deepEqual(await loadedWith([], [...HEAVY, ...CODE], environment), CODE);
    });
  }
});
