import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { closeServers, serve, type TestServer } from '../support/servers.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
/** A variable in a property or credential. */
const of = (variable: string): string => `\${${variable}}`;
/** The values of all variables. None of them may be in an answer or in the log. */
const VALUES = [
  'PROCESS-VALUE',
  'GLOBAL-VALUE',
  'GLOBAL-CREDENTIAL',
  'TAB-VALUE',
  'TAB-CREDENTIAL',
  'SUB-VALUE',
  'SUB-OTHER',
];

// biome-ignore lint/suspicious/noExplicitAny: the body is JSON of many shapes.
type Verdict = any;

describe(`variables in the dialogs of ${version}`, () => {
  let server: TestServer;
  let userDir: string;
  let nodeRed: NodeRed;

  before(async function () {
    this.timeout(60_000);
    server = await serve(answer);
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-variables-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({
      version,
      userDir,
      settings: { envVarExcludes: ['EXCLUDED'] },
      environment: { IN_PROCESS: 'PROCESS-VALUE', EVERYWHERE: 'PROCESS-VALUE', EXCLUDED: 'PROCESS-VALUE' },
    });
    const subflow = { type: 'subflow', in: [], out: [] };
    const str = (name: string, value: string): object => ({ name, value, type: 'str' });
    const cred = (name: string): object => ({ name, value: '', type: 'cred' });
    const comment = (id: string, z: string): object => ({
      id,
      type: 'comment',
      z,
      name: '',
      info: '',
      x: 0,
      y: 0,
      wires: [],
    });
    await nodeRed.deploy([
      {
        id: 'global-config',
        type: 'global-config',
        env: [str('IN_GLOBAL', 'GLOBAL-VALUE'), str('EVERYWHERE', 'GLOBAL-VALUE'), cred('GLOBAL_SECRET')],
        credentials: { map: { GLOBAL_SECRET: 'GLOBAL-CREDENTIAL' } },
      },
      {
        id: 'tab',
        type: 'tab',
        label: 'tab',
        env: [str('IN_TAB', 'TAB-VALUE'), str('EVERYWHERE', 'TAB-VALUE'), cred('TAB_SECRET')],
        credentials: { TAB_SECRET: 'TAB-CREDENTIAL' },
      },
      comment('note', 'tab'),
      { id: 'still', type: 'tab', label: 'still', env: [str('IN_STILL', 'TAB-VALUE')] },
      { id: 'sub', name: 'sub', env: [str('SAME', 'SUB-VALUE'), str('DIFFERENT', 'SUB-VALUE')], ...subflow },
      { id: 'unused', name: 'unused', env: [str('UNUSED', 'SUB-VALUE')], ...subflow },
      { id: 'one', type: 'subflow:sub', z: 'tab', x: 0, y: 0, wires: [] },
      { id: 'two', type: 'subflow:sub', z: 'tab', env: [str('DIFFERENT', 'SUB-OTHER')], x: 0, y: 0, wires: [] },
      { id: 'deployed', type: 'vgs-account', z: 'tab', tokenUrl: server.origin, credentials: { clientId: 'client' } },
      { id: 'in-sub', type: 'vgs-account', z: 'sub', tokenUrl: server.origin, credentials: { clientId: 'client' } },
    ]);
  });

  // The runtime's tests, in the same process, close every server after each test.
  beforeEach(async () => {
    await closeServers();
    server = await serve(answer, { port: server.port });
  });

  after(async () => {
    await nodeRed?.stop();
    await closeServers();
    rmSync(userDir, { recursive: true, force: true });
  });

  function answer(): { body: object } {
    return { body: { access_token: 'THE-TOKEN', expires_in: 300, token_type: 'Bearer', scope: 'a' } };
  }

  async function test(body: object): Promise<Verdict> {
    const said = await nodeRed.admin('vgs-account/test', body);
    const text = JSON.stringify(said) + nodeRed.log;
    for (const value of [...VALUES, 'THE-TOKEN']) assert.ok(!text.includes(value), `${value} in ${text}`);
    return said;
  }

  /** Tests a secret that is this variable, in a node of this flow. */
  const secret = (variable: string, place: object): Promise<Verdict> =>
    test({ id: 'new', tokenUrl: server.origin, clientId: 'client', clientSecret: of(variable), ...place });

  const GLOBAL = { z: '' };
  const TAB = { z: 'tab' };
  const known: [string, string, object, string][] = [
    ['a global node', 'IN_PROCESS', GLOBAL, 'PROCESS-VALUE'],
    ['a global node', 'IN_GLOBAL', GLOBAL, 'GLOBAL-VALUE'],
    ['a global node', 'EVERYWHERE', GLOBAL, 'GLOBAL-VALUE'],
    ['a global node', 'GLOBAL_SECRET', GLOBAL, 'GLOBAL-CREDENTIAL'],
    ['a node of a tab', 'IN_PROCESS', TAB, 'PROCESS-VALUE'],
    ['a node of a tab', 'GLOBAL_SECRET', TAB, 'GLOBAL-CREDENTIAL'],
    ['a node of a tab', 'IN_TAB', TAB, 'TAB-VALUE'],
    ['a node of a tab', 'EVERYWHERE', TAB, 'TAB-VALUE'],
    ['a node of a tab', 'TAB_SECRET', TAB, 'TAB-CREDENTIAL'],
    ['a node of a tab without a running node', 'IN_GLOBAL', { z: 'still' }, 'GLOBAL-VALUE'],
    ['a node of a tab that is not deployed', 'IN_GLOBAL', { z: 'new-tab' }, 'GLOBAL-VALUE'],
    ['a node of a subflow', 'SAME', { z: 'sub' }, 'SUB-VALUE'],
    ['a node of a subflow', 'IN_TAB', { z: 'sub' }, 'TAB-VALUE'],
    ['a node of a subflow', 'IN_PROCESS', { z: 'sub' }, 'PROCESS-VALUE'],
    ['a node of a subflow without an instance', 'IN_GLOBAL', { z: 'unused' }, 'GLOBAL-VALUE'],
    ['a deployed node, whatever z the dialog sends', 'EVERYWHERE', { id: 'deployed', z: '' }, 'TAB-VALUE'],
    ['a deployed node of a subflow', 'SAME', { id: 'in-sub', z: 'sub' }, 'SUB-VALUE'],
  ];
  for (const [what, variable, place, value] of known) {
    it(`have the value that the deployed node gets: ${variable} in ${what}`, async () => {
      const verdict = await secret(variable, place);
      assert.equal(verdict.state, 'signed-in', JSON.stringify(verdict));
      assert.equal(server.requests.at(-1)?.form.get('client_secret'), value);
      assert.deepEqual(verdict.variables, [{ property: 'clientSecret', variable, isSet: true }]);
    });
  }

  const inside: [string, string, object][] = [
    ['a node of a tab that is not deployed', 'NOT_SET', { z: 'new-tab' }],
    ['a node of a tab without a running node', 'IN_STILL', { z: 'still' }],
    ['a node of a subflow whose instances differ', 'DIFFERENT', { z: 'sub' }],
    ['a deployed node of a subflow whose instances differ', 'DIFFERENT', { id: 'in-sub' }],
    ['a node whose z is the id of a subflow instance', 'SAME', { z: 'one' }],
    ['a node of a subflow without an instance', 'UNUSED', { z: 'unused' }],
    ['a node of a subflow without an instance', 'NOT_SET', { z: 'unused' }],
  ];
  for (const [what, variable, place] of inside) {
    it(`are known only inside the flow: ${variable} in ${what}`, async () => {
      const { problem, values, variables } = await secret(variable, place);
      assert.deepEqual([problem, values], ['variable-in-flow', { property: 'clientSecret', variable }]);
      assert.deepEqual(variables, [{ property: 'clientSecret', variable, isSet: false, isInside: true }]);
      assert.equal(server.requests.length, 0);
    });
  }

  const missing: [string, string, object][] = [
    ['a global node', 'NOT_SET', GLOBAL],
    ['a global node', 'IN_TAB', GLOBAL],
    ['a global node', 'TAB_SECRET', GLOBAL],
    ['a node of a tab', 'NOT_SET', TAB],
    ['a node of another tab', 'IN_TAB', { z: 'still' }],
    ['a node of a tab', 'EXCLUDED', TAB],
    ['a global node', 'EXCLUDED', GLOBAL],
  ];
  for (const [what, variable, place] of missing) {
    it(`have no value: ${variable} in ${what}`, async () => {
      const { fault, values } = await secret(variable, place);
      assert.deepEqual([fault, values], ['variable-missing', { property: 'clientSecret', variable }]);
      assert.equal(server.requests.length, 0);
    });
  }

  it('are in no answer, even if a server repeats them', async () => {
    const scope = await test({
      ...{ id: 'new', tokenUrl: server.origin, clientId: 'client', clientSecret: 'typed' },
      ...{ ...TAB, scope: of('TAB_SECRET') },
    });
    assert.deepEqual([scope.state, scope.asked, scope.missing], ['signed-in', [of('TAB_SECRET')], [of('TAB_SECRET')]]);
    server.answer = () => ({
      status: 400,
      body: { error: 'TAB-CREDENTIAL', error_description: 'say TAB-CREDENTIAL twice: TAB-CREDENTIAL' },
    });
    await test({ id: 'new', z: 'tab', tokenUrl: server.origin, clientId: of('TAB_SECRET'), clientSecret: 'typed' });
    assert.equal(server.requests.at(-1)?.form.get('client_id'), 'TAB-CREDENTIAL');
    for (const property of ['tokenUrl', 'clientAuth']) {
      const all = { tokenUrl: server.origin, clientId: 'client', clientSecret: 'typed', [property]: of('TAB_SECRET') };
      assert.equal((await test({ id: 'new', z: 'tab', ...all })).state, 'failed', property);
    }
    const store = { id: 'new', z: 'tab', kind: 'context', context: of('TAB_SECRET'), encryptionKey: 'typed' };
    const said = JSON.stringify(await nodeRed.admin('auth-store/test', store));
    assert.ok(!said.includes('TAB-CREDENTIAL'), said);
    assert.match(said, /context-store-unknown/);
  });
});
