import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, linkProject, NodeRed, type NodeRedVersion } from '../../scripts/node-red.ts';
import { closeServers, type Received, serve, type TestServer } from '../support/servers.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
/** A variable in a property or credential. */
const of = (variable: string): string => `\${${variable}}`;

interface Flow {
  id: string;
  [property: string]: unknown;
}

/** What the flow answers. */
interface Said {
  state?: string;
  code?: string;
  message?: string;
}

describe(`secrets and whom they were typed in for, deployed to ${version}`, () => {
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
    // As an earlier release left it: a file of flows, and one of credentials without `secretFor`.
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

  /** Credentials are left out if they are undefined, as a deploy leaves out what does not change. */
  function flows(
    account: object | undefined,
    server: object | undefined,
    changes: Record<string, object> = {},
  ): Flow[] {
    const z = 'tab';
    const at = { z, x: 0, y: 0 };
    const enter = (id: string, to: string): Flow => ({
      id,
      type: 'http in',
      url: `/${id}`,
      method: 'post',
      wires: [[to]],
      ...at,
    });
    const all: Flow[] = [
      { id: z, type: 'tab', label: 'owner' },
      { id: 'account', type: 'vgs-account', tokenUrl: `${own.origin}/token`, ...(account && { credentials: account }) },
      {
        id: 'server',
        type: 'vg-server',
        url: own.origin,
        applicationId: 'app',
        platform: 'Native',
        ...(server && { credentials: server }),
      },
      enter('vgs', 'get'),
      { id: 'get', type: 'vgs-token', account: 'account', wires: [['say'], ['say']], ...at },
      enter('vg', 'login'),
      { id: 'login', type: 'vg-login', server: 'server', wires: [['say'], ['say'], ['say']], ...at },
      { id: 'catch', type: 'catch', wires: [['say']], ...at },
      {
        id: 'say',
        type: 'function',
        func: `msg.payload = { state: msg.auth?.state, code: msg.error?.code, message: msg.error?.message };
               delete msg.headers; return msg;`,
        wires: [['reply']],
        ...at,
      },
      { id: 'reply', type: 'http response', wires: [], ...at },
    ];
    return all.map((node) => ({ ...node, ...changes[node.id] }));
  }

  async function ask(path: 'vgs' | 'vg'): Promise<Said> {
    const response = await fetch(nodeRed.url + path, { method: 'POST' });
    return (await response.json()) as Said;
  }

  /** Signs in anew, and says which secret and password the server got. */
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

  it('are not checked with a credentials file of an earlier release, wherever the address goes', async () => {
    assert.deepEqual(await works('vgs'), ['OLD-SECRET', null]);
    assert.deepEqual(await works('vg'), ['OLD-SECRET', 'OLD-PASSWORD']);
    await nodeRed.deploy(flows(undefined, undefined, elsewhere()));
    assert.deepEqual(await works('vgs', other), ['OLD-SECRET', null]);
    assert.deepEqual(await works('vg', other), ['OLD-SECRET', 'OLD-PASSWORD']);
  });

  it('are not checked if the admin API brought them alone', async () => {
    await nodeRed.deploy(flows({ clientId: 'api', clientSecret: 'API-SECRET' }, { password: 'API-PASSWORD' }));
    assert.deepEqual(await works('vgs'), ['API-SECRET', null]);
    await nodeRed.deploy(flows(undefined, undefined, elsewhere()), 'nodes');
    assert.deepEqual(await works('vgs', other), ['API-SECRET', null]);
    assert.deepEqual(await works('vg', other), ['OLD-SECRET', 'API-PASSWORD']);
  });

  it('go where they were typed in for, and nowhere else, until the address is back', async () => {
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

  it('go to another address with a deploy that brings them anew, or lifts the check', async () => {
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

  it('are not asked for again if nothing is stored, or a variable', async () => {
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

  it('follow a variable in the address and the client as it is written, whatever its value', async function () {
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
    // The same address, but not as it was written.
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

  it('hold in a subflow as well', async () => {
    const inSubflow = (tokenUrl: string): Flow[] => [
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
    const entered = (all: Flow[]): Flow[] =>
      all.map((node) => (node.id === 'vgs' ? { ...node, wires: [['instance']] } : node));
    await nodeRed.deploy(entered(inSubflow(`${own.origin}/in-subflow`)));
    await works('vgs');
    await nodeRed.deploy(entered(inSubflow(other.origin)));
    await isRefused('vgs', 'clientSecret', other.host);
  });

  it('are warned of if they are among the properties, where everybody can read them', async () => {
    const misplaced = { account: { name: 'my account', clientSecret: 'PLAIN-SECRET' } };
    await nodeRed.deploy(flows(typed(), person(), misplaced));
    const { log } = nodeRed;
    assert.match(log, /\[warn\] \[vgs-account:my account\] The secret "clientSecret" is among the properties/);
    assert.ok(!log.includes('PLAIN-SECRET'));
    assert.deepEqual(await works('vgs'), ['NEW-SECRET', null]);
  });

  it('that Node-RED lost are told apart from a field that is empty', async function () {
    this.timeout(60_000);
    await nodeRed.deploy(flows({ clientSecret: '' }, person()));
    assert.match((await ask('vgs')).message ?? '', /"clientSecret" is not set/);
    await nodeRed.stop();
    rmSync(join(userDir, 'flows_cred.json'));
    await start();
    for (const path of ['vgs', 'vg'] as const) {
      const { code, message } = await ask(path);
      assert.equal(code, 'AUTH_CONFIG');
      assert.match(message ?? '', /No credentials are stored for the config node \(was credentialSecret changed\?\)/);
    }
  });
});
