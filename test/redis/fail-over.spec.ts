import assert from 'node:assert/strict';
import { endRedis } from '../support/redis-server.ts';
import { RedisCluster, Sentinels } from '../support/redis-topologies.ts';
import { Renewals } from '../support/renewals.ts';
import { addressOf } from '../support/stores.ts';
import { until } from '../support/until.ts';

const PEOPLE = 420;
const RENEWALS = 1_000;
/** The longest time of a fail-over and its end, in ms: the machine may be busy. */
const PATIENCE = 60_000;
/** The longest time of a part of a course, in ms. */
const COURSE = 300_000;

/** The history of one Redis while people were kept signed in. */
interface Course {
  renewals: Renewals;
  /** The time until all replicas could use Redis again, in ms. */
  recoveries: { what: string; took: number }[];
}

/** Real servers, each with a fail-over, all at the same time: each of them mostly waits. */
describe('1,000 renewals with single-use refresh tokens', function () {
  this.timeout(600_000);
  const courses = new Map<string, Course>();

  before(async () => {
    const [forced, killed, cluster] = [await Sentinels.start(), await Sentinels.start(), await RedisCluster.start()];
    const sentinel = (all: Sentinels) =>
      ({ ...addressOf(0), topology: 'sentinel', servers: all.addresses, primary: 'main' }) as const;
    await Promise.all([
      run('forced', new Renewals(sentinel(forced)), [
        { after: 0.4, what: 'a forced fail-over', happen: () => forced.failOver() },
      ]),
      run('killed', new Renewals(sentinel(killed)), [
        { after: 0.4, what: 'a killed primary', happen: async () => (await killed.primary()).kill() },
      ]),
      run('cluster', new Renewals({ ...addressOf(0), topology: 'cluster', servers: cluster.addresses }), [
        { after: 0.2, what: 'slots that move', happen: () => cluster.moveSlots(30), isSilent: true },
        { after: 0.5, what: 'a killed primary', happen: async () => (await cluster.primary()).kill() },
      ]),
    ]);
  });
  after(endRedis);

  for (const [name, what] of [
    ['forced', 'under Sentinels, with a forced fail-over'],
    ['killed', 'under Sentinels, with a killed primary'],
    ['cluster', 'in a cluster, with slots that move and a killed primary'],
  ] as const) {
    it(`${what}: only sessions that were renewed during the fail-over need a new sign-in`, () => {
      const { renewals, recoveries } = courses.get(name) as Course;
      const { forced, usedTwice, counts } = renewals;
      console.log(
        `      ${renewals.renewals} renewals by ${counts.messages} messages, ${counts.faults} faults; ${forced.length} of ${PEOPLE}` +
          ` signed in again, ${usedTwice.length} refresh tokens used twice;` +
          recoveries.map(({ what: of, took }) => ` ${(took / 1000).toFixed(1)} s after ${of}`).join(),
      );
      assert.equal(counts.answers, counts.messages, 'each message has one outcome');
      for (const { user, rotatedAt } of forced) assert.ok(renewals.isInWindow(rotatedAt), `${user} was lost`);
      for (const at of usedTwice) assert.ok(renewals.isInWindow(at), 'a refresh token was used twice');
      for (const { what: of, took } of recoveries) assert.ok(took <= PATIENCE, `${took} ms after ${of}`);
    });
  }

  /** Renews sessions, and runs something else after a part of them. */
  async function run(
    name: string,
    renewals: Renewals,
    events: { after: number; what: string; happen(): Promise<unknown>; isSilent?: boolean }[],
  ): Promise<void> {
    const recoveries: Course['recoveries'] = [];
    courses.set(name, { renewals, recoveries });
    await until(() => renewals.isReady, COURSE);
    await renewals.start(PEOPLE);
    for (const { after, what, happen, isSilent = false } of events) {
      await until(() => renewals.renewals >= RENEWALS * after, COURSE);
      const begun = performance.now();
      const { losses } = renewals;
      const over = isSilent ? undefined : renewals.disturb();
      await happen();
      // It may have come back already.
      if (!isSilent) await until(() => renewals.losses > losses, COURSE);
      await until(() => renewals.isReady, COURSE);
      over?.();
      recoveries.push({ what, took: performance.now() - begun });
    }
    await until(() => renewals.renewals >= RENEWALS, COURSE);
    await renewals.end();
  }
});
