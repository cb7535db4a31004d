import assert from 'node:assert/strict';
import type { RedisStore } from '../../src/store/redis.ts';
import type { Lease, Store } from '../../src/store/store.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { RetryTime } from '../support/retry-time.ts';
import { closeStores, openRedis } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { endWires, Wire } from '../support/wire.ts';

const LIFE = 600_000;

/** Two replicas: one on a wire that a test cuts, and with a clock that it holds; the other one undisturbed. */
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
    time = new RetryTime();
    wire = await Wire.to(server.port);
    mine = openRedis(wire, { time });
    other = openRedis(server);
    await until(() => mine.state.at === 'ready' && other.state.at === 'ready');
  });
  afterEach(async () => {
    closeStores();
    await until(() => wire.open === 0 && time.pending === 0);
    endWires();
  });

  const leaseOf = async (store: Store, name = 'a'): Promise<Lease> => {
    const lease = await store.lease(name);
    assert.ok('fence' in lease);
    return lease;
  };
  const goAway = async (): Promise<void> => {
    wire.cut();
    await until(() => mine.state.at === 'gone');
  };
  const comeBack = async (): Promise<void> => {
    wire.mend();
    await time.bringsBack(mine);
  };
  const leaseKey = async (): Promise<string> => (await server.admin.keys('*:lease'))[0] ?? '';

  describe('a lease', () => {
    it('is prolonged while it is held', async () => {
      const lease = await leaseOf(mine);
      const key = await leaseKey();
      for (let times = 0; times < 5; times += 1) {
        await server.admin.pexpire(key, 3_000);
        await time.pass(2_000);
        await until(() => mine.state.at === 'ready');
        let left = 0;
        while (left < 5_000) left = await server.admin.pttl(key);
        assert.equal(lease.isHeld, true);
      }
      await lease.release();
      assert.equal(await server.admin.exists(key), 0);
      assert.equal(time.pending, 2, 'only the ping and the renewal of the master key wait');
    });

    it('of one that died ends by itself, and the next one has a larger number', async () => {
      const dead = await leaseOf(mine);
      wire.cut();
      mine.close();
      const waiting = await other.lease('a');
      assert.ok('left' in waiting && waiting.left <= 6_000);
      assert.ok((await server.admin.pttl(await leaseKey())) <= 6_000);
      await server.admin.pexpire(await leaseKey(), 1);
      let next: Lease | undefined;
      while (!next) {
        const found = await other.lease('a');
        if ('fence' in found) next = found;
      }
      assert.ok(next.fence > dead.fence);
      assert.equal(await other.put('a', 'new', { life: LIFE, fence: next.fence }), true);
      assert.equal(await other.put('a', 'old', { life: LIFE, fence: dead.fence }), false);
    });

    it('is lost to who was paused too long, and stays lost', async () => {
      const lease = await leaseOf(mine);
      // The process stood still: no timer ran.
      time.setClock(6_000);
      assert.equal(lease.isHeld, false);
      await time.pass(2_000);
      assert.equal(lease.isHeld, false);
      await lease.release();
    });

    it('is lost when the clock was set back, as nobody can say then', async () => {
      const lease = await leaseOf(mine);
      time.setClock(-1_000);
      assert.equal(lease.isHeld, false);
    });

    it('is not certain without the server: after its life it is lost', async () => {
      const lease = await leaseOf(mine);
      await goAway();
      await time.pass(2_000);
      await time.pass(2_000);
      assert.equal(lease.isHeld, true);
      await time.pass(2_000);
      assert.equal(lease.isHeld, false);
    });

    it('is kept over a short absence', async () => {
      const lease = await leaseOf(mine);
      await goAway();
      await comeBack();
      await time.pass(2_000);
      await until(() => lease.isHeld);
      assert.ok('left' in (await other.lease('a')));
    });

    it('that another one took meanwhile is lost, and not given back by who lost it', async () => {
      const lost = await leaseOf(mine);
      await server.admin.del(await leaseKey());
      const theirs = await leaseOf(other);
      await time.pass(2_000);
      await until(() => !lost.isHeld);
      await lost.release();
      assert.equal(theirs.isHeld, true);
      assert.ok('left' in (await mine.lease('a')));
    });
  });

  it('end nobody else’s lease, where one does not know yet that its own is lost', async () => {
    const lost = await leaseOf(mine);
    await server.admin.del(await leaseKey());
    await leaseOf(other);
    await lost.release();
    assert.ok('left' in (await mine.lease('a')));
  });

  describe('a change while the server is gone', () => {
    it('is seen here at once, and by the others when it is back: the newest of each name', async () => {
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

    it('does not overwrite what is newer', async () => {
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

    it('is there even where it is not known whether it was written', async () => {
      wire.freeze();
      const put = mine.put('a', 'mine', { life: LIFE, fence: 1 });
      await time.pass(2_000);
      assert.equal(await put, false);
      assert.equal((await mine.get('a'))?.value, 'mine');
      // The held-up command arrives after all, and then what is caught up.
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
    it('is told once when the server is back: nobody knows what was missed', async () => {
      let told = 0;
      mine.watch('a', () => {
        told += 1;
      });
      await until(() => told > 0);
      await goAway();
      const before = told;
      await other.put('a', 1, { life: LIFE, fence: 1 });
      await comeBack();
      await until(() => told > before);
      assert.equal(told, before + 1);
      await other.put('a', 2, { life: LIFE, fence: 1 });
      await until(() => told === before + 2);
    });

    it('costs a connection for all of them, and none where nobody watches', async () => {
      assert.equal(wire.open, 1);
      let told = 0;
      for (let i = 0; i < 1_000; i += 1) mine.watch(`name ${i}`, () => (told += 1));
      await until(() => wire.open === 2 && told >= 1_000);
      const before = told;
      await other.put('name 7', 1, { life: LIFE, fence: 1 });
      await until(() => told > before);
      assert.equal(told, before + 1);
    });
  });

  it('lose no update of many, each read under a lease', async () => {
    const stores = [other, openRedis(server), openRedis(server)];
    const add = async (store: RedisStore): Promise<void> => {
      for (;;) {
        let tell = (): void => undefined;
        const told = new Promise<void>((resolve) => (tell = resolve));
        const unwatch = store.watch('sum', tell);
        const lease = await store.lease('sum');
        if ('left' in lease) {
          await told;
          unwatch();
          continue;
        }
        unwatch();
        const before = ((await store.get('sum'))?.value as number | undefined) ?? 0;
        assert.equal(await store.put('sum', before + 1, { life: LIFE, fence: lease.fence }), true);
        await lease.release();
        return;
      }
    };
    await Promise.all(Array.from({ length: 90 }, (_, i) => add(stores[i % 3] as RedisStore)));
    assert.equal((await other.get('sum'))?.value, 90);
  });
});
