import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { randomId } from '../../src/core/clock.ts';
import type { RedisAddress } from '../../src/store/redis-address.ts';
import { freePort } from '../support/free-port.ts';
import { readPage } from '../support/pages.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { RedisCluster, Sentinels } from '../support/redis-topologies.ts';
import { addressOf, closeStores, openRedis } from '../support/stores.ts';
import { until } from '../support/until.ts';
import '../support/rejections.ts';

const english = JSON.parse(readFileSync(join(PROJECT, 'nodes/locales/en-US/vg-auth.json'), 'utf8'));
const page = readPage('docs/operation.md');

/** The line of docs/operation.md that creates a user with the required permissions. */
const RULE = (/^ACL SETUSER .*$/m.exec(page)?.[0] ?? '').replace('>PASSWORD', '>secret').split(' ').slice(1);
const USER = { username: 'vg-auth', password: 'secret' };

const at = (port: number): string => `127.0.0.1:${port}`;

/** Waits until the cause for which the store cannot be used is known, and checks that it has a message. */
async function causeOf(target: Partial<RedisAddress>): Promise<string> {
  const store = openRedis(target);
  let cause = '';
  await until(() => {
    const { state } = store;
    assert.notEqual(state.at, 'ready');
    if (state.at === 'gone') cause = state.cause;
    return state.at === 'gone';
  });
  store.close();
  const [word = '', detail] = cause.split(' ');
  const key = detail === undefined ? word : `${word}-${detail === detail.toUpperCase() ? 'command' : detail}`;
  assert.equal(typeof english.causes[key], 'string', `there is no sentence for ${cause}`);
  return cause;
}

describe('every cause for which a Redis cannot be used has its own message', function () {
  this.timeout(120_000);
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(endRedis);
  afterEach(closeStores);

  it('one server was configured as Sentinels or as a cluster', async () => {
    const servers = [at(server.port)];
    assert.equal(await causeOf({ topology: 'sentinel', servers, primary: 'main' }), 'not-sentinel');
    assert.equal(await causeOf({ topology: 'cluster', servers }), 'not-cluster');
  });

  it('no server listens at any of the addresses', async () => {
    const servers = [at(await freePort()), at(await freePort())];
    for (const topology of ['sentinel', 'cluster'] as const)
      assert.equal(await causeOf({ topology, servers, primary: 'main' }), 'ECONNREFUSED');
  });

  it('Sentinels were configured as servers, do not know the primary, or require another password', async () => {
    const { addresses } = await Sentinels.start({
      sentinel: ['requirepass right'],
      asSentinelAdmin: { password: 'right' },
    });
    const sentinel = { topology: 'sentinel', servers: addresses, primary: 'main', sentinelPassword: 'right' } as const;
    const store = openRedis(sentinel);
    await until(() => store.state.at === 'ready');
    assert.equal(await causeOf({ ...sentinel, primary: 'other' }), 'primary-unknown');
    // An address without a server says less than one with a server.
    const some = [at(await freePort()), ...addresses];
    assert.equal(await causeOf({ ...sentinel, servers: some, primary: 'other' }), 'primary-unknown');
    for (const sentinelPassword of ['', 'wrong'])
      assert.equal(await causeOf({ ...sentinel, sentinelPassword }), 'sentinel-password');
    assert.equal(await causeOf({ ...sentinel, topology: 'cluster' }), 'not-cluster');
    assert.equal(await causeOf({ servers: addresses.slice(0, 1), password: 'right' }), 'sentinel');
  });

  it('a cluster was configured as one server, or has no slots', async () => {
    const { servers } = await RedisCluster.start();
    for (const { port } of servers.slice(0, 3)) assert.equal(await causeOf(addressOf(port)), 'cluster');
    const alone = await startRedis(['cluster-enabled yes', `cluster-port ${await freePort()}`]);
    assert.equal(await causeOf({ topology: 'cluster', servers: [at(alone.port)] }), 'CLUSTERDOWN');
  });

  it('scripts are switched off, or it is a replica without its primary', async () => {
    const without = await startRedis(['rename-command EVAL ""']);
    assert.equal(await causeOf(addressOf(without.port)), 'scripts');
    const lost = await startRedis(['replicaof 127.0.0.1 1', 'replica-serve-stale-data no']);
    assert.equal(await causeOf(addressOf(lost.port)), 'MASTERDOWN');
  });

  it('a permission is missing: the command is named, for every command', async () => {
    const commands = RULE.filter((word) => /^\+(?!auth$|cluster|asking)/.test(word));
    assert.ok(commands.length > 15, `${commands}`);
    for (const missing of commands) {
      const command = missing.slice(1).toUpperCase();
      await server.admin.call('ACL', 'DELUSER', 'vg-auth');
      await server.admin.call('ACL', ...RULE, `-${missing.slice(1)}`);
      assert.equal(await causeOf({ ...addressOf(server.port), ...USER, database: 1 }), `NOPERM ${command}`);
    }
    for (const [rights, cause] of [
      [['resetkeys', '~other:*'], 'NOPERM key'],
      [['resetchannels', '&other:*'], 'NOPERM channel'],
    ] as const) {
      await server.admin.call('ACL', 'DELUSER', 'vg-auth');
      await server.admin.call('ACL', ...RULE, ...rights);
      assert.equal(await causeOf({ ...addressOf(server.port), ...USER }), cause);
    }
  });
});

describe('the line of docs/operation.md', function () {
  this.timeout(120_000);
  after(endRedis);
  afterEach(closeStores);

  /** All operations of a store at run time. */
  async function works(target: Partial<RedisAddress>): Promise<void> {
    const store = openRedis({ ...target, ...USER });
    const run = randomId();
    for (let number = 0; number < 30; number += 1) {
      const name = `${run} ${number}`;
      let told = 0;
      const unwatch = store.watch(name, () => {
        told += 1;
      });
      for (const fence of [1, 2]) {
        assert.equal(await store.put(name, { number }, { life: 60_000, fence }), true, JSON.stringify(store.state));
        assert.deepEqual((await store.get(name))?.value, { number });
      }
      const lock = await store.lock(name);
      assert.ok('fence' in lock);
      await lock.release({ value: 1, life: 60_000 });
      assert.equal(await store.remove(name, lock.fence), true);
      await until(() => told >= 4);
      unwatch();
    }
    assert.equal(store.state.at, 'ready');
  }

  it('is enough for one server, in any database', async () => {
    const { admin, port } = await startRedis();
    await admin.call('ACL', ...RULE);
    await works({ ...addressOf(port), database: 3 });
  });

  it('is enough for a primary under Sentinels', async () => {
    const { servers, addresses } = await Sentinels.start();
    for (const { admin } of servers) await admin.call('ACL', ...RULE);
    await works({ topology: 'sentinel', servers: addresses, primary: 'main' });
  });

  it('is enough for a cluster, even while its slots move', async () => {
    const cluster = await RedisCluster.start();
    for (const { admin } of cluster.servers) await admin.call('ACL', ...RULE);
    const target = { topology: 'cluster', servers: cluster.addresses } as const;
    await works(target);
    await Promise.all([works(target), cluster.moveSlots(20)]);
  });
});
