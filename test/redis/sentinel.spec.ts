import assert from 'node:assert/strict';
import { endSentinels, FakeSentinel } from '../support/fake-sentinel.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { closeStores, openRedis } from '../support/stores.ts';
import { until } from '../support/until.ts';
import '../support/rejections.ts';

const FIRST = { life: 60_000, fence: 1 };

/** Two servers that do not know each other. A Sentinel of the test decides which one is the primary. */
describe('a primary that a Sentinel names', () => {
  let servers: [RedisServer, RedisServer];
  let sentinel: FakeSentinel;
  before(async () => {
    servers = [await startRedis(), await startRedis()];
  });
  after(endRedis);
  beforeEach(async () => {
    sentinel = await FakeSentinel.start(servers[0].port);
  });
  afterEach(() => {
    closeStores();
    endSentinels();
  });

  const open = () => openRedis({ topology: 'sentinel', servers: [sentinel.address], primary: 'main' });

  it('is left at once if another one is the primary, although it still accepts writes', async () => {
    const store = open();
    await until(() => store.state.at === 'ready' && sentinel.subscribers > 0);
    await store.put('a', 'first', FIRST);
    sentinel.switchTo(servers[1].port);
    await until(() => store.state.at === 'gone');
    await until(() => store.state.at === 'ready');
    await store.put('a', 'second', FIRST);
    assert.equal((await openRedis(servers[1]).get('a'))?.value, 'second');
    assert.equal((await openRedis(servers[0]).get('a'))?.value, 'first');
  });

  it('is found again if the fail-over is reported while the connection is being established', async () => {
    const store = open();
    await until(() => store.state.at === 'ready' && sentinel.subscribers > 0);
    sentinel.hold();
    await servers[0].admin.call('client', 'kill', 'type', 'normal', 'skipme', 'yes');
    await until(() => store.state.at === 'gone' && sentinel.held > 0);
    sentinel.switchTo(servers[1].port);
    // The report has ended the attempt, and the answer arrives after it.
    await until(() => sentinel.subscribers === 0);
    sentinel.release();
    await until(() => store.state.at === 'ready');
    assert.equal(await store.put('a', 'again', { ...FIRST, fence: 2 }), true);
  });

  it('is used although a Sentinel stops reporting fail-overs, and prints nothing', async () => {
    const store = open();
    await until(() => store.state.at === 'ready' && sentinel.subscribers > 0);
    const { error } = console;
    const printed: unknown[] = [];
    console.error = (...words) => printed.push(words);
    try {
      sentinel.dropSubscribers();
      // An unhandled error would end Node-RED.
      await until(() => sentinel.refused > 0);
      assert.equal(await store.put('a', 'without', { ...FIRST, fence: 3 }), true);
      assert.equal(store.state.at, 'ready');
      endSentinels();
    } finally {
      console.error = error;
    }
    assert.deepEqual(printed, []);
  });
});
