import assert from 'node:assert/strict';
import type { RedisStore } from '../../src/store/redis.ts';
import { Seal } from '../../src/store/seal.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { closeStores, keyringOf, openRedis } from '../support/stores.ts';
import { until } from '../support/until.ts';

const LIFE = 60_000;
const CANARIES = ['CANARY-TOKEN', 'CANARY-PERSON', 'CANARY-NAME'];
const VALUE = { token: 'CANARY-TOKEN', user: 'CANARY-PERSON' };
const NAME = 'session CANARY-NAME';

describe('the content of Redis', () => {
  let server: RedisServer;
  let store: RedisStore;
  before(async () => {
    server = await startRedis();
  });
  after(endRedis);
  beforeEach(async () => {
    await server.admin.flushall();
    store = openRedis(server);
  });
  afterEach(closeStores);

  /** Everything in the database, keys and values of all kinds. */
  async function dump(): Promise<string> {
    const all: unknown[] = [];
    for (const key of await server.admin.keys('*')) {
      const type = await server.admin.type(key);
      all.push(key, type === 'hash' ? await server.admin.hgetall(key) : await server.admin.get(key));
    }
    return JSON.stringify(all);
  }

  /** The key of the only entry. */
  async function onlyEntry(): Promise<string> {
    const [key, ...others] = (await server.admin.keys('vg-auth:*')).filter((each) =>
      /^vg-auth:[0-9a-f]{64}$/.test(each),
    );
    assert.deepEqual(others, []);
    assert.ok(key);
    return key;
  }

  it('and of the network traffic contains neither secrets nor names', async () => {
    await until(() => store.state.at === 'ready');
    const seen: string[] = [];
    const spies = [server.admin.duplicate(), server.admin.duplicate()] as const;
    const monitor = await spies[0].monitor();
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args.join(' ')));
    await spies[1].psubscribe('*');
    spies[1].on('pmessage', (_pattern: string, channel: string, payload: string) => seen.push(`${channel} ${payload}`));
    let there = '';
    try {
      store.watch(NAME, () => undefined);
      const lock = await store.lock(NAME);
      assert.ok('fence' in lock);
      await store.put(NAME, VALUE, { life: LIFE, fence: lock.fence });
      assert.deepEqual((await store.get(NAME))?.value, VALUE);
      there = await dump();
      await store.remove(NAME, lock.fence);
      await lock.release();
      // Five scripts, and the messages that three of them publish.
      await until(
        () =>
          seen.filter((line) => line.startsWith('eval ')).length >= 5 &&
          seen.filter((line) => line.startsWith('vg-auth:changes ')).length >= 3,
      );
    } finally {
      for (const each of [monitor, ...spies]) each.disconnect();
    }
    const everything = [there, ...seen].join('\n');
    assert.match(everything, /2\.\d+\.\d+\.[\w-]+/);
    for (const canary of CANARIES) {
      const bytes = Buffer.from(canary);
      for (const each of [canary, bytes.toString('base64url').slice(0, -2), bytes.toString('hex')])
        assert.ok(!everything.includes(each), canary);
    }
  });

  it('ends automatically: every key has a time to live', async () => {
    const lock = await store.lock('a');
    assert.ok('fence' in lock);
    await store.put('a', 1, { life: LIFE, fence: lock.fence });
    await store.put('b', 1, { life: 1_000, fence: 1 });
    await store.remove('b', 1);
    const keys = await server.admin.keys('*');
    assert.ok(keys.length >= 4);
    for (const key of keys) assert.ok((await server.admin.pttl(key)) > 0, key);
    const entry = await server.admin.pttl(await onlyEntry());
    assert.ok(entry > LIFE - 5_000 && entry <= LIFE, `${entry}`);
    // The number is kept longer than the entry that it protects.
    assert.ok((await server.admin.pttl(`${await onlyEntry()}:fence`)) > LIFE + 500_000);
  });

  it('has keys that start with the prefix, and differ for another prefix', async () => {
    const other = openRedis(server, { prefix: 'other:' });
    await store.put('a', 1, { life: LIFE, fence: 1 });
    assert.equal(await other.get('a'), undefined);
    await other.put('a', 2, { life: LIFE, fence: 1 });
    assert.equal((await store.get('a'))?.value, 1);
    for (const key of await server.admin.keys('*')) assert.match(key, /^(vg-auth|other):/);
  });

  it('looks empty to a process with another passphrase, which logs it once and harms nothing', async () => {
    await store.put('a', 1, { life: LIFE, fence: 5 });
    const stranger = openRedis(server, { keyring: keyringOf('another passphrase', { prefix: 'vg-auth:' }) });
    let told = 0;
    stranger.unreadable.add(() => {
      told += 1;
    });
    assert.equal(await stranger.get('a'), undefined);
    assert.equal(told, 1);
    await stranger.put('a', 2, { life: LIFE, fence: 1 });
    assert.equal((await stranger.get('a'))?.value, 2);
    assert.equal((await store.get('a'))?.value, 1);
    const again = openRedis(server, { keyring: keyringOf('another passphrase', { prefix: 'vg-auth:' }) });
    await again.get('a');
    assert.equal(told, 1);
  });

  const changes: [string, (raw: string, other: string) => string | Record<string, string> | string[]][] = [
    ['cut off', (raw) => raw.slice(0, -4)],
    ['cut off in its head', (raw) => raw.slice(0, 5)],
    ['longer', (raw) => `${raw}AAAA`],
    [
      'changed in one letter',
      (raw) => raw.replace(/(.)$/, (last) => (last === 'A' ? 'B' : 'A')).replace(/.{8}$/, 'AAAAAAAA'),
    ],
    ['given another number', (raw) => raw.replace(/^\d+/, '6')],
    ['of another version', (raw) => raw.replace(':2.', ':1.')],
    ['another entry’s', (_raw, other) => other],
    ['foreign text', () => 'hello'],
    ['foreign JSON', () => '{"token":"x"}'],
    ['empty', () => ''],
    ['a hash', () => ({ a: 'b' })],
    ['a list', () => ['a']],
  ];
  for (const [what, change] of changes) {
    it(`is treated as absent if it is ${what}, and can be written again`, async () => {
      await store.put('other', 'another', { life: LIFE, fence: 5 });
      const otherKey = await onlyEntry();
      const other = (await server.admin.get(otherKey)) ?? '';
      await server.admin.del(otherKey);
      await store.put('a', 'mine', { life: LIFE, fence: 5 });
      const key = await onlyEntry();
      const changed = change((await server.admin.get(key)) ?? '', other);
      await server.admin.del(key);
      if (typeof changed === 'string') await server.admin.set(key, changed);
      else if (Array.isArray(changed)) await server.admin.rpush(key, ...changed);
      else await server.admin.hset(key, changed);

      assert.equal(await store.get('a'), undefined);
      assert.equal(store.state.at, 'ready');
      assert.equal(await store.put('a', 'again', { life: LIFE, fence: 5 }), true);
      assert.equal((await store.get('a'))?.value, 'again');
    });
  }

  it('is not even read if it is too large', async () => {
    await store.put('a', 1, { life: LIFE, fence: 1 });
    await server.admin.set(await onlyEntry(), `1:1:2.1.1.${'A'.repeat(5 * 2 ** 20)}`);
    assert.equal(await store.get('a'), undefined);
    assert.equal(store.state.at, 'ready');
  });

  for (const [what, foreign] of [
    ['text', 'x'],
    ['garbage in a hash', { written: 'x', locked: 'nan' }],
    ['numbers without end', { written: 'inf', locked: '1e400' }],
    ['negative ones', { written: '-5', locked: '-5' }],
  ] as [string, string | Record<string, string>][]) {
    it(`may include an invalid fencing number (${what}): it is ignored`, async () => {
      await store.put('a', 1, { life: LIFE, fence: 5 });
      const key = `${await onlyEntry()}:fence`;
      await server.admin.del(key);
      if (typeof foreign === 'string') await server.admin.set(key, foreign);
      else await server.admin.hset(key, foreign);
      const lock = await store.lock('a');
      assert.ok('fence' in lock && Number.isSafeInteger(lock.fence));
      assert.equal(await store.put('a', 2, { life: LIFE, fence: lock.fence }), true);
      assert.equal(store.state.at, 'ready');
    });
  }

  it('may include an invalid lock: one of another kind, or without an end, blocks nobody', async () => {
    const lock = await store.lock('a');
    assert.ok('fence' in lock);
    const [key] = await server.admin.keys('*:lock');
    assert.ok(key);
    await lock.release();
    await server.admin.set(key, 'for ever');
    assert.ok('fence' in (await store.lock('a')));
    await server.admin.del(key);
    await server.admin.rpush(key, 'a list');
    assert.ok('fence' in (await store.lock('a')));
    await server.admin.set(key, 'long', 'PX', 9_999_999);
    const held = await store.lock('a');
    assert.ok('left' in held && held.left <= 6_000);
  });

  it('is sealed differently each time, so that equal values do not look equal', async () => {
    const seal = new Seal(Buffer.alloc(32));
    const stamp = { fence: 1, time: 1, life: 1 };
    assert.notEqual(seal.close('k', stamp, '1'), seal.close('k', stamp, '1'));
  });
});
