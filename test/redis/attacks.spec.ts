import assert from 'node:assert/strict';
import { type Cancel, type Clock, systemClock } from '../../src/core/clock.ts';
import type { RedisStore } from '../../src/store/redis.ts';
import { MASTER_PAUSE } from '../../src/store/redis-master-key.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { RetryTime } from '../support/retry-time.ts';
import { closeStores, keyringOf, openRedis } from '../support/stores.ts';
import { until } from '../support/until.ts';

const LIFE = 600_000;
const MINUTE = 60_000;

/** The real time, except the minute after which the master key is renewed: a test lets it pass. */
class MinuteTime implements Clock {
  readonly #due = new Set<() => void>();
  readonly now = systemClock.now;
  readonly random = systemClock.random;

  after(ms: number, run: () => void, background?: boolean): Cancel {
    if (ms !== MASTER_PAUSE) return systemClock.after(ms, run, background);
    this.#due.add(run);
    return () => this.#due.delete(run);
  }

  passMinute(): void {
    for (const run of this.#due) {
      this.#due.delete(run);
      run();
    }
  }
}

describe('Somebody who can write to Redis, but does not have the encryption key,', () => {
  let server: RedisServer;
  let store: RedisStore;
  before(async () => {
    server = await startRedis();
  });
  after(endRedis);
  beforeEach(async () => {
    await server.admin.flushall();
    store = openRedis(server);
    await until(() => store.state.at === 'ready');
  });
  afterEach(closeStores);

  const entries = async (): Promise<string[]> =>
    (await server.admin.keys('*')).filter((key) => /:[0-9a-f]{64}$/.test(key));

  /** Writes a record, and returns its key and its content in Redis. */
  async function write(name: string, value: unknown, life = LIFE): Promise<{ key: string; raw: string }> {
    const before = await entries();
    assert.equal(await store.put(name, value, { life, fence: 5 }), true);
    const key = (await entries()).find((each) => !before.includes(each)) ?? '';
    return { key, raw: (await server.admin.get(key)) ?? '' };
  }

  describe('cannot', () => {
    it('extend a record: without a time to live, or with a longer one, it still ends at its time', async () => {
      const { key } = await write('a', 'mine', 150);
      await server.admin.persist(key);
      assert.equal((await store.get('a'))?.value, 'mine');
      while (await store.get('a'));
      assert.equal(await server.admin.exists(key), 1, 'it is still there');
      await server.admin.pexpire(key, LIFE);
      assert.equal(await store.get('a'), undefined);
    });

    it('make a record valid again after its end, not even with another time in clear', async () => {
      const { key, raw } = await write('a', 'mine', 50);
      await until(async () => (await server.admin.exists(key)) === 0);
      const now = Date.now();
      for (const replayed of [
        raw,
        raw.replace(/^5:\d+/, `5:${now}`),
        raw.replace(/^5:\d+/, `5:${now + MINUTE}`),
        raw.replace(/2\.\d+\./, `2.${now}.`),
        raw.replace(/(2\.\d+)\.\d+\./, `$1.${LIFE}.`),
      ]) {
        await server.admin.set(key, replayed);
        assert.equal(await store.get('a'), undefined, replayed.slice(0, 60));
      }
    });

    it('make it younger', async () => {
      const { key, raw } = await write('a', 'mine');
      const written = Number(raw.split(':')[1]);
      await server.admin.set(key, raw.replace(String(written), String(written + 50_000)));
      const { age = -1 } = (await store.get('a')) ?? {};
      assert.ok(age >= 0 && age < 10_000, `${age} ms`);
      await server.admin.set(key, raw.replace(String(written), String(written + 2 * MINUTE)));
      assert.equal(await store.get('a'), undefined);
    });

    it('move it to another name, or to another prefix with the same encryption key', async () => {
      const a = await write('a', 'of a');
      const b = await write('b', 'of b');
      await server.admin.set(b.key, a.raw);
      assert.equal(await store.get('b'), undefined);
      const other = openRedis(server, { prefix: 'other:' });
      await other.put('a', 'of another', { life: LIFE, fence: 1 });
      const [there = ''] = (await entries()).filter((key) => key.startsWith('other:'));
      await server.admin.set(there, a.raw);
      assert.equal(await other.get('a'), undefined);
      // Not even with the master key.
      await server.admin.copy('vg-auth:master', 'other:master', 'REPLACE');
      await server.admin.copy(a.key, a.key.replace('vg-auth:', 'other:'));
      const again = openRedis(server, { prefix: 'other:' });
      assert.equal(await again.get('a'), undefined);
    });

    it('give it another number or other content', async () => {
      const { key, raw } = await write('a', 'mine');
      const content = raw.split('.').at(-1) ?? '';
      for (const forged of [
        raw.replace(/^5:/, '6:'),
        raw.replace(content, `${content.slice(0, 40)}AAAA${content.slice(44)}`),
        raw.replace(content, Buffer.from('{"token":"forged"}').toString('base64url')),
      ]) {
        await server.admin.set(key, forged);
        assert.equal(await store.get('a'), undefined);
      }
    });

    it('replace the master key: running processes keep the right one and write it again', async () => {
      const time = new MinuteTime();
      const victim = openRedis(server, { time });
      await victim.put('a', 'mine', { life: LIFE, fence: 1 });
      const own = openRedis(server, { prefix: 'attacker:', keyring: keyringOf('known to the attacker', {}) });
      await own.put('a', 'x', { life: LIFE, fence: 1 });
      await server.admin.copy('attacker:master', 'vg-auth:master', 'REPLACE');
      assert.equal((await victim.get('a'))?.value, 'mine');
      time.passMinute();
      await until(async () => (await server.admin.get('vg-auth:master'))?.includes(' ') === true);
      assert.equal((await openRedis(server).get('a'))?.value, 'mine');
    });
  });

  describe('can', () => {
    it('put back an older record of the same name, until the end of its life', async () => {
      const { key, raw } = await write('a', 'older');
      await store.put('a', 'newer', { life: LIFE, fence: 6 });
      await server.admin.set(key, raw);
      assert.equal((await store.get('a'))?.value, 'older');
    });

    it('remove records and the master key: everybody without a session in this process is signed out', async () => {
      const { key } = await write('a', 'mine');
      await server.admin.del(key);
      assert.equal(await store.get('a'), undefined);
      await write('b', 'mine');
      await server.admin.del('vg-auth:master');
      assert.equal(await openRedis(server).get('b'), undefined);
    });

    it('block a name: with a number that is too large, or a lock', async () => {
      const { key } = await write('a', 'mine');
      await server.admin.hset(`${key}:fence`, 'written', String(2 ** 50));
      assert.equal(await store.put('a', 'refused', { life: LIFE, fence: 6 }), false);
      await server.admin.set(`${key}:lock`, 'x', 'PX', LIFE);
      assert.ok('left' in (await store.lock('a')));
    });
  });
});

