import assert from 'node:assert/strict';
import { assertFault } from '../support/faults.ts';
import { type Credentials, type FlowNode, place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';
import { serveTokens } from '../support/token-server.ts';

const TAB = { type: 'tab', disabled: false, info: '' };
const OTHER = { id: 'other', label: 'other', ...TAB };
const TLS = { type: 'tls-config', cert: '', key: '', ca: '' };
const PLACES = ['token', 'refused', 'mfa', 'needed'].map(place);

/** A subflow whose input goes to `first`, and whose only output comes from it. */
function subflow(id: string, first: string): FlowNode {
  return {
    id,
    type: 'subflow',
    name: id,
    in: [{ x: 0, y: 0, wires: [{ id: first }] }],
    out: [{ x: 0, y: 0, wires: [{ id: first, port: 0 }] }],
    env: [],
  };
}

describe('a config node that claims to be another one with _alias', () => {
  let own: TestServer;
  let evil: TestServer;

  beforeEach(async () => {
    own = await serveTokens();
    evil = await serveTokens();
  });

  const credentials = (): Credentials => ({
    account: { clientId: 'client', clientSecret: 'THE-SECRET', secretFor: `${own.origin} client` },
    server: {
      clientSecret: 'THE-SECRET',
      secretFor: `${own.origin} app_Native`,
      username: 'robot',
      password: 'THE-PASSWORD',
      passwordFor: `${own.origin} robot`,
    },
    store: { encryptionKey: 'THE-KEY-of-the-store', secretFor: 'redis://127.0.0.1:9' },
  });
  const victims = (): FlowNode[] => [
    OTHER,
    { id: 'account', type: 'vgs-account', z: 'other', tokenUrl: own.origin },
    { id: 'server', type: 'vg-server', z: 'other', url: own.origin, applicationId: 'app' },
    { id: 'store', type: 'auth-store', z: 'other', kind: 'redis', url: 'redis://127.0.0.1:9' },
  ];

  for (const where of ['a tab', 'the global flow']) {
    it(`gets nothing of it, in ${where}`, async () => {
      const z = where === 'a tab' ? { z: 'tab' } : {};
      const flow = await load(
        [
          ...victims(),
          { id: 'false-account', type: 'vgs-account', _alias: 'account', tokenUrl: own.origin, ...z },
          { id: 'evil-account', type: 'vgs-account', _alias: 'account', tokenUrl: evil.origin, ...z },
          { id: 'list-account', type: 'vgs-account', _alias: ['account'], tokenUrl: own.origin, ...z },
          { id: 'false-server', type: 'vg-server', _alias: 'server', url: own.origin, applicationId: 'app', ...z },
          { id: 'false-store', type: 'auth-store', _alias: 'store', kind: 'context', ...z },
          { id: 'stored-account', type: 'vgs-account', tokenUrl: own.origin, store: 'false-store', ...z },
          ...['false', 'evil', 'list', 'stored'].map((each) =>
            wire('vgs-token', each, ['token', 'refused'], { account: `${each}-account` }),
          ),
          wire('vg-login', 'login', ['token', 'mfa', 'refused'], { server: 'false-server' }),
          ...PLACES,
        ],
        { ...credentials(), 'stored-account': { clientId: 'other', clientSecret: 'other' } },
      );
      for (const id of ['false', 'evil', 'list']) assertFault(await flow.ask(id), 'AUTH_CONFIG', '"account"');
      assertFault(await flow.ask('stored'), 'AUTH_CONFIG', '"store"');
      assertFault(await flow.ask('login'), 'AUTH_CONFIG', '"server"');
      assert.equal(own.requests.length + evil.requests.length, 0);
    });
  }

  it('gets nothing of it in a subflow: Node-RED puts its own _alias there', async () => {
    const flow = await load(
      [
        ...victims(),
        subflow('sub', 'get'),
        { id: 'inner', type: 'vgs-account', z: 'sub', _alias: 'account', tokenUrl: own.origin },
        wire('vgs-token', 'get', [''], { z: 'sub', account: 'inner' }),
        wire('subflow:sub', 'one', ['token']),
        ...PLACES,
      ],
      credentials(),
    );
    assertFault(await flow.ask('one'), 'AUTH_CONFIG', '"clientId"');
    assert.equal(own.requests.length, 0);
  });

  it('is not used as a TLS configuration or a proxy', async () => {
    const proxy = await serve(() => ({ status: 502 }));
    const flow = await load(
      [
        OTHER,
        { id: 'proxy', type: 'http proxy', z: 'other', url: proxy.origin, noproxy: [] },
        { id: 'tls', z: 'other', ...TLS },
        { id: 'false-proxy', type: 'http proxy', _alias: 'proxy', url: proxy.origin, noproxy: [] },
        { id: 'false-tls', _alias: 'tls', ...TLS },
        { id: 'by-proxy', type: 'vgs-account', tokenUrl: own.origin, proxy: 'false-proxy' },
        { id: 'by-tls', type: 'vgs-account', tokenUrl: own.origin, tls: 'false-tls' },
        ...['proxy', 'tls'].map((each) =>
          wire('vgs-token', `get-${each}`, ['token', 'refused'], { account: `by-${each}` }),
        ),
        ...PLACES,
      ],
      {
        'by-proxy': { clientId: 'a', clientSecret: 'a' },
        'by-tls': { clientId: 'a', clientSecret: 'a' },
        proxy: { username: 'u', password: 'THE-PASSWORD' },
      },
    );
    for (const each of ['proxy', 'tls']) assertFault(await flow.ask(`get-${each}`), 'AUTH_CONFIG', `"${each}"`);
    assert.equal(own.requests.length + proxy.requests.length, 0);
  });

  it('gets nothing of it by having its ID, in another flow', async () => {
    const flow = await load(
      [
        // Node-RED keeps credentials by ID, and of two nodes with one ID it lists the last.
        { id: 'account', type: 'vgs-account', z: 'tab', tokenUrl: evil.origin },
        ...victims(),
        wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
        ...PLACES,
      ],
      credentials(),
    );
    assertFault(await flow.ask('get'), 'AUTH_CONFIG', '"clientSecret"');
    assert.equal(evil.requests.length, 0);
  });
});

describe('a config node of a subflow', () => {
  let own: TestServer;
  let evil: TestServer;

  beforeEach(async () => {
    own = await serveTokens();
    evil = await serveTokens();
  });

  const SECRET = { clientId: 'client', clientSecret: 'THE-SECRET' };

  it('is not replaced by a global one with the ID that it has at run time, and neither are its TLS, proxy and store', async () => {
    const proxy = await serve(() => ({ status: 502 }));
    const flow = await load(
      [
        subflow('sub', 'get'),
        { id: 'account', type: 'vgs-account', z: 'sub', tokenUrl: own.origin, proxy: 'proxy', store: 'store' },
        { id: 'proxy', type: 'http proxy', z: 'sub', url: own.origin, noproxy: ['127.0.0.1'] },
        { id: 'store', type: 'auth-store', z: 'sub', kind: 'context' },
        wire('vgs-token', 'get', [''], { z: 'sub', account: 'account' }),
        wire('subflow:sub', 'one', ['token']),
        { id: 'one-account', type: 'vgs-account', tokenUrl: evil.origin },
        { id: 'one-proxy', type: 'http proxy', url: proxy.origin, noproxy: [] },
        { id: 'one-store', type: 'auth-store', kind: 'redis', url: 'redis://127.0.0.1:9' },
        ...PLACES,
      ],
      {
        account: SECRET,
        'one-account': SECRET,
        store: { encryptionKey: 'THE-KEY-of-the-store' },
        'one-store': { encryptionKey: 'THE-KEY-of-another' },
      },
    );
    assert.equal((await flow.ask('one')).at, 'token');
    assert.deepEqual([own.requests.length, evil.requests.length, proxy.requests.length], [1, 0, 0]);
  });

  it('is not available to a node of an unknown flow whose ID is that of the instance', async () => {
    const flow = await load(
      [
        subflow('sub', 'get'),
        { id: 'account', type: 'vgs-account', z: 'sub', name: 'inner', byName: true, tokenUrl: own.origin },
        wire('vgs-token', 'get', [''], { z: 'sub', account: 'account' }),
        wire('subflow:sub', 'one', ['token']),
        wire('vgs-token', 'far', ['token', 'refused'], { z: 'one', account: 'one-account' }),
        wire('vgs-token', 'named', ['token', 'refused'], { z: 'one', accountName: 'n', accountNameType: 'msg' }),
        ...PLACES,
      ],
      { account: SECRET },
    );
    assert.match(flow.status('far'), /config-node-elsewhere/);
    flow.send('far');
    flow.send('named', { n: 'inner' });
    assert.equal((await flow.ask('one')).at, 'token', 'the subflow itself works');
    assert.equal(own.requests.length, 1);
    assert.deepEqual(flow.left, []);
  });
});
