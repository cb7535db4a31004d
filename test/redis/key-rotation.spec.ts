import assert from 'node:assert/strict';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { deriveKey } from '../../src/store/master-key.ts';
import { Cluster, type Reply } from '../support/cluster.ts';
import { CANARIES } from '../support/cluster-flow.ts';
import { told, used } from '../support/cluster-replies.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { closeStores, keyringOf, openRedis } from '../support/stores.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const REPLICAS = [0, 1, 2];
const PEOPLE = 12;
const OLD = CANARIES.encryptionKey;
const NEW = 'CANARY-the-next-encryption-key';

/** First the new key as the previous one everywhere, then swapped, then removed. */
const STEPS = [
  { encryptionKey: OLD, previousEncryptionKey: NEW },
  { encryptionKey: NEW, previousEncryptionKey: OLD },
  { encryptionKey: NEW, previousEncryptionKey: '' },
];

describe(`Another encryption key for three ${version}s that share a store`, function () {
  this.timeout(300_000);
  let redis: RedisServer;
  let cluster: Cluster;

  before(async () => {
    redis = await startRedis();
    const store = { kind: 'redis', url: `redis://127.0.0.1:${redis.port}`, prefix: 'test:' };
    cluster = new Cluster({ version, replicas: REPLICAS.length, store });
    await cluster.start();
  });

  after(async () => {
    await cluster?.end();
    closeStores();
    await endRedis();
  });

  it('signs nobody out, while messages are sent', async () => {
    // Every message needs a renewal: the record of its session is read and written all the time.
    cluster.guard.life = 1;
    const people = Array.from({ length: PEOPLE }, (_, i) => ({ user: `service-${i}`, session: '' }));
    for (const person of people) person.session = await signIn(person.user);
    used(await cluster.callOne(0, 'stored', {}), 'service-stored');
    const open = told(await cluster.callOne(0, 'login', { user: 'anna', password: 'anna-password' }), 'mfa');
    const { id } = open.challenge as { id: string };
    told(await cluster.callOne(1, 'choose', { id, method: 'otp-sms' }), 'mfa');
    const { logins } = cluster.guard.counts;

    const traffic = new Traffic(cluster, people);
    for (const keys of STEPS)
      for (const replica of REPLICAS) await traffic.without(replica, () => cluster.deployKeys(replica, keys));
    await traffic.end();

    assert.deepEqual(traffic.faults, []);
    assert.ok(traffic.messages > 100, `${traffic.messages} messages`);
    const anna = told(await cluster.callOne(2, 'submit', { id, code: cluster.guard.code }), 'in');
    // The data in Redis is enough, with the new key only.
    await Promise.all(REPLICAS.map((replica) => cluster.stop(replica)));
    await Promise.all(REPLICAS.map((replica) => cluster.startOne(replica)));
    for (const replica of REPLICAS) {
      for (const { user, session } of people) used(await cluster.callOne(replica, 'use', { session }), user);
      used(await cluster.callOne(replica, 'stored', {}), 'service-stored');
      used(await cluster.callOne(replica, 'use', { session: anna.session }), 'anna');
    }
    assert.equal(cluster.guard.counts.logins, logins);
    assert.deepEqual(cluster.guard.twice, []);
    assert.doesNotMatch(cluster.log, /different encryption key|CANARY/);
    console.log(`      ${traffic.messages} messages, ${cluster.guard.counts.refreshes} renewals`);
  });

  it('makes the old one useless', async () => {
    const keyring = (key: string) => keyringOf(key, { prefix: 'test:', derive: deriveKey });
    for (const [key, isStrange] of [
      [NEW, false],
      [OLD, true],
    ] as const) {
      const store = openRedis(redis, { prefix: 'test:', keyring: keyring(key) });
      let told = false;
      store.unreadable.add(() => {
        told = true;
      });
      await store.get('a');
      assert.equal(told, isStrange, key);
    }
  });

  async function signIn(user: string): Promise<string> {
    return String(told(await cluster.callOne(0, 'login', { user, password: `${user}-password` }), 'in').session);
  }
});

/** People who use their sessions at all replicas except one that its load balancer takes out for a deploy. */
class Traffic {
  readonly faults: string[] = [];
  messages = 0;
  readonly #cluster: Cluster;
  readonly #underWay = new Map<number, Set<Promise<Reply>>>(REPLICAS.map((replica) => [replica, new Set()]));
  readonly #workers: Promise<void>[];
  #out: number | undefined;
  #isOver = false;

  constructor(cluster: Cluster, people: readonly { user: string; session: string }[]) {
    this.#cluster = cluster;
    this.#workers = people.map((person, i) => this.#work(person, i));
  }

  /** Runs an action at a replica that gets no messages meanwhile. The others get some before, during and after it. */
  async without(replica: number, work: () => Promise<void>): Promise<void> {
    this.#out = replica;
    await Promise.all(this.#underWay.get(replica) ?? []);
    await work();
    this.#out = undefined;
    const enough = this.messages + 2 * PEOPLE;
    await until(() => this.messages >= enough, 60_000);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }

  async #work({ user, session }: { user: string; session: string }, first: number): Promise<void> {
    for (let turn = first; !this.#isOver; turn += 1) {
      const replica = turn % REPLICAS.length;
      if (replica === this.#out) continue;
      const message = this.#cluster.callOne(replica, 'use', { session });
      this.#underWay.get(replica)?.add(message);
      const { status, body } = await message;
      this.#underWay.get(replica)?.delete(message);
      this.messages += 1;
      if (body.user !== user) this.faults.push(`${user} at ${replica}: ${status} ${JSON.stringify(body)}`);
    }
  }
}
