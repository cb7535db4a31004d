import type { Cancel, Clock } from '../core/clock.ts';
import { LEASE_LIFE, type Lease, type StoredEntry } from './store.ts';

/** How often a lease is prolonged while it is held, in ms. */
const KEEP_UP = 2_000;

/** A moment by two clocks: the one goes wrong when somebody sets it, the other stands still while the machine sleeps. */
interface Moment {
  wall: number;
  steady: number;
}

/** What a lease needs of its store. */
export interface LeaseHome {
  /** @returns whether it is still this holder's; undefined where nobody can say */
  extend(): Promise<boolean | undefined>;
  giveBack(change: Parameters<Lease['release']>[0]): Promise<void>;
  /** It needs no timer any more. */
  ended(lease: RedisLease): void;
}

/** A lease in Redis, prolonged until it is given back. It counts as lost as soon as it is not certain. */
export class RedisLease implements Lease {
  readonly fence: number;
  readonly entry: StoredEntry | undefined;
  readonly #clock: Clock;
  readonly #home: LeaseHome;
  #asked: Moment;
  #isOver = false;
  #timer: Cancel | undefined;
  readonly #abort = new AbortController();

  /** @param asked when the server was asked for it: its life there began no earlier */
  constructor(given: Pick<Lease, 'fence' | 'entry'>, asked: Moment, home: LeaseHome, clock: Clock) {
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

  /** A process that was paused may find out here. */
  get signal(): AbortSignal {
    if (!this.isHeld) this.#abort.abort();
    return this.#abort.signal;
  }

  async release(change?: Parameters<Lease['release']>[0]): Promise<void> {
    if (this.#isOver && !change) return;
    this.end();
    await this.#home.giveBack(change);
  }

  /** Ends it here; at the server it runs out. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.();
    this.#abort.abort();
    this.#home.ended(this);
  }

  get #isCertain(): boolean {
    const { wall, steady } = momentOf(this.#clock);
    const age = wall - this.#asked.wall;
    return age >= 0 && age < LEASE_LIFE && steady - this.#asked.steady < LEASE_LIFE;
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
