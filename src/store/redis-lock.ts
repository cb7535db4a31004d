import type { Cancel, Clock } from '../core/clock.ts';
import { LOCK_TTL, type StoredEntry, type StoreLock } from './store.ts';

/** The interval at which a held lock is extended, in ms. */
const KEEP_UP = 2_000;

/** A moment by two clocks: one is wrong after somebody sets it, the other stops while the machine sleeps. */
interface Moment {
  wall: number;
  steady: number;
}

/** The functions of its store that a lock needs. */
export interface LockHome {
  /** @returns whether this holder still has it; undefined if that is not known */
  extend(): Promise<boolean | undefined>;
  giveBack: StoreLock['release'];
  /** It no longer needs a timer. */
  ended(lock: RedisLock): void;
}

/** A lock in Redis, extended until it is given back. It counts as lost as soon as it is uncertain. */
export class RedisLock implements StoreLock {
  readonly fence: number;
  readonly entry: StoredEntry | undefined;
  readonly #clock: Clock;
  readonly #home: LockHome;
  #asked: Moment;
  #isOver = false;
  #timer: Cancel | undefined;
  /** Made when it is asked for: an abort makes an error with a stack, and nobody needs it after most locks. */
  #abort: AbortController | undefined;

  /** @param asked when the request for it was sent: its life there began no earlier */
  constructor(given: Pick<StoreLock, 'fence' | 'entry'>, asked: Moment, home: LockHome, clock: Clock) {
    this.fence = given.fence;
    this.entry = given.entry;
    this.#asked = asked;
    this.#home = home;
    this.#clock = clock;
    this.#keepUp();
  }

  get isHeld(): boolean {
    return !this.#isOver && this.#isCertain;
  }

  /** A process that was paused may notice it here. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (!this.isHeld) this.#abort.abort();
    return this.#abort.signal;
  }

  async release(...[change, others = []]: Parameters<StoreLock['release']>): Promise<void> {
    if (this.#isOver && !change && others.length === 0) return;
    this.end();
    await this.#home.giveBack(change, others);
  }

  /** Ends it here. At the server it expires. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.();
    this.#abort?.abort();
    this.#home.ended(this);
  }

  get #isCertain(): boolean {
    const { wall, steady } = momentOf(this.#clock);
    const age = wall - this.#asked.wall;
    return age >= 0 && age < LOCK_TTL && steady - this.#asked.steady < LOCK_TTL;
  }

  #keepUp(): void {
    this.#timer = this.#clock.after(KEEP_UP, () => void this.#prolong(), true);
  }

  async #prolong(): Promise<void> {
    const asked = momentOf(this.#clock);
    // Once lost it stays lost, even if nobody else took it.
    const isMine = this.#isCertain ? await this.#home.extend() : false;
    if (this.#isOver) return;
    if (isMine === false || !this.#isCertain) {
      this.end();
      return;
    }
    if (isMine) this.#asked = asked;
    this.#keepUp();
  }
}

/** This moment, by both clocks. */
export function momentOf(clock: Clock): Moment {
  return { wall: clock.now(), steady: performance.now() };
}
