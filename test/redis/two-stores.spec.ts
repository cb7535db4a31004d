import assert from 'node:assert/strict';
import type { RedisStore } from '../../src/store/redis.ts';
import type { Store, StoreLock } from '../../src/store/store.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { RetryTime } from '../support/retry-time.ts';
import { closeStores, openRedis } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { endWires, Wire } from '../support/wire.ts';

const LIFE = 600_000;

/** Two replicas: one with a connection that a test cuts, and a clock that it stops; the other one undisturbed. */
describe('replicas that share a Redis', () => {
  let server: RedisServer;
  let time: RetryTime;
  let wire: Wire;
  let mine: RedisStore;
  let other: RedisStore;

  before(async () => {
    server = await startRedis();
  });
  after(endRedis);
  beforeEach(async () => {
    await server.admin.flushall();
    time = new RetryTime().hold();
    wire = await Wire.to(server.port);
    mine = openRedis(wire, { time });
    other = openRedis(server);
    await until(() => mine.state.at === 'ready' && other.state.at === 'ready');
  });
  afterEach(async () => {
    closeStores();
    await until(() => wire.open === 0 && time.pending === 0);
    time.release();
    endWires();
  });

  const lockOf = async (store: Store, name = 'a'): Promise<StoreLock> => {
    const lock = await store.lock(name);
    assert.ok('fence' in lock);
    return lock;
  };
  const goAway = async (): Promise<void> => {
    wire.cut();
    await until(() => mine.state.at === 'gone');
  };
  const comeBack = async (): Promise<void> => {
    wire.mend();
    await time.bringsBack(mine);
  };
  const lockKey = async (): Promise<string> => (await server.admin.keys('*:lock'))[0] ?? '';

  describe('a lock', () => {
    it('is extended while it is held', async () => {
      const lock = await lockOf(mine);
      const key = await lockKey();
      for (let times = 0; times < 5; times += 1) {
        await server.admin.pexpire(key, 3_000);
        await time.pass(2_000);
        await until(() => mine.state.at === 'ready');
        let left = 0;
        while (left < 5_000) left = await server.admin.pttl(key);
        assert.equal(lock.isHeld, true);
      }
      await lock.release();
      assert.equal(await server.admin.exists(key), 0);
      assert.equal(time.pending, 2, 'only the ping and the renewal of the master key wait');
    });

    it('of a process that died ends automatically, and the next one has a larger number', async () => {
      const dead = await lockOf(mine);
      wire.cut();
      mine.close();
      const waiting = await other.lock('a');
      assert.ok('left' in waiting && waiting.left <= 6_000);
      assert.ok((await server.admin.pttl(await lockKey())) <= 6_000);
      await server.admin.pexpire(await lockKey(), 1);
      let next: StoreLock | undefined;
      while (!next) {
        const found = await other.lock('a');
        if ('fence' in found) next = found;
      }
      assert.ok(next.fence > dead.fence);
      assert.equal(await other.put('a', 'new', { life: LIFE, fence: next.fence }), true);
      assert.equal(await other.put('a', 'old', { life: LIFE, fence: dead.fence }), false);
    });

    it('is lost to a process that was paused too long, and stays lost', async () => {
      const lock = await lockOf(mine);
      // The process was paused: no timer ran.
      time.setClock(6_000);
      assert.equal(lock.isHeld, false);
      await time.pass(2_000);
      assert.equal(lock.isHeld, false);
      await lock.release();
    });

    it('is lost if the clock was set back, because its age is unknown then', async () => {
      const lock = await lockOf(mine);
      time.setClock(-1_000);
      assert.equal(lock.isHeld, false);
    });

    it('is not certain without the server: it is lost after its life', async () => {
      const lock = await lockOf(mine);
      await goAway();
      await time.pass(2_000);
      await time.pass(2_000);
      assert.equal(lock.isHeld, true);
      await time.pass(2_000);
      assert.equal(lock.isHeld, false);
    });

    it('is kept over a short outage', async () => {
      const lock = await lockOf(mine);
      await goAway();
      await comeBack();
      await time.pass(2_000);
      await until(() => lock.isHeld);
      assert.ok('left' in (await other.lock('a')));
    });

    it('is lost if another process took it meanwhile, and is not given back by the first one', async () => {
      const lost = await lockOf(mine);
      await server.admin.del(await lockKey());
      const theirs = await lockOf(other);
      await time.pass(2_000);
      await until(() => !lost.isHeld);
      await lost.release();
      assert.equal(theirs.isHeld, true);
      assert.ok('left' in (await mine.lock('a')));
    });
  });

  it('is not ended by a process that does not know yet that its own is lost', async () => {
    const lost = await lockOf(mine);
    await server.admin.del(await lockKey());
    await lockOf(other);
    await lost.release();
    assert.ok('left' in (await mine.lock('a')));
  });

  describe('a change while the server is down', () => {
    it('is visible here at once, and elsewhere when the server is back: the newest of each name', async () => {
      await goAway();
      assert.equal(await mine.put('a', 'old', { life: LIFE, fence: 1 }), false);
      assert.equal(await mine.put('a', 'new', { life: LIFE, fence: 2 }), false);
      assert.equal(await mine.put('a', 'too old', { life: LIFE, fence: 1 }), false);
      assert.equal(await mine.put('b', 'b', { life: LIFE, fence: 1 }), false);
      assert.equal((await mine.get('a'))?.value, 'new');
      assert.equal(await other.get('a'), undefined);
      await comeBack();
      assert.equal((await other.get('a'))?.value, 'new');
      assert.equal((await other.get('a'))?.fence, 2);
      assert.equal((await other.get('b'))?.value, 'b');
      assert.equal((await mine.get('a'))?.value, 'new');
    });

    it('does not overwrite a newer value', async () => {
      await goAway();
      await mine.put('a', 'mine', { life: LIFE, fence: 3 });
      await other.put('a', 'theirs', { life: LIFE, fence: 4 });
      await comeBack();
      assert.equal((await other.get('a'))?.value, 'theirs');
      assert.equal((await mine.get('a'))?.value, 'theirs');
    });

    it('may be a removal', async () => {
      await mine.put('a', 1, { life: LIFE, fence: 1 });
      await goAway();
      assert.equal(await mine.remove('a', 2), false);
      assert.equal(await mine.get('a'), undefined);
      assert.equal((await other.get('a'))?.value, 1);
      await comeBack();
      assert.equal(await other.get('a'), undefined);
      assert.equal(await other.put('a', 1, { life: LIFE, fence: 1 }), false);
    });

    it('keeps its age and its end', async () => {
      await goAway();
      await mine.put('a', 1, { life: LIFE, fence: 1 });
      await mine.put('short', 1, { life: 1_000, fence: 1 });
      await time.pass(100_000);
      assert.equal((await mine.get('a'))?.age, 100_000);
      assert.equal(await mine.get('short'), undefined);
      await comeBack();
      const entry = await other.get('a');
      assert.ok(entry && entry.age >= 100_000);
      assert.equal(await other.get('short'), undefined);
      const [key] = (await server.admin.keys('*')).filter((each) => /[0-9a-f]{64}$/.test(each));
      assert.ok((await server.admin.pttl(key ?? '')) <= LIFE - 100_000);
    });

    it('is written even if it is unknown whether the first try was', async () => {
      wire.freeze();
      const put = mine.put('a', 'mine', { life: LIFE, fence: 1 });
      await time.pass(2_000);
      assert.equal(await put, false);
      assert.equal((await mine.get('a'))?.value, 'mine');
      // The delayed command arrives after all, and then the repeated change.
      await comeBack();
      assert.equal((await other.get('a'))?.value, 'mine');
    });

    it('may be one of ten thousand: the newest ones are kept', async () => {
      await goAway();
      for (let i = 0; i <= 10_000; i += 1) await mine.put(`n ${i}`, i, { life: LIFE, fence: 1 });
      await assert.rejects(mine.get('n 0'), { code: 'AUTH_STORE' });
      for (const i of [1, 5_000, 10_000]) assert.equal((await mine.get(`n ${i}`))?.value, i);
    });
  });

  describe('a watcher', () => {
    it('is notified once when the server is back, because changes may have been missed', async () => {
      let told = 0;
      mine.watch('a', () => {
        told += 1;
      });
      await goAway();
      const before = told;
      await other.put('a', 1, { life: LIFE, fence: 1 });
      await comeBack();
      await until(() => told > before);
      assert.equal(told, before + 1);
      await other.put('a', 2, { life: LIFE, fence: 1 });
      await until(() => told === before + 2);
    });

    it('needs no connection of its own: one subscribes for all of them', async () => {
      assert.equal(wire.open, 2);
      const told: string[] = [];
      for (let i = 0; i < 1_000; i += 1) mine.watch(`name ${i}`, () => told.push(`name ${i}`));
      await other.put('name 7', 1, { life: LIFE, fence: 1 });
      await until(() => told.length > 0);
      assert.deepEqual(told, ['name 7']);
      assert.equal(wire.open, 2);
    });
  });

  it('lose no update of many, each of which reads and writes under a lock', async () => {
    const stores = [other, openRedis(server), openRedis(server)];
    const add = async (store: RedisStore): Promise<void> => {
      for (;;) {
        let tell = (): void => undefined;
        const told = new Promise<void>((resolve) => (tell = resolve));
        const unwatch = store.watch('sum', tell);
        const lock = await store.lock('sum');
        if ('left' in lock) {
          await told;
          unwatch();
          continue;
        }
        unwatch();
        const before = ((await store.get('sum'))?.value as number | undefined) ?? 0;
        assert.equal(await store.put('sum', before + 1, { life: LIFE, fence: lock.fence }), true);
        await lock.release();
        return;
      }
    };
    await Promise.all(Array.from({ length: 90 }, (_, i) => add(stores[i % 3] as RedisStore)));
    assert.equal((await other.get('sum'))?.value, 90);
  });
});
