import assert from 'node:assert/strict';
import type { KeptStore } from '../../src/store/store.ts';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import { type Credentials, type FlowNode, place, wire } from '../support/flows.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import { CLIENT, serveTokens } from '../support/token-server.ts';
import { until } from '../support/until.ts';

const KEY = { encryptionKey: 'a passphrase of the tests' };
/** Nothing listens there: port 9 is "discard". */
const NOWHERE = 'redis://127.0.0.1:9';

/** An account and a server that keep what they have in a store. */
function users(store: object, of: object = { store: 'store' }): FlowNode[] {
  return [
    { id: 'store', type: 'auth-store', ...store },
    { id: 'account', type: 'vgs-account', practice: true, ...of },
    { id: 'server', type: 'vg-server', practice: true, ...of },
    wire('vgs-token', 'vgs-token', ['one', 'two'], { account: 'account' }),
    wire('vg-login', 'vg-login', ['one', 'two', 'three'], { server: 'server' }),
    wire('attach-bearer', 'attach-bearer', ['one', 'two'], { source: 'vgs', account: 'account' }),
    ...['one', 'two', 'three'].map(place),
  ];
}

const storeIn = (flow: Flow): KeptStore => (flow.node('store') as unknown as { connection: KeptStore }).connection;

describe('a session store that is not well configured', () => {
  const of = (variable: string): string => `\${${variable}}`;
  const cases: [string, object, Record<string, string>, string, string[]][] = [
    ['no credentials', {}, {}, 'credentials-missing', ['"encryptionKey"', 'credentialSecret']],
    ['no encryption key', {}, { password: 'x' }, 'property-missing', ['"encryptionKey"']],
    ['a blank encryption key', {}, { encryptionKey: '  ' }, 'property-missing', ['"encryptionKey"']],
    ['an unknown kind', { kind: 'etcd' }, KEY, 'config-value-unknown', ['"kind"']],
    ['a context store that is not there', { context: 'gone' }, KEY, 'context-store-unknown', ['"gone"']],
    ['no address', { kind: 'redis' }, KEY, 'property-missing', ['"url"']],
    ['no address of a Redis', { kind: 'redis', url: 'http://x' }, KEY, 'store-address-invalid', ['"url"']],
    ['garbage', { kind: 'redis', url: '127.0.0.1:6379' }, KEY, 'store-address-invalid', ['"url"']],
    ['a database that is none', { kind: 'redis', url: 'redis://x/a/b' }, KEY, 'store-address-invalid', ['"url"']],
    [
      'a password in the flow file',
      { kind: 'redis', url: 'redis://u:SECRET@127.0.0.1:9' },
      KEY,
      'store-password-written',
      ['"url"'],
    ],
    [
      'a variable without a value',
      { kind: 'redis', url: of('NOT_SET') },
      KEY,
      'variable-missing',
      ['"url"', 'NOT_SET'],
    ],
    [
      'a variable inside the prefix',
      { kind: 'redis', url: NOWHERE, prefix: `vg-auth:${of('STAGE')}:` },
      KEY,
      'variable-inside',
      ['"prefix"', 'STAGE', 'the whole value'],
    ],
    ['a variable as the key', {}, { encryptionKey: of('NOT_SET') }, 'variable-missing', ['"encryptionKey"', 'NOT_SET']],
    [
      'a key that was entered for another Redis',
      { kind: 'redis', url: NOWHERE },
      { ...KEY, secretFor: 'redis://127.0.0.1:6379' },
      'secret-again',
      ['"encryptionKey"', 'enter the secret again for 127.0.0.1:9'],
    ],
    [
      'a password that was entered for another user',
      { kind: 'redis', url: NOWHERE },
      { encryptionKey: of('STORE_KEY'), password: 'SECRET', username: 'u', secretFor: 'redis://127.0.0.1:9 another' },
      'secret-again',
      ['"password"', '127.0.0.1:9'],
    ],
    [
      'a key that was entered for a context store',
      { kind: 'redis', url: NOWHERE },
      { ...KEY, secretFor: 'context' },
      'secret-again',
      ['"encryptionKey"', '127.0.0.1:9'],
    ],
  ];
  for (const [what, store, credentials, fault, naming] of cases) {
    it(`is told of by those who use it: ${what}`, async () => {
      setEnvironment({ NOT_SET: undefined, STORE_KEY: 'a key of the environment' });
      const flow = await load(users(store), { store: credentials });
      assert.match(flow.status('store'), new RegExp(fault));
      for (const id of ['vgs-token', 'vg-login', 'attach-bearer']) {
        assert.match(flow.status(id), new RegExp(fault), id);
        const arrival = await flow.ask(id);
        for (const name of naming) assertFault(arrival, 'AUTH_CONFIG', name);
        assert.doesNotMatch(JSON.stringify(arrival), /SECRET/);
      }
    });
  }

  for (const [what, of, nodes] of [
    ['is gone', { store: 'nowhere' }, users({})],
    ['is disabled', { store: 'store' }, users({ d: true })],
  ] as [string, object, FlowNode[]][]) {
    it(`is told of by those who use it: it ${what}`, async () => {
      const flow = await load(
        nodes.map((node) => (node.type.startsWith('vg') && !node.wires ? { ...node, ...of } : node)),
        { store: KEY },
      );
      for (const id of ['vgs-token', 'vg-login']) assertFault(await flow.ask(id), 'AUTH_CONFIG', '"store"');
    });
  }

  const right: [string, object, Record<string, string>][] = [
    ['the same Redis', { kind: 'redis', url: NOWHERE }, { ...KEY, secretFor: 'redis://127.0.0.1:9' }],
    ['another database', { kind: 'redis', url: `${NOWHERE}/3` }, { ...KEY, secretFor: 'redis://127.0.0.1:9' }],
    [
      'an address that is a variable',
      { kind: 'redis', url: of('STORE_URL') },
      { ...KEY, username: 'u', secretFor: `${of('STORE_URL')} u` },
    ],
    ['a context store', { context: '' }, { ...KEY, secretFor: 'redis://127.0.0.1:6379' }],
    ['nothing at all', { kind: 'redis', url: NOWHERE }, KEY],
    [
      'a Redis without a user and a password, whose variables are empty',
      { kind: 'redis', url: NOWHERE },
      { ...KEY, username: of('EMPTY'), password: of('EMPTY'), previousEncryptionKey: of('EMPTY') },
    ],
    [
      'a Redis whose address of the environment has ${ in its password',
      { kind: 'redis', url: of('STORE_URL_WITH_PASSWORD') },
      { encryptionKey: `a key with \${${'X'}} in it` },
    ],
    [
      'another Redis, but it is a variable',
      { kind: 'redis', url: NOWHERE },
      { encryptionKey: of('STORE_KEY'), secretFor: 'redis://elsewhere:6379' },
    ],
  ];
  for (const [what, store, credentials] of right) {
    it(`takes a key that was entered for ${what}`, async () => {
      setEnvironment({
        STORE_URL: NOWHERE,
        STORE_KEY: 'a key of the environment',
        STORE_URL_WITH_PASSWORD: `redis://:\${${'X'}}@127.0.0.1:9`,
        EMPTY: '',
      });
      const flow = await load(users(store), { store: credentials });
      assert.ok(storeIn(flow), flow.status('store'));
    });
  }

  it('is told of by those who use it: it is another node', async () => {
    const flow = await load(
      users({}, { store: 'other' }).map((node) => (node.id === 'server' ? { id: 'other', type: 'vg-server' } : node)),
      { store: KEY },
    );
    assertFault(await flow.ask('vgs-token'), 'AUTH_CONFIG', '"store"');
  });
});

