import assert from 'node:assert/strict';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { Cluster, type Reply } from '../support/cluster.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const REPLICAS = [0, 1, 2];
/** How long a token is valid, in s: the test waits for a renewal. */
const LIFE = 15;

/** The statements of docs/operation.md about upgrades and backups. */
describe(`three ${version}s in operation`, function () {
  this.timeout(180_000);
  let redis: RedisServer;
  let cluster: Cluster;
  let session: unknown;

  before(async () => {
    redis = await startRedis();
    const store = { kind: 'redis', url: `redis://127.0.0.1:${redis.port}`, prefix: 'test:' };
    cluster = new Cluster({ version, replicas: REPLICAS.length, store });
    cluster.guard.life = LIFE;
    await cluster.start();
    const asked = (await cluster.callOne(0, 'login', { user: 'anna', password: 'anna-password' })).body.auth;
    const { id } = (asked?.challenge ?? {}) as { id?: string };
    await cluster.callOne(0, 'choose', { id, method: 'otp-sms' });
    const signedIn = await cluster.callOne(0, 'submit', { id, code: cluster.guard.code });
    session = signedIn.body.auth?.session;
    assert.ok(session, JSON.stringify(signedIn.body));
    assertUser(await cluster.callOne(0, 'stored', {}), 'service-stored');
  });

  after(async () => {
    await cluster?.end();
    await endRedis();
  });

  it('are restarted one after the other while messages are sent: no message fails, and nobody signs in again', async () => {
    const { guard } = cluster;
    const before = { ...guard.counts };
    let isOver = false;
    let messages = 0;
    const worker = async (path: string, body: object, user: string): Promise<void> => {
      while (!isOver) {
        assertUser(await cluster.call(path, body), user);
        messages += 1;
        await new Promise((done) => setTimeout(done, 20));
      }
    };
    const traffic = Promise.all([
      worker('stored', {}, 'service-stored'),
      worker('use', { session }, 'anna'),
      worker('use', { session }, 'anna'),
    ]);
    const restarts = (async () => {
      for (const replica of REPLICAS) {
        await cluster.stop(replica);
        await cluster.startOne(replica);
        assertUser(await cluster.callOne(replica, 'use', { session }), 'anna');
      }
      // On an idle machine, the restarts take less time than a token is valid for.
      await until(() => guard.counts.refreshes > before.refreshes);
    })();
    await Promise.race([restarts, traffic]).catch(() => undefined);
    isOver = true;
    // If one fails, the other one ends before the next test begins.
    const results = await Promise.allSettled([restarts, traffic]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    assert.ok(messages > 100, `${messages}`);
    const { logins, codes, dead } = guard.counts;
    assert.deepEqual({ logins, codes, dead }, { logins: before.logins, codes: before.codes, dead: 0 });
    assert.deepEqual(guard.twice, []);
  });

  it('complete a renewal before they end: its refresh token is used up at the server, and the new one has to be kept', async () => {
    const { guard } = cluster;
    // Each message needs a renewal, and the server takes its time.
    Object.assign(guard, { life: 0 });
    const { auth } = (await cluster.callOne(0, 'login', { user: 'service-late', password: 'service-late-password' }))
      .body;
    const { logins, dead } = guard.counts;
    cluster.latency = 1_000;
    const cut = cluster.callOne(0, 'use', { session: auth?.session }).catch(() => undefined);
    await until(() => guard.isBusy);
    await cluster.stop(0);
    await cut;
    Object.assign(guard, { life: LIFE });
    cluster.latency = 2;
    await cluster.startOne(0);
    assertUser(await cluster.callOne(0, 'use', { session: auth?.session }), 'service-late');
    assert.deepEqual([guard.counts.logins, guard.counts.dead], [logins, dead]);
  });

  it('recognize their sessions from a backup of the keys of the prefix', async () => {
    const { logins } = cluster.guard.counts;
    // A backup is valid until the next renewal, because refresh tokens are used once. So nothing may be renewed after it.
    for (const replica of REPLICAS) await cluster.stop(replica);
    const kept: [key: string, left: number, value: Buffer][] = [];
    for (const key of await redis.admin.keys('test:*')) {
      const value = await redis.admin.dumpBuffer(key);
      if (value) kept.push([key, await redis.admin.pttl(key), value]);
    }
    assert.ok(kept.some(([key]) => key === 'test:master'));
    await redis.admin.flushall();
    for (const [key, left, value] of kept) await redis.admin.restore(key, Math.max(0, left), value);
    for (const replica of REPLICAS) {
      await cluster.startOne(replica);
      assertUser(await cluster.callOne(replica, 'use', { session }), 'anna');
      assertUser(await cluster.callOne(replica, 'stored', {}), 'service-stored');
    }
    assert.equal(cluster.guard.counts.logins, logins);
  });

  function assertUser(reply: Reply, user: string): void {
    assert.equal(reply.body.user, user, JSON.stringify(reply));
  }
});