describe('The master key in Redis', () => {
  let server: RedisServer;
  let time: MinuteTime;
  before(async () => {
    server = await startRedis();
  });
  after(endRedis);
  beforeEach(async () => {
    await server.admin.flushall();
    time = new MinuteTime();
  });
  afterEach(closeStores);

  const DAY = 24 * 60 * MINUTE;
  const life = (): Promise<number> => server.admin.pttl('vg-auth:master');

  it('is kept longer than every record, and is renewed while it is in use', async () => {
    const store = openRedis(server, { time });
    await store.put('a', 1, { life: Number.MAX_SAFE_INTEGER, fence: 1 });
    const [key = ''] = (await server.admin.keys('*')).filter((each) => /:[0-9a-f]{64}$/.test(each));
    assert.ok((await server.admin.pttl(key)) <= 365 * DAY);
    assert.ok((await life()) > 399 * DAY);
    await server.admin.pexpire('vg-auth:master', 1_000_000);
    time.passMinute();
    await until(async () => (await life()) > 399 * DAY);
  });

  it('is there again within a minute after Redis was emptied, and records stay readable', async () => {
    const store = openRedis(server, { time });
    await store.put('a', 1, { life: LIFE, fence: 1 });
    const record = await server.admin.get('vg-auth:master');
    await server.admin.del('vg-auth:master');
    time.passMinute();
    await until(async () => (await server.admin.get('vg-auth:master')) === record);
    assert.equal((await openRedis(server).get('a'))?.value, 1);
  });

  it('of a new process is adopted by running ones: their records are written again, and this is logged', async () => {
    const old = openRedis(server, { time });
    let told = 0;
    const follow = async (): Promise<void> => {
      told += 1;
      if (!(await old.get('a'))) await old.put('a', 'kept', { life: LIFE, fence: 1, writer: 'me' });
    };
    old.watch('a', follow, 'me');
    await until(async () => (await old.get('a')) !== undefined);
    await server.admin.flushall();
    const fresh = openRedis(server);
    assert.equal(await fresh.get('a'), undefined);
    time.passMinute();
    let value: unknown;
    while (value !== 'kept') value = (await fresh.get('a'))?.value;
    // From now on they get each other's notifications.
    const before = told;
    await fresh.put('a', 'newer', { life: LIFE, fence: 2 });
    await until(() => told > before);
    assert.equal((await old.get('a'))?.value, 'newer');
  });

  it('comes with the time of Redis: a machine whose clock is wrong shares records nevertheless', async () => {
    const wrong = new RetryTime();
    wrong.setClock(-3 * DAY);
    const store = openRedis(server, { time: wrong });
    const right = openRedis(server);
    assert.equal(await store.put('a', 1, { life: LIFE, fence: 1 }), true);
    const { age = -1 } = (await right.get('a')) ?? {};
    assert.ok(age >= 0 && age < 10_000, `${age} ms`);
    // Somebody sets the clock while it runs.
    wrong.setClock(5 * DAY);
    assert.equal(await store.put('a', 2, { life: LIFE, fence: 1 }), true);
    assert.equal((await right.get('a'))?.value, 2);
  });
});