describe('a session store', () => {
  it('is not needed', async () => {
    const flow = await load(users({}, {}), {});
    assert.equal((await flow.ask('vgs-token')).at, 'one');
  });

  it('says where it stands, also to Status nodes of the flows of its users', async () => {
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

  it('in a Redis that is not there says so, and holds nobody up', async () => {
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

  it('in a Redis that is not there leaves no code and no old token on the message that ends at a Catch node', async () => {
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

  it('takes user and password from an address of the environment, and never tells them', async () => {
    setEnvironment({ REDIS_URL: 'redis://someone:SECRET@127.0.0.1:9/3' });
    const flow = await load(users({ kind: 'redis', url: '$' + '{REDIS_URL}' }), { store: KEY });
    await until(() => /status\.gone/.test(flow.status('store')));
    assert.equal(storeIn(flow).host, '127.0.0.1:9');
    assert.doesNotMatch(flow.shown('store').join() + logged(), /SECRET|someone/);
  });

  const DEPLOYS = ['full', 'flows', 'nodes'] as const;
  for (const type of DEPLOYS) {
    it(`lives on over a deploy where it is unchanged, or only renamed (${type})`, async () => {
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
    it(`is another one after a deploy with ${what}, and so are its users' connections`, async () => {
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

  it('says once that a restart loses it, where its context store is in memory', async () => {
    const flow = await load(users({}), { store: KEY });
    await flow.deploy(users({ name: 'another name' }));
    assert.equal(logged().split('store.not-kept').length - 1, 1);
  });

  for (const [key, times] of [
    ['fifteen letters', 1],
    ['\u{1f511}'.repeat(15), 1],
    ['sixteen letters!', 0],
  ] as const)
    it(`says ${times === 1 ? 'once' : 'nothing'} of an encryption key with ${[...key].length} characters, and works`, async () => {
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
    ['the first, where none is the default', { one: { module: 'memory' }, file: {} }, /store\.not-kept/],
    ['nothing of a store that it does not know', { file: { module: {} } }, undefined],
  ];
  for (const [what, contextStorage, expected] of storages) {
    it(`says of the context store in settings.js: ${what}`, async () => {
      const flow = await load(users({}), { store: KEY }, { contextStorage });
      assert.ok(storeIn(flow));
      if (expected) assert.match(logged(), expected);
      else assert.doesNotMatch(logged(), /store\.(window|not-kept)/);
    });
  }
});
