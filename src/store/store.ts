import type { Cancel } from '../core/clock.ts';
import type { Listeners } from '../core/listeners.ts';

/** Something that was read from a store. */
export interface StoredEntry {
  /** What was written, as JSON gives it back. It comes from outside: check it before it is used. */
  readonly value: unknown;
  /** How long ago it was written, in ms, by one clock for all who share the store. */
  readonly age: number;
  /** The fencing number that it was written with. */
  readonly fence: number;
}

/** The right to be the only one who renews, signs in or takes a step, for as long as it is held. */
export interface Lease {
  /**
   * Larger than that of every earlier lease and write on this name: a write with a smaller one is refused.
   * It is no smaller than the time in ms since 1970 when the lease was given, so it does not go back
   * even when the store lost everything.
   */
  readonly fence: number;
  /** Whether it is certain that nobody else got it. A holder that was paused too long loses it. */
  readonly isHeld: boolean;
  /** Fires as soon as it is known that it is not held any more. */
  readonly signal: AbortSignal;
  /** What was written under this name when the lease was given. */
  readonly entry: StoredEntry | undefined;
  /**
   * Gives it back, and tells those who wait. It never throws.
   *
   * @param change what is written under this name in the same step, as `put` does with the number of the lease
   */
  release(change?: Omit<PutOptions, 'fence'> & { value: unknown }): Promise<void>;
}

/** Where a store stands, for showing and for who has to go on without it. */
export type StoreState = { at: 'connecting' } | { at: 'ready' } | { at: 'gone'; cause: string };

/** How long a store may keep anybody waiting, in ms. */
export const STORE_TIMEOUT = 2_000;

/** For how long a lease is given, in ms. Its holder prolongs it; one that died is overtaken after this time. */
export const LEASE_LIFE = 6_000;

/** How many entries a store keeps in this process, where nothing else is set. */
export const MOST_ENTRIES = 40_000;

/** How often what has outlived its life is swept out of this process, in ms. */
export const SWEEP_PAUSE = 60_000;

/** The longest life of a record in a store that outlives the process, in ms: a year. */
const LONGEST_RECORD = 365 * 24 * 3_600_000;

/** For how long the master key is kept after it was last in use, in ms: longer than any record that needs it. */
export const MASTER_LIFE = 400 * 24 * 3_600_000;

/** A life as a store takes it, in whole ms. One that the store would not take would never be written. */
export function lifeInStore(life: number): number {
  return Math.min(LONGEST_RECORD, Math.max(1, Math.ceil(life) || 1));
}

/** How something is written. */
export interface PutOptions {
  readonly life: number;
  readonly fence: number;
  readonly writer?: string;
}

/**
 * What replicas keep together, or one Node-RED keeps over a restart. Both kinds (context, Redis) behave the same.
 *
 * A name is clear text in here, such as `session …` or `user …`; the store writes neither names nor values in the clear.
 * What cannot be read (another key, changed, foreign) counts as absent.
 */
export interface Store {
  /** Whether other processes use it, too: only then a store that is gone leaves it open what they are doing. */
  readonly isShared: boolean;
  readonly state: StoreState;
  readonly changes: Listeners<StoreState>;

  /**
   * @returns what is there, this process's own unwritten changes included; undefined where there is nothing
   * @throws AuthError `AUTH_STORE` where the store does not answer within 2 s; at once while it is known to be gone
   */
  get(name: string): Promise<StoredEntry | undefined>;

  /**
   * Writes, unless something with a larger fencing number was written. While the store is gone the change is kept
   * and written when it is back. It never throws.
   *
   * @param life how long it is kept, in ms
   * @param writer who writes: a watcher with the same word is not told
   * @returns false where something newer is there, or the store is gone
   */
  put(name: string, value: unknown, options: PutOptions): Promise<boolean>;

  /** Takes away what is there, unless it was written with a larger fencing number. As `put` otherwise. */
  remove(name: string, fence: number): Promise<boolean>;

  /**
   * @returns the lease, or for how long another one holds it, in ms. It is kept up while it is held; one whose holder died ends by itself.
   * @throws AuthError `AUTH_STORE` as `get`
   */
  lease(name: string): Promise<Lease | { left: number }>;

  /**
   * Tells when something was written, removed or given back under this name, by anyone; and once after the store
   * was gone, because nobody knows what was missed. Then watchers are told in portions, one after another.
   *
   * @param listener may return a promise, which the next portion waits for. It need not catch anything
   * @param writer whose own writes it is not told of
   */
  watch(name: string, listener: () => unknown, writer?: string): Cancel;

  /** Ends connections and timers. Leases that are held end by themselves. Afterwards the store is gone (`closed`). */
  close(): void;
}

/** A store that outlives the process, so that it may hold what this process cannot read. */
export interface KeptStore extends Store {
  /** What errors call it. Never with a password. */
  readonly host: string;
  /** Told once, when something is found that was written with another key, or was changed. It counts as absent. */
  readonly unreadable: Listeners<void>;
}
