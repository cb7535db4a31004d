import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { freePort } from '../support/free-port.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { type FlowFileNode, secretOwnerFlow } from '../support/secret-owner-flow.ts';
import { closeServers, type Received, serve, type TestServer } from '../support/servers.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
/** A variable in a property or credential. */
const of = (variable: string): string => `\${${variable}}`;

/** The reply of the flow. */
interface Said {
  state?: string;
  code?: string;
  message?: string;
}

describe(`secrets and secretFor, deployed to ${version}`, () => {
  let own: TestServer;
  let other: TestServer;
  let userDir: string;
  let nodeRed: NodeRed;
  let environment: Record<string, string>;
  let port: number;

  before(async function () {
    this.timeout(60_000);
    own = await serve(answer);
    other = await serve(answer);
    environment = { OWNER_URL: own.origin, OWNER_SECRET: 'FROM-THE-VARIABLE', OWNER_CLIENT: 'client' };
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-owner-'));
    linkProject(userDir);
    port = await freePort();
    // The files of an earlier release: flows, and credentials without `secretFor`.
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows(undefined, undefined)));
    writeFileSync(
      join(userDir, 'flows_cred.json'),
      JSON.stringify({
        account: { clientId: 'client', clientSecret: 'OLD-SECRET' },
        server: { clientSecret: 'OLD-SECRET', username: 'robot', password: 'OLD-PASSWORD' },
      }),
    );
    await start();
  });

  async function start(): Promise<void> {
    nodeRed = await NodeRed.start({ version, userDir, port, settings: { credentialSecret: false }, environment });
  }

  // The runtime's tests, in the same process, close every server after each test.
  beforeEach(async () => {
    await closeServers();
    own = await serve(answer, { port: own.port });
    other = await serve(answer, { port: other.port });
  });

  after(async () => {
    await nodeRed?.stop();
    await closeServers();
    rmSync(userDir, { recursive: true, force: true });
  });

  function answer({ form }: Received): { body: object } {
    const who = form.get('Username') ?? form.get('client_id');
    return { body: { access_token: `token-of-${who}`, expires_in: 300, token_type: 'Bearer' } };
  }

  const flows = (
    account: object | undefined,
    server: object | undefined,
    changes: Record<string, object> = {},
  ): FlowFileNode[] => secretOwnerFlow(own.origin, { account, server }, changes);

  async function ask(path: 'vgs' | 'vg'): Promise<Said> {
    const response = await fetch(nodeRed.url + path, { method: 'POST' });
    return (await response.json()) as Said;
  }

  /** Signs in again, and returns the secret and the password that the server got. */
  async function works(path: 'vgs' | 'vg', at: TestServer = own): Promise<(string | null | undefined)[]> {
    const before = at.requests.length;
    const said = await ask(path);
    assert.equal(said.state, 'signed-in', JSON.stringify(said));
    assert.equal(at.requests.length, before + 1, 'the server was asked');
    const form = at.requests.at(-1)?.form;
    return [form?.get('client_secret'), form?.get('Password')];
  }

  async function isRefused(path: 'vgs' | 'vg', property: string, host: string): Promise<void> {
    const before = own.requests.length + other.requests.length;
    const { code, message } = await ask(path);
    assert.equal(code, 'AUTH_CONFIG', message);
    assert.ok(message?.includes(`"${property}"`) && message.includes(`enter the secret again for ${host}`), message);
    assert.equal(own.requests.length + other.requests.length, before, 'nothing was sent');
  }

  const typed = (credentials: object = {}): object => ({
    clientId: 'client',
    clientSecret: 'NEW-SECRET',
    secretFor: `${own.origin} client`,
    ...credentials,
  });
  const person = (credentials: object = {}): object => ({
    clientSecret: 'NEW-SECRET',
    secretFor: `${own.origin} app_Native`,
    username: 'robot',
    password: 'NEW-PASSWORD',
    passwordFor: `${own.origin} robot`,
    ...credentials,
  });
  const elsewhere = (): Record<string, object> => ({
    account: { tokenUrl: `${other.origin}/token` },
    server: { url: other.origin },
  });

  it('are not checked with a credentials file of an earlier release, for any address', async () => {
    assert.deepEqual(await works('vgs'), ['OLD-SECRET', null]);
    assert.deepEqual(await works('vg'), ['OLD-SECRET', 'OLD-PASSWORD']);
    await nodeRed.deploy(flows(undefined, undefined, elsewhere()));
    assert.deepEqual(await works('vgs', other), ['OLD-SECRET', null]);
    assert.deepEqual(await works('vg', other), ['OLD-SECRET', 'OLD-PASSWORD']);
  });

  it('are not checked if the admin API brought them without `secretFor`', async () => {
    await nodeRed.deploy(flows({ clientId: 'api', clientSecret: 'API-SECRET' }, { password: 'API-PASSWORD' }));
    assert.deepEqual(await works('vgs'), ['API-SECRET', null]);
    await nodeRed.deploy(flows(undefined, undefined, elsewhere()), 'nodes');
    assert.deepEqual(await works('vgs', other), ['API-SECRET', null]);
    assert.deepEqual(await works('vg', other), ['OLD-SECRET', 'API-PASSWORD']);
  });

  it('are sent to the server for which they were entered, and to no other until the address is changed back', async () => {
    await nodeRed.deploy(flows(typed(), person()));
    assert.deepEqual(await works('vgs'), ['NEW-SECRET', null]);
    assert.deepEqual(await works('vg'), ['NEW-SECRET', 'NEW-PASSWORD']);
    for (const type of ['full', 'nodes', 'flows'] as const) {
      await nodeRed.deploy(flows(undefined, undefined, elsewhere()), type);
      await isRefused('vgs', 'clientSecret', other.host);
      await isRefused('vg', 'clientSecret', other.host);
      await nodeRed.deploy(flows(undefined, undefined, { account: { tokenUrl: `${own.origin}/other/path` } }), type);
      assert.equal((await ask('vgs')).state, 'signed-in', 'only the origin counts');
      await works('vg');
    }
  });

  it('are refused after a restart, too', async function () {
    this.timeout(60_000);
    await nodeRed.deploy(flows(typed(), person(), elsewhere()));
    await nodeRed.stop();
    await start();
    await isRefused('vgs', 'clientSecret', other.host);
    const stored = readFileSync(join(userDir, 'flows_cred.json'), 'utf8');
    assert.ok(stored.includes(`"secretFor":"${own.origin} client"`), 'it is where the secrets are');
    assert.ok(!readFileSync(join(userDir, 'flows.json'), 'utf8').includes('secretFor'), 'and not in the flows');
  });

  it('are refused to another client, and a password to another user', async () => {
    await nodeRed.deploy(flows(typed({ clientId: 'another' }), person({ username: 'another' })));
    await isRefused('vgs', 'clientSecret', own.host);
    await isRefused('vg', 'password', own.host);
    await nodeRed.deploy(flows(typed(), person(), { server: { platform: 'SPA' } }));
    await isRefused('vg', 'clientSecret', own.host);
    await nodeRed.deploy(flows(undefined, undefined, { server: { applicationId: 'app_Native', platform: '' } }));
    await works('vg');
  });

  it('are sent to another address after a deploy that brings them again, or removes `secretFor`', async () => {
    await nodeRed.deploy(flows(typed({ secretFor: `${other.origin} client` }), undefined, elsewhere()));
    assert.deepEqual(await works('vgs', other), ['NEW-SECRET', null]);
    await isRefused('vg', 'clientSecret', other.host);
    await nodeRed.deploy(flows(undefined, { secretFor: '' }, elsewhere()));
    await isRefused('vg', 'password', other.host);
    await nodeRed.deploy(flows(undefined, { passwordFor: '' }, elsewhere()));
    assert.deepEqual(await works('vg', other), ['NEW-SECRET', 'NEW-PASSWORD']);
    await nodeRed.deploy(flows({ secretFor: '' }, undefined));
    await works('vgs');
  });

  it('are not requested again if nothing is stored, or if they are variables', async () => {
    const foreign = { secretFor: 'https://foreign.test client', passwordFor: 'https://foreign.test robot' };
    const variable = of('OWNER_SECRET');
    await nodeRed.deploy(
      flows(
        typed({ ...foreign, clientSecret: variable }),
        person({ ...foreign, clientSecret: '', password: variable }),
      ),
    );
    assert.deepEqual(await works('vgs'), ['FROM-THE-VARIABLE', null]);
    assert.deepEqual(await works('vg'), [null, 'FROM-THE-VARIABLE']);
  });

  it('are bound to a variable in the address and the client as it is written, whatever its value', async function () {
    this.timeout(60_000);
    const written = { tokenUrl: of('OWNER_URL') };
    const account = typed({ clientId: of('OWNER_CLIENT'), secretFor: `${of('OWNER_URL')} ${of('OWNER_CLIENT')}` });
    const server = person({ secretFor: `${of('OWNER_URL')} app_Native`, passwordFor: `${of('OWNER_URL')} robot` });
    await nodeRed.deploy(flows(account, server, { account: written, server: { url: of('OWNER_URL') } }));
    await works('vgs');
    await works('vg');
    await nodeRed.stop();
    environment = { ...environment, OWNER_URL: other.origin };
    await start();
    assert.deepEqual(await works('vgs', other), ['NEW-SECRET', null]);
    assert.deepEqual(await works('vg', other), ['NEW-SECRET', 'NEW-PASSWORD']);
    // The same address, written differently.
    await nodeRed.deploy(flows(undefined, undefined, elsewhere()));
    await isRefused('vgs', 'clientSecret', other.host);
  });

  it('are not bound to the practice server', async () => {
    const practising = { account: { practice: true }, server: { practice: true } };
    const account = typed({ clientId: 'practice', clientSecret: 'practice', secretFor: `${own.origin} practice` });
    await nodeRed.deploy(
      flows(account, person({ clientSecret: 'practice', username: 'plain', password: 'practice' }), practising),
    );
    assert.equal((await ask('vgs')).state, 'signed-in');
    assert.equal((await ask('vg')).state, 'signed-in');
    await nodeRed.deploy(flows(undefined, undefined));
    assert.deepEqual(await works('vgs'), ['practice', null], 'the practice server makes no difference');
    await isRefused('vg', 'password', own.host);
  });

  it('are checked in a subflow, too', async () => {
    const inSubflow = (tokenUrl: string): FlowFileNode[] => [
      ...flows(undefined, undefined).filter(({ id }) => !['account', 'get'].includes(id)),
      {
        id: 'sub',
        type: 'subflow',
        name: 'sub',
        in: [{ x: 0, y: 0, wires: [{ id: 'get' }] }],
        out: [{ x: 0, y: 0, wires: [{ id: 'get', port: 0 }] }],
        env: [],
      },
      { id: 'account', type: 'vgs-account', z: 'sub', tokenUrl, credentials: typed() },
      { id: 'get', type: 'vgs-token', z: 'sub', account: 'account', wires: [[], []], x: 0, y: 0 },
      { id: 'instance', type: 'subflow:sub', z: 'tab', x: 0, y: 0, wires: [['say']] },
    ];
    const entered = (all: FlowFileNode[]): FlowFileNode[] =>
      all.map((node) => (node.id === 'vgs' ? { ...node, wires: [['instance']] } : node));
    await nodeRed.deploy(entered(inSubflow(`${own.origin}/in-subflow`)));
    await works('vgs');
    await nodeRed.deploy(entered(inSubflow(other.origin)));
    await isRefused('vgs', 'clientSecret', other.host);
  });

  it('are reported if they are among the properties, where everybody can read them', async () => {
    const misplaced = { account: { name: 'my account', clientSecret: 'PLAIN-SECRET' } };
    await nodeRed.deploy(flows(typed(), person(), misplaced));
    const { log } = nodeRed;
    assert.match(log, /\[warn\] \[vgs-account:my account\] The secret "clientSecret" is stored as a property/);
    assert.ok(!log.includes('PLAIN-SECRET'));
    assert.deepEqual(await works('vgs'), ['NEW-SECRET', null]);
  });

  it('are reported as lost by Node-RED rather than as an empty field', async function () {
    this.timeout(60_000);
    await nodeRed.deploy(flows({ clientSecret: '' }, person()));
    assert.match((await ask('vgs')).message ?? '', /"clientSecret" is not set/);
    await nodeRed.stop();
    rmSync(join(userDir, 'flows_cred.json'));
    await start();
    for (const path of ['vgs', 'vg'] as const) {
      const { code, message } = await ask(path);
      assert.equal(code, 'AUTH_CONFIG');
      assert.match(message ?? '', /No credentials are stored for the config node.* credentialSecret/);
    }
  });
});
