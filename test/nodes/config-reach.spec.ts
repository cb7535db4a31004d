import assert from 'node:assert/strict';
import type { Node } from 'node-red';
import { isInReach } from '../../nodes/shared/config/reach.ts';
import { assertFault } from '../support/faults.ts';
import { type Credentials, type FlowNode, place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import type { TestServer } from '../support/servers.ts';
import { CLIENT, serveTokens } from '../support/token-server.ts';

const TAB = { type: 'tab', disabled: false, info: '' };

/** A subflow whose input goes to `first`. */
function subflow(id: string, first: string): FlowNode {
  return {
    id,
    type: 'subflow',
    name: id,
    info: '',
    category: '',
    in: [{ x: 0, y: 0, wires: [{ id: first }] }],
    out: [],
    env: [],
  };
}

/** A config node that needs no other settings. */
function config(id: string, z?: string): FlowNode {
  return { id, type: 'vgs-account', ...(z ? { z } : {}) };
}

describe('the config nodes that a node reaches', () => {
  it('are the global ones, and those of the flows and subflow instances around it', async () => {
    const flow = await load([
      { id: 'other', label: 'other', ...TAB },
      subflow('outer', 'inner-instance'),
      subflow('inner', 'deep'),
      { id: 'group', type: 'group', z: 'tab', name: '', nodes: ['grouped'], x: 0, y: 0, w: 9, h: 9 },
      config('global'),
      config('of-tab', 'tab'),
      config('of-other', 'other'),
      config('of-outer', 'outer'),
      config('of-inner', 'inner'),
      wire('vg-mfa', 'top', ['']),
      wire('vg-mfa', 'grouped', [''], { g: 'group' }),
      wire('subflow:outer', 'one', []),
      wire('subflow:outer', 'two', []),
      wire('subflow:inner', 'inner-instance', [], { z: 'outer' }),
      wire('vg-mfa', 'deep', [''], { z: 'inner' }),
      wire('subflow:inner', 'elsewhere', [], { z: 'other' }),
    ]);
    const at = (id: string): Node => flow.node(id);
    const configs = [
      'global',
      'of-tab',
      'of-other',
      'one-of-outer',
      'two-of-outer',
      'one-inner-instance-of-inner',
      'two-inner-instance-of-inner',
      'elsewhere-of-inner',
    ];
    const reached = (id: string): string[] => configs.filter((each) => isInReach(at(id), at(each)));

    assert.deepEqual(reached('top'), ['global', 'of-tab']);
    assert.deepEqual(reached('grouped'), ['global', 'of-tab']);
    assert.deepEqual(reached('one-inner-instance-deep'), [
      'global',
      'of-tab',
      'one-of-outer',
      'one-inner-instance-of-inner',
    ]);
    assert.deepEqual(reached('elsewhere-deep'), ['global', 'of-other', 'elsewhere-of-inner']);
    assert.deepEqual(reached('global'), ['global'], 'a global config node reaches no other flow');
    assert.deepEqual(reached('of-other'), ['global', 'of-other']);
    assert.deepEqual(reached('two-of-outer'), ['global', 'of-tab', 'two-of-outer']);
  });
});

const OTHER = { id: 'other', label: 'other', ...TAB };
/** The type of a property of a subflow that takes a config node, as the editor writes it, and the value in an instance. */
const TAKES_ACCOUNT = [{ name: 'ACCOUNT', type: 'vgs-account', value: '', ui: { type: 'conf-types' } }];
/** Node-RED replaces it by the config node that an instance passes. */
const VARIABLE = `\${${TAKES_ACCOUNT[0]?.name}}`;
const handing = (value: string) => ({ env: [{ name: 'ACCOUNT', type: 'conf-type', value }] });

function account(server: TestServer, id: string, properties: object = {}): FlowNode {
  return { id, type: 'vgs-account', tokenUrl: server.origin, ...properties };
}

function credentialsOf(...ids: string[]): Credentials {
  return Object.fromEntries(ids.map((id) => [id, CLIENT]));
}

/** A subflow with a `vgs-token` in it, whose token leaves the subflow. */
function tokenSubflow(id: string, get: object, properties: object = {}): FlowNode[] {
  return [
    { ...subflow(id, `get-${id}`), out: [{ x: 0, y: 0, wires: [{ id: `get-${id}`, port: 0 }] }], ...properties },
    wire('vgs-token', `get-${id}`, ['', ''], { z: id, ...get }),
  ];
}

describe('a node that names a config node', () => {
  const other = { z: 'other' };
  const cases: [string, string, (server: TestServer) => FlowNode[]][] = [
    ['of another tab', 'account', (server) => [account(server, 'account', other)]],
    ['of a disabled tab', 'account', (server) => [{ ...OTHER, disabled: true }, account(server, 'account', other)]],
    ['of a tab that is not there', 'account', (server) => [account(server, 'account', { z: 'nowhere' })]],
    [
      'in a subflow',
      'account',
      (server) => [account(server, 'account', { z: 'sub' }), ...tokenSubflow('sub', { account: 'account' })],
    ],
    [
      'that uses a store of another tab',
      'store',
      (server) => [
        { id: 'store', type: 'auth-store', kind: 'context', ...other },
        account(server, 'account', { store: 'store', z: 'tab' }),
      ],
    ],
    [
      'that uses a proxy of another tab',
      'proxy',
      (server) => [
        { id: 'proxy', type: 'http proxy', url: 'http://127.0.0.1:1', noproxy: [], ...other },
        account(server, 'account', { proxy: 'proxy' }),
      ],
    ],
    [
      'that has TLS of another tab, which it does not use at the moment',
      'tls',
      (server) => [
        { id: 'tls', type: 'tls-config', ...other },
        account(server, 'account', { tls: 'tls', practice: true }),
      ],
    ],
    [
      'that has a list as its proxy',
      'proxy',
      (server) => [
        { id: 'proxy', type: 'http proxy', url: 'http://127.0.0.1:1', noproxy: [], ...other },
        account(server, 'account', { proxy: ['proxy'] }),
      ],
    ],
  ];
  for (const [what, property, nodes] of cases) {
    it(`${what} reports it at a Catch node, and sends no request to a server`, async () => {
      const server = await serveTokens();
      const flow = await load(
        [
          OTHER,
          ...nodes(server),
          wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
          wire('attach-bearer', 'attach', ['token', 'refused'], { source: 'vgs', account: 'account' }),
          ...['token', 'refused'].map(place),
        ],
        { ...credentialsOf('account'), store: { encryptionKey: 'a passphrase that is long enough' } },
      );
      for (const node of ['get', 'attach']) {
        assertFault(await flow.ask(node), 'AUTH_CONFIG', `"${property}"`);
        assert.match(flow.status(node), what.includes('list') ? /config-node-missing/ : /config-node-elsewhere/);
      }
      assert.equal(server.requests.length, 0);
    });
  }

  it('of another tab that runs already reports it, too', async () => {
    const server = await serveTokens();
    const before = [OTHER, account(server, 'account', other), ...['token', 'refused'].map(place)];
    const flow = await load(before, credentialsOf('account'));
    await flow.deploy([...before, wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' })], 'nodes');
    assertFault(await flow.ask('get'), 'AUTH_CONFIG', '"account"');
    assert.equal(server.requests.length, 0);
  });

  it('of another tab is refused to each node of a Visual Guard server', async () => {
    const flow = await load([
      OTHER,
      { id: 'server', type: 'vg-server', url: 'https://identity.test', applicationId: 'app', practice: true, ...other },
      wire('vg-login', 'login', ['one', 'one', 'one'], { server: 'server' }),
      wire('vg-logout', 'logout', ['one'], { server: 'server' }),
      wire('attach-bearer', 'attach', ['one', 'one'], { source: 'vg', server: 'server' }),
      place('one'),
    ]);
    for (const node of ['login', 'logout', 'attach']) {
      assertFault(await flow.ask(node), 'AUTH_CONFIG', '"server"');
      assert.match(flow.status(node), /config-node-elsewhere/);
    }
  });

  it('in the same subflow works, in each instance separately', async () => {
    const server = await serveTokens();
    const flow = await load(
      [
        ...tokenSubflow('sub', { account: 'account' }),
        account(server, 'account', { z: 'sub', store: 'store' }),
        { id: 'store', type: 'auth-store', kind: 'context', z: 'sub' },
        wire('subflow:sub', 'one', ['token']),
        wire('subflow:sub', 'two', ['token'], { z: 'tab' }),
        place('token'),
      ],
      { ...credentialsOf('account'), store: { encryptionKey: 'a passphrase that is long enough' } },
    );
    for (const instance of ['one', 'two']) assert.equal((await flow.ask(instance)).at, 'token');
  });

  it('of the tab around its subflow works, by a property of the type "config node" and through two subflows', async () => {
    const server = await serveTokens();
    const flow = await load(
      [
        OTHER,
        account(server, 'account', { z: 'tab' }),
        account(server, 'global'),
        account(server, 'foreign', other),
        ...tokenSubflow('sub', { account: VARIABLE }, { env: TAKES_ACCOUNT }),
        {
          ...subflow('outer', 'inner'),
          env: TAKES_ACCOUNT,
          out: [{ x: 0, y: 0, wires: [{ id: 'inner', port: 0 }] }],
        },
        wire('subflow:sub', 'inner', [''], { z: 'outer', ...handing(VARIABLE) }),
        wire('subflow:sub', 'near', ['token'], handing('account')),
        wire('subflow:outer', 'far', ['token'], handing('account')),
        wire('subflow:outer', 'far-global', ['token'], handing('global')),
        wire('subflow:outer', 'far-foreign', ['token'], handing('foreign')),
        place('token'),
      ],
      credentialsOf('account', 'global', 'foreign'),
    );
    for (const instance of ['near', 'far', 'far-global'])
      assert.equal((await flow.ask(instance)).at, 'token', instance);
    assertFault(await flow.ask('far-foreign'), 'AUTH_CONFIG', '"account"');
  });

  for (const deploy of ['full', 'flows', 'nodes'] as const) {
    it(`is checked again when a deploy moves the config node to another tab and back (${deploy})`, async () => {
      const server = await serveTokens();
      const nodes = (place_: object, store: object): FlowNode[] => [
        OTHER,
        account(server, 'account', { store: 'store', ...place_ }),
        { id: 'store', type: 'auth-store', kind: 'context', ...store },
        wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
        ...['token', 'refused'].map(place),
      ];
      const credentials = {
        ...credentialsOf('account'),
        store: { encryptionKey: 'a passphrase that is long enough' },
      };
      const flow = await load(nodes({}, {}), credentials);
      assert.equal((await flow.ask('get')).at, 'token');
      await flow.deploy(nodes(other, {}), deploy);
      assertFault(await flow.ask('get'), 'AUTH_CONFIG', '"account"');
      await flow.deploy(nodes({ z: 'tab' }, {}), deploy);
      assert.equal((await flow.ask('get')).at, 'token');
      await flow.deploy(nodes({ z: 'tab' }, other), deploy);
      assertFault(await flow.ask('get'), 'AUTH_CONFIG', '"store"');
      await flow.deploy(nodes({ z: 'tab' }, { z: 'tab' }), deploy);
      assert.equal((await flow.ask('get')).at, 'token');
    });
  }
});

describe('a name on a message, in a subflow', () => {
  it('reaches the config nodes of the tab around it, and not those of another tab', async () => {
    const server = await serveTokens();
    const named = (id: string, z?: string): FlowNode =>
      account(server, id, { name: `name ${id}`, byName: true, ...(z ? { z } : {}) });
    const flow = await load(
      [
        OTHER,
        named('global'),
        named('of-tab', 'tab'),
        named('of-other', 'other'),
        ...tokenSubflow('sub', { accountName: 'tenant', accountNameType: 'msg' }),
        named('of-sub', 'sub'),
        wire('subflow:sub', 'one', ['token']),
        place('token'),
      ],
      credentialsOf('global', 'of-tab', 'of-other', 'of-sub'),
    );
    for (const tenant of ['global', 'of-tab', 'of-sub'])
      assert.equal((await flow.ask('one', { tenant: `name ${tenant}` })).at, 'token', tenant);
    const { msg } = await flow.ask('one', { tenant: 'name of-other' });
    assert.match(msg.error?.message ?? '', /"tenant" is not the name/);
  });
});
