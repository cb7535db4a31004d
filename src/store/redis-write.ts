import type { Clock } from '../core/clock.ts';
import { FENCE_MARGIN } from './entries.ts';
import type { Run } from './redis-connection.ts';
import type { Seal } from './seal.ts';
import type { ServerClock } from './server-clock.ts';
import { storeGone } from './store-timeout.ts';

/** The permitted error of the sealed time, in ms, and how many times a record is sealed again with the right one. */
const TIME_ERROR = 10_000;
const MOST_TRIES = 3;

/** A change that is under way, not yet sealed. A removal has no content. */
export interface Change {
  /** The content, as JSON. */
  readonly json: string | undefined;
  readonly fence: number;
  readonly life: number;
  /** ms since 1970 */
  readonly since: number;
  readonly writer?: string | undefined;
  /** The owner of the lock that is given back with it. */
  readonly owner?: string | undefined;
}

/** The keys of a name. */
export interface Place {
  readonly id: string;
  readonly key: string;
  readonly seal: Seal;
}

/** The other values that are needed to write a change. */
export interface WriteMeans {
  readonly host: string;
  readonly channel: string;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
}

/**
 * Seals a change and writes it. If the clock of Redis differs from its last known time, nothing is written, and the
 * change is sealed again with the right time.
 *
 * @returns false if there is a newer entry
 * @throws AuthError `AUTH_STORE`
 */
export async function writeChange(run: Run, place: Place, change: Change, means: WriteMeans): Promise<boolean> {
  const { id, key, seal } = place;
  const { json, fence, life, since, writer, owner = '' } = change;
  const keys = [key, `${key}:fence`];
  const news = [means.channel, writer === undefined ? id : `${id} ${writer}`];
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const age = Math.max(0, Math.round(means.clock.now() - since));
    const left = life - age;
    const keepsFence = Math.max(0, left) + FENCE_MARGIN;
    if (json === undefined || left <= 0) return (await run('removeRecord', keys, [fence, keepsFence, ...news])) === 1;
    const time = Math.max(0, means.serverClock.now() - age);
    const box = seal.close(key, { fence, time, life }, json);
    const args = [fence, box, left, keepsFence, age, time, TIME_ERROR, owner, ...news];
    const answer = await run('writeRecord', [...keys, `${key}:lock`], args);
    const [done, now] = Array.isArray(answer) ? answer : [];
    means.serverClock.saw(now);
    if (done !== 'time') return done === 'written';
  }
  throw storeGone(means.host, 'clock');
}
