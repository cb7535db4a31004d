import assert from 'node:assert/strict';
import { KEY, NOWHERE, storeIn, users } from '../support/auth-store-flow.ts';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import { type Credentials, place, wire } from '../support/flows.ts';
import { load, logged } from '../support/runtime.ts';
import { CLIENT, serveTokens } from '../support/token-server.ts';
import { until } from '../support/until.ts';

describe('a session store', () => {
  it('is optional', async () => {
    const flow = await load(users({}, {}), {});
    assert.equal((await flow.ask('vgs-token')).at, 'one');
  });

  it('shows its state, also to Status nodes of the flows of its users', async () => {
    const flow = await load(
      [...users({}), { id: 'listener', type: 'status', scope: null, wires: [['told']] }, place('told')],
      { store: KEY },
    );
    await until(() => flow.status('store').endsWith('status.ready'));
    assert.deepEqual(
      flow.shown('store').map((text) => text.replace(/^.*:/, '')),
      ['status.connecting', 'status.ready'],
    );
    storeIn(flow).close();
    for (;;) {
      const { status } = (await flow.next('told')).msg as { status?: { text: string; source: { type: string } } };
      if (status?.source.type !== 'auth-store' || !/status\.gone/.test(status.text)) continue;
      break;
    }
  });

  it('in a Redis that is down reports that, and blocks nobody', async () => {
    const server = await serveTokens();
    const account = { practice: false, tokenUrl: `${server.origin}/token` };
    const flow = await load(
      users({ kind: 'redis', url: NOWHERE }).map((node) => (node.id === 'account' ? { ...node, ...account } : node)),
      { store: KEY, account: CLIENT },
    );
    assert.equal((await flow.ask('vgs-token')).at, 'one');
    assert.match(flow.status('store'), /status\.gone/);
    assert.deepEqual(storeIn(flow).state, { at: 'gone', cause: 'ECONNREFUSED' });
  });

  it('in a Redis that is down leaves no code and no old token on the message that ends at a Catch node', async () => {
    const flow = await load(
      [
        ...users({ kind: 'redis', url: NOWHERE }),
        wire('vg-mfa', 'submit', ['one', 'two', 'three'], { action: 'submit' }),
      ],
      { store: KEY },
    );
    const unknown = { challenge: { id: 'AbCdEfGhIjKlMnOpQrStUvWx' } };
    const arrival = await flow.ask('submit', {
      payload: '123456',
      auth: unknown,
      token: { access_token: 'an old one' },
    } as never);
    assertFault(arrival, 'AUTH_STORE', '127.0.0.1:9');
    assert.equal('payload' in arrival.msg, false, 'the code');
    assert.equal('token' in arrival.msg, false, 'the token');
  });

  it('takes user and password from an address of the environment, and never shows them', async () => {
    setEnvironment({ REDIS_URL: 'redis://someone:SECRET@127.0.0.1:9/3' });
    const flow = await load(users({ kind: 'redis', url: '$' + '{REDIS_URL}' }), { store: KEY });
    await until(() => /status\.gone/.test(flow.status('store')));
    assert.equal(storeIn(flow).host, '127.0.0.1:9');
    assert.doesNotMatch(flow.shown('store').join() + logged(), /SECRET|someone/);
  });

  const DEPLOYS = ['full', 'flows', 'nodes'] as const;
  for (const type of DEPLOYS) {
    it(`is kept over a deploy if it is unchanged, or only renamed (${type})`, async () => {
      const flow = await load(users({}), { store: KEY });
      const before = storeIn(flow);
      await before.put('a', 1, { life: 60_000, fence: 1 });
      await flow.deploy(users({ name: 'another name' }), type);
      assert.equal(storeIn(flow), before);
      assert.equal((await before.get('a'))?.value, 1);
    });
  }

  const changes: [string, object, Credentials][] = [
    ['another encryption key', {}, { store: { encryptionKey: 'another' } }],
    ['another kind', { kind: 'redis', url: NOWHERE }, { store: KEY }],
  ];
  for (const [what, change, credentials] of changes) {
    it(`is replaced by a deploy with ${what}, and so are the connections of its users`, async () => {
      const flow = await load(users({}), { store: KEY });
      const before = storeIn(flow);
      const account = flow.node('account') as unknown as { connection: unknown };
      await flow.deploy(users(change), 'full', credentials);
      assert.notEqual(storeIn(flow), before);
      assert.deepEqual(before.state, { at: 'gone', cause: 'closed' });
      assert.notEqual((flow.node('account') as unknown as typeof account).connection, account.connection);
    });
  }

  it('is closed when it is removed', async () => {
    const flow = await load(users({}), { store: KEY });
    const before = storeIn(flow);
    await flow.deploy(
      users({}, {}).filter(({ id }) => id !== 'store'),
      'full',
      {},
    );
    assert.deepEqual(before.state, { at: 'gone', cause: 'closed' });
  });

  it('warns once that a restart loses the records if its context store is in memory', async () => {
    const flow = await load(users({}), { store: KEY });
    await flow.deploy(users({ name: 'another name' }));
    assert.equal(logged().split('store.not-kept').length - 1, 1);
  });

  for (const [key, times] of [
    ['fifteen letters', 1],
    ['\u{1f511}'.repeat(15), 1],
    ['sixteen letters!', 0],
  ] as const)
    it(`${times === 1 ? 'warns once' : 'never warns'} about an encryption key with ${[...key].length} characters, and works`, async () => {
      const credentials = { store: { encryptionKey: key } };
      const flow = await load(users({}), credentials);
      await flow.deploy(users({ name: 'another name' }), 'full', credentials);
      assert.equal(logged().split('store.short-key').length - 1, times);
      assert.equal(logged().includes(key), false);
      assert.equal(await storeIn(flow).put('a', 1, { life: 60_000, fence: 1 }), true);
    });

  const storages: [string, object, RegExp | undefined][] = [
    ['a window of 30 s', { file: { module: 'localfilesystem' } }, /store\.window/],
    ['no window without a cache', { file: { module: 'localfilesystem', config: { cache: false } } }, undefined],
    ['no window at an interval of 0', { file: { module: 'localfilesystem', config: { flushInterval: 0 } } }, undefined],
    ['the one that is the default', { default: 'other', other: { module: 'memory' }, file: {} }, /store\.not-kept/],
    ['the first is used if none is the default', { one: { module: 'memory' }, file: {} }, /store\.not-kept/],
    ['nothing of a store that it does not know', { file: { module: {} } }, undefined],
  ];
  for (const [what, contextStorage, expected] of storages) {
    it(`reports about the context store in settings.js: ${what}`, async () => {
      const flow = await load(users({}), { store: KEY }, { contextStorage });
      assert.ok(storeIn(flow));
      if (expected) assert.match(logged(), expected);
      else assert.doesNotMatch(logged(), /store\.(window|not-kept)/);
    });
  }
});
