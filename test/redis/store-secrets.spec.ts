import assert from 'node:assert/strict';
import { systemClock } from '../../src/core/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { RedisSettings } from '../../src/store/open.ts';
import { readRedisAddress } from '../../src/store/redis-address.ts';
import type { DurableStore } from '../../src/store/store.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const LIFE = 60_000;

describe('a session store in Redis whose password comes from a vault', () => {
  let redis: RedisServer;
  let store: DurableStore;
  let settings: RedisSettings;
  before(async () => {
    redis = await startRedis();
  });
  after(endRedis);
  beforeEach(async () => {
    await redis.admin.flushall();
    await redis.admin.call(
      'ACL',
      'SETUSER',
      'node-red',
      'on',
      'resetpass',
      '>first',
      'allkeys',
      'allchannels',
      '+@all',
    );
    const address = readRedisAddress(`redis://node-red:first@127.0.0.1:${redis.port}`, 'single', 'url');
    settings = {
      kind: 'redis',
      ...address,
      primary: '',
      sentinelPassword: '',
      prefix: 'vg-auth:',
      encryptionKey: 'a key of the tests',
    };
    const named = { ...settings, password: '$PASSWORD' };
    const source = { ask: async () => settings, host: 'the store' };
    store = new Engine(10, systemClock).holdStore(named, {}, '', source).value;
  });
  afterEach(() => store.close());

  /** Changes the password of Redis, and closes the connections. */
  async function rotate(password: string): Promise<void> {
    await redis.admin.call('ACL', 'SETUSER', 'node-red', 'resetpass', `>${password}`);
    await redis.admin.call('CLIENT', 'KILL', 'USER', 'node-red');
  }

  it('connects with the current value, and again with a new one if it is refused', async () => {
    await until(() => store.state.at === 'ready');
    const heard: string[] = [];
    store.watch('session 1', () => heard.push('session 1'));
    assert.equal(await store.put('session 1', { token: 'a' }, { life: LIFE, fence: 1 }), true);
    await rotate('second');
    await until(() => store.state.at === 'gone');
    settings = { ...settings, password: 'second' };
    await until(() => store.state.at === 'ready');
    assert.deepEqual((await store.get('session 1'))?.value, { token: 'a' });
    const before = heard.length;
    await store.put('session 1', { token: 'b' }, { life: LIFE, fence: 2 });
    await until(() => heard.length > before);
  });

  it('writes with the new value what it could not write with the old one', async () => {
    await until(() => store.state.at === 'ready');
    await rotate('second');
    await until(() => store.state.at === 'gone');
    assert.equal(await store.put('session 1', { token: 'renewed' }, { life: LIFE, fence: 1 }), false);
    settings = { ...settings, password: 'second' };
    await until(() => store.state.at === 'ready');
    assert.deepEqual((await store.get('session 1'))?.value, { token: 'renewed' });
  });

  it('writes the result of work that began before it was opened again, with the records that belong to it', async () => {
    await until(() => store.state.at === 'ready');
    const lock = await store.lock('session 1');
    assert.ok('fence' in lock);
    await rotate('second');
    await until(() => store.state.at === 'gone');
    settings = { ...settings, password: 'second' };
    await until(() => store.state.at === 'ready');
    const user = { name: 'user anna', value: { id: 1 }, life: LIFE, fence: 1 };
    await lock.release({ value: { token: 'renewed' }, life: LIFE }, [user]);
    assert.deepEqual((await store.get('session 1'))?.value, { token: 'renewed' });
    assert.deepEqual((await store.get('user anna'))?.value, { id: 1 });
  });

  it('writes what was on the way when the connection was lost', async () => {
    await until(() => store.state.at === 'ready');
    await redis.admin.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const sent = [1, 2, 3].map((each) => store.put(`session ${each}`, { each }, { life: LIFE, fence: 1 }));
    await until(async () => /blocked_clients:1/.test(await redis.admin.info('clients')));
    settings = { ...settings };
    await redis.admin.call('CLIENT', 'KILL', 'USER', 'node-red');
    await Promise.all(sent);
    await redis.admin.call('CLIENT', 'UNPAUSE');
    await until(() => store.state.at === 'ready');
    for (const each of [1, 2, 3]) assert.deepEqual((await store.get(`session ${each}`))?.value, { each });
  });

  it('writes later what it received before the vault answered', async () => {
    let answer: (settings: RedisSettings) => void = () => undefined;
    const asked = new Promise<RedisSettings>((resolve) => {
      answer = resolve;
    });
    const source = { ask: () => asked, host: 'the store' };
    const late = new Engine(10, systemClock).holdStore({ ...settings, password: '$LATE' }, {}, '', source).value;
    try {
      assert.equal(late.state.at, 'connecting');
      assert.equal(await late.put('session 2', { token: 'c' }, { life: LIFE, fence: 1 }), false);
      answer(settings);
      await until(() => late.state.at === 'ready');
      await until(async () => ((await store.get('session 2').catch(() => undefined))?.value as object) !== undefined);
    } finally {
      late.close();
    }
  });

  it('is unavailable, and reports it, while the vault has never answered', async () => {
    const source = { ask: () => Promise.reject(new Error('no vault')), host: 'the store' };
    const never = new Engine(10, systemClock).holdStore({ ...settings, password: '$NEVER' }, {}, '', source).value;
    await until(() => never.state.at === 'gone');
    await assert.rejects(never.get('session 1'), { code: 'AUTH_STORE' });
    assert.equal(never.host, 'the store');
    never.close();
  });
});
