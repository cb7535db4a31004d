import assert from 'node:assert/strict';
import {
  type Arrival,
  type Credentials,
  type FlowNode,
  functionNode,
  type Message,
  place,
  wire,
} from '../support/flows.ts';
import { challenges, signsIn, stepOf, way } from '../support/guard-server.ts';
import { type Flow, load } from '../support/runtime.ts';
import { always, serve, type TestServer } from '../support/servers.ts';

const OUTPUTS = ['in', 'mfa', 'refused'];
const PLACES = [...OUTPUTS, 'out', 'ready', 'needed'].map(place);
const OTHER_TAB = { id: 'other', type: 'tab', label: 'other', disabled: false, info: '' };
const SMS = way('w-sms', 1, 2);
const STORE = { id: 'store', type: 'auth-store', kind: 'context' };
const STORE_KEY = { store: { encryptionKey: 'a passphrase that is long enough' } };
const ANNA = { u: 'anna', p: 'secret' };

/** All Visual Guard nodes of one flow. The IDs begin with `prefix`, and all users come with messages. */
function nodesOf(prefix: string, z: string, server: string): FlowNode[] {
  const fromMessage = { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg' };
  const user = { user: 'u', userType: 'msg' };
  return [
    wire('vg-login', `${prefix}-login`, OUTPUTS, { z, server, ...fromMessage }),
    wire('vg-login', `${prefix}-login-stored`, OUTPUTS, { z, server }),
    wire('vg-mfa', `${prefix}-submit`, OUTPUTS, { z }),
    wire('vg-mfa', `${prefix}-submit-any`, OUTPUTS, { z, challenge: '' }),
    wire('vg-logout', `${prefix}-logout`, ['out'], { z, server, ...user }),
    wire('attach-bearer', `${prefix}-attach`, ['ready', 'needed'], { z, source: 'vg', server, ...user }),
  ];
}

const at = async (asked: Promise<Arrival>): Promise<string> => (await asked).at;
const withChallenge = ({ auth }: Message): Message => ({ auth, payload: '123' });

describe('a config node of a Visual Guard server that has the same settings as one in another flow', () => {
  let server: TestServer;
  let flow: Flow;

  beforeEach(async () => {
    server = await serve(always(signsIn('token-1')));
  });

  /** Two tabs, each with a server of its own and all nodes. */
  const twoTabs = (properties: object = {}): FlowNode[] => {
    const vgServer = { type: 'vg-server', url: server.origin, applicationId: 'a', ...properties };
    return [
      OTHER_TAB,
      { id: 'own-server', z: 'tab', ...vgServer },
      { id: 'other-server', z: 'other', ...vgServer },
      ...nodesOf('own', 'tab', 'own-server'),
      ...nodesOf('other', 'other', 'other-server'),
      ...PLACES,
    ];
  };
  const credentials = (both: Record<string, string>): Credentials => ({ 'own-server': both, 'other-server': both });

  /** The other flow gets no token of Anna, cannot sign her out, and cannot answer a challenge. */
  const assertSeparate = async (): Promise<void> => {
    assert.equal(await at(flow.ask('own-login', { ...ANNA })), 'in');
    assert.equal(await at(flow.ask('other-attach', { u: 'anna' })), 'needed', 'no token by user name');
    assert.equal(await at(flow.ask('other-logout', { u: 'anna' })), 'out');
    assert.equal(await at(flow.ask('own-attach', { u: 'anna' })), 'ready', 'still signed in');
    assert.ok(!server.requests.some(({ path }) => path.includes('revocation')), 'nothing was revoked');

    server.answer = always(challenges(SMS));
    const { msg } = await flow.ask('own-login', { ...ANNA });
    server.answer = always(signsIn('token-2'));
    const foreign = await flow.ask('other-submit', withChallenge(msg));
    assert.deepEqual([foreign.at, foreign.msg.auth?.reason], ['refused', 'challenge-unknown']);
    assert.ok(!server.requests.some((request) => stepOf(request) === 'submit'), 'no code was sent');
    assert.equal(await at(flow.ask('own-submit', withChallenge(msg))), 'in');
  };

  /** The other flow cannot answer the stored user's challenge with an empty challenge field. */
  const assertStoredSeparate = async (): Promise<void> => {
    server.answer = always(challenges(SMS));
    assert.equal(await at(flow.ask('own-login-stored')), 'mfa');
    server.answer = always(signsIn('token-3'));
    const { msg } = await flow.ask('other-submit-any', { payload: '123' });
    assert.equal(msg.auth?.reason, 'challenge-unknown');
    assert.equal(await at(flow.ask('own-submit-any', { payload: '123' })), 'in');
  };

  const robot = { username: 'robot', password: 'THE-PASSWORD' };
  for (const [what, both] of [
    ['no secret', {}],
    ['a blank client secret', { clientSecret: ' ' }],
    ['the same stored user, but no client secret', robot],
  ] as [string, Record<string, string>][]) {
    it(`shares nothing with it: ${what}`, async () => {
      flow = await load(twoTabs(), credentials(both));
      await assertSeparate();
      if (both.username) await assertStoredSeparate();
    });

    it(`shares nothing with it over a session store: ${what}`, async () => {
      flow = await load([STORE, ...twoTabs({ store: 'store' })], { ...STORE_KEY, ...credentials(both) });
      await assertSeparate();
      if (both.username) await assertStoredSeparate();
    });
  }

  it('shares the connection if both have the same client secret', async () => {
    flow = await load(twoTabs(), credentials({ clientSecret: 'THE-SECRET' }));
    assert.equal(await at(flow.ask('own-login', { ...ANNA })), 'in');
    assert.equal(await at(flow.ask('other-attach', { u: 'anna' })), 'ready');
  });

  it('shares the connection without a secret if both are in one flow, or both are global', async () => {
    for (const z of ['tab', '']) {
      const vgServer = { type: 'vg-server', url: server.origin, applicationId: `a${z}`, z };
      const nodes = [
        { id: 'own-server', ...vgServer },
        { id: 'other-server', ...vgServer },
        ...nodesOf('own', 'tab', 'own-server'),
        ...nodesOf('other', 'tab', 'other-server'),
        ...PLACES,
      ];
      if (z === 'tab') flow = await load(nodes);
      else await flow.deploy(nodes);
      assert.equal(await at(flow.ask('own-login', { ...ANNA })), 'in');
      assert.equal(await at(flow.ask('other-attach', { u: 'anna' })), 'ready', z);
    }
  });

  it('keeps its sessions over deploys that change names and other nodes, and loses them in another flow', async () => {
    const nodes = (change: object, more: FlowNode[] = []): FlowNode[] => [
      ...twoTabs().map((node) => (node.id === 'own-server' ? { ...node, ...change } : node)),
      ...more,
    ];
    flow = await load(nodes({}));
    assert.equal(await at(flow.ask('own-login', { ...ANNA })), 'in');
    for (const type of ['full', 'flows', 'nodes'] as const) {
      await flow.deploy(nodes({ name: `renamed ${type}` }, [place(`more-${type}`)]), type);
      assert.equal(await at(flow.ask('own-attach', { u: 'anna' })), 'ready', type);
    }
    await flow.deploy(nodes({ z: '' }));
    assert.equal(await at(flow.ask('own-attach', { u: 'anna' })), 'needed');
  });

  it('shares nothing with another instance of its subflow, and each instance keeps its sessions over a deploy', async () => {
    const nodes = (name: string): FlowNode[] => [
      {
        id: 'sub',
        type: 'subflow',
        name: 'sub',
        in: [{ x: 0, y: 0, wires: [{ id: 'route' }] }],
        out: OUTPUTS.map((_, port) => ({ x: 0, y: 0, wires: [{ id: 'in-login', port }, ...attached(port)] })),
        env: [],
      },
      { id: 'in-server', type: 'vg-server', z: 'sub', name, url: server.origin, applicationId: 'a' },
      ...nodesOf('in', 'sub', 'in-server'),
      { ...functionNode('route', ['in-login', 'in-attach'], 'return msg.p ? [msg, null] : [null, msg];'), z: 'sub' },
      wire('subflow:sub', 'one', OUTPUTS),
      wire('subflow:sub', 'two', OUTPUTS),
      ...PLACES,
    ];
    const attached = (port: number): object[] => (port < 2 ? [{ id: 'in-attach', port }] : []);
    flow = await load(nodes('before'));
    assert.equal(await at(flow.ask('one', { ...ANNA })), 'in');
    assert.equal(await at(flow.ask('two', { u: 'anna' })), 'mfa', 'output 2 of attach bearer');
    await flow.deploy(nodes('after'));
    assert.equal(await at(flow.ask('one', { u: 'anna' })), 'in');
    assert.equal(await at(flow.ask('two', { u: 'anna' })), 'mfa');
  });

  it('shares nothing with an unknown flow that is named as an instance of a subflow', async () => {
    const vgServer = { type: 'vg-server', url: server.origin, applicationId: 'a' };
    flow = await load([
      {
        id: 'sub',
        type: 'subflow',
        name: 'sub',
        in: [{ x: 0, y: 0, wires: [{ id: 'in-login' }] }],
        out: [{ x: 0, y: 0, wires: [{ id: 'in-login', port: 0 }] }],
        env: [],
      },
      { id: 'in-server', z: 'sub', ...vgServer },
      ...nodesOf('in', 'sub', 'in-server'),
      wire('subflow:sub', 'one', ['in']),
      // There is no tab with that ID. Node-RED creates one for these nodes.
      { id: 'far-server', z: 'one', ...vgServer },
      ...nodesOf('far', 'one', 'far-server'),
      ...nodesOf('direct', 'one', 'one-in-server'),
      ...PLACES,
    ]);
    assert.equal(await at(flow.ask('one', { ...ANNA })), 'in');
    assert.equal(await at(flow.ask('far-attach', { u: 'anna' })), 'needed');
    assert.match(flow.status('direct-attach'), /config-node-elsewhere/);
  });
});

describe('a VGS account without a client secret', () => {
  for (const clientSecret of ['', ' ', '\t\n']) {
    it(`gets no token, not even from another flow: ${JSON.stringify(clientSecret)}`, async () => {
      const server = await serve(always({ body: { access_token: 'token', expires_in: 300, token_type: 'Bearer' } }));
      const account = { type: 'vgs-account', tokenUrl: server.origin };
      const flow = await load(
        [
          OTHER_TAB,
          { id: 'own', z: 'tab', ...account },
          { id: 'copy', z: 'other', ...account },
          wire('vgs-token', 'get', ['in', 'refused'], { account: 'own' }),
          ...PLACES,
        ],
        { own: { clientId: 'client', clientSecret }, copy: { clientId: 'client', clientSecret } },
      );
      const { msg } = await flow.ask('get');
      assert.equal(msg.error?.code, 'AUTH_CONFIG');
      assert.equal(server.requests.length, 0);
    });
  }
});
