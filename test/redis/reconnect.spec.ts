import assert from 'node:assert/strict';
import type { RedisStore } from '../../src/store/redis.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { RetryTime } from '../support/retry-time.ts';
import { closeStores, openRedis } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { endWires, Wire } from '../support/wire.ts';

const MANY = 10_000;
const FIRST = { life: 600_000, fence: 1 };

/** How often a server was requested to run a script, by its source and by its digest. */
async function asked({ admin }: RedisServer): Promise<{ whole: number; digest: number }> {
  const stats = await admin.info('commandstats');
  const calls = (command: string): number =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return { whole: calls('eval'), digest: calls('evalsha') };
}

describe('a Redis that comes back', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    closeStores();
    endWires();
    await endRedis();
  });

  it('empty gets ten thousand records again without a burst: once each, and it stays ready', async function () {
    this.timeout(120_000);
    const store = openRedis(server);
    const told = new Map<string, number>();
    let underWay = 0;
    let most = 0;
    let rewritten = 0;
    for (let i = 0; i < MANY; i += 1) {
      const name = `record ${i}`;
      const follow = async (): Promise<void> => {
        told.set(name, (told.get(name) ?? 0) + 1);
        underWay += 1;
        most = Math.max(most, underWay);
        try {
          if (await store.get(name)) return;
          await store.put(name, { text: 'x'.repeat(1_500) }, { ...FIRST, writer: `writer${i}` });
          rewritten += 1;
        } finally {
          underWay -= 1;
        }
      };
      store.watch(name, follow, `writer${i}`);
    }
    await until(() => rewritten === MANY, 60_000);
    told.clear();
    rewritten = 0;
    await server.kill();
    await until(() => store.state.at === 'gone');
    const states: string[] = [];
    store.changes.add(({ at }) => states.push(at));
    most = 0;
    await server.restart();
    await until(() => rewritten >= MANY && underWay === 0, 60_000);
    // Earlier notifications of the server arrive before this one.
    let heard = false;
    store.watch('last', () => (heard = true));
    await store.put('last', 1, FIRST);
    await until(() => heard);
    assert.equal(states.indexOf('gone', states.indexOf('ready')), -1, states.join());
    assert.equal(told.size, MANY);
    assert.equal(Math.max(...told.values()), 1, 'somebody was told twice');
    assert.ok(most <= 50, `${most} at once`);
    const { whole, digest } = await asked(server);
    assert.ok(whole <= 10, `${whole} scripts were sent as a whole`);
    assert.ok(digest <= 2 * MANY + 10, `${digest} scripts for ${MANY} records`);
    const keys = await server.admin.keys('*');
    assert.equal(keys.filter((key) => /[0-9a-f]{64}$/.test(key)).length, MANY + 1);
  });

  it('without its scripts gets them again', async () => {
    const store = openRedis(server);
    for (const value of [1, 2]) {
      assert.equal(await store.put('a', value, FIRST), true);
      assert.equal((await store.get('a'))?.value, value);
    }
    await server.admin.script('FLUSH');
    assert.equal(await store.put('a', 3, FIRST), true);
    assert.equal((await store.get('a'))?.value, 3);
    assert.equal(store.state.at, 'ready');
  });

  describe('late', () => {
    let time: RetryTime;
    let wire: Wire;
    let store: RedisStore;
    beforeEach(async () => {
      time = new RetryTime().hold();
      // Before the store is open: the notification of a change comes by another connection, perhaps after the response.
      await openRedis(server).put('a', 1, FIRST);
      wire = await Wire.to(server.port);
      store = openRedis(wire, { time });
    });
    afterEach(() => time.release());

    it('writes are completed later if they timed out while it was ready', async () => {
      await store.get('a');
      wire.freeze();
      const first = store.get('a');
      await until(() => wire.heldUp === 1);
      await time.pass(500);
      const put = store.put('a', 'mine', FIRST);
      await until(() => wire.heldUp === 2);
      await time.pass(1_400);
      // The first request and its answer arrive: the connection is not lost, although nothing is written in time.
      wire.deliver(0);
      await until(() => wire.heldUp === 2);
      wire.deliver(1);
      await first;
      await time.pass(600);
      assert.equal(await put, false);
      await new Promise(setImmediate);
      assert.equal(store.state.at, 'ready');
      assert.equal((await store.get('a'))?.value, 'mine');
      wire.mend();
      await store.get('another');
      assert.equal(store.state.at, 'ready');
      const other = openRedis(server);
      let written: unknown;
      while (written !== 'mine') written = (await other.get('a'))?.value;
      await other.put('a', 'theirs', { ...FIRST, fence: 2 });
      let value: unknown;
      while (value !== 'theirs') value = (await store.get('a'))?.value;
      assert.equal(await store.put('a', 'mine again', { ...FIRST, fence: 3 }), true);
    });

    it('requests with answers keep the connection, and it is lost when answers stop', async () => {
      assert.equal((await store.get('a'))?.value, 1);
      wire.freeze();
      const first = store.get('a');
      await until(() => wire.heldUp === 1);
      await time.pass(500);
      const second = store.get('a');
      second.catch(() => undefined);
      await until(() => wire.heldUp === 2);
      await time.pass(1_400);
      // The first request and its answer arrive; the second one does not.
      wire.deliver(0);
      await until(() => wire.heldUp === 2);
      wire.deliver(1);
      assert.equal((await first)?.value, 1);
      await time.pass(600);
      await assert.rejects(second, { code: 'AUTH_STORE' });
      await new Promise(setImmediate);
      assert.equal(store.state.at, 'ready');
      await time.pass(1_400);
      await until(() => store.state.at === 'gone');
      assert.deepEqual(store.state, { at: 'gone', cause: 'timeout' });
    });
  });
});
