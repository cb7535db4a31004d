import type { Cancel } from '../core/clock.ts';
import type { Listeners } from '../core/listeners.ts';

/** An entry that was read from a store. */
export interface StoredEntry {
  /** The written value, parsed from JSON. It comes from outside: check it before it is used. */
  readonly value: unknown;
  /** How long ago it was written, in ms, by one clock for all that share the store. */
  readonly age: number;
  /** The fencing number with which it was written. */
  readonly fence: number;
}

/** The right to be the only one who renews, signs in or takes a step, for as long as it is held. */
export interface StoreLock {
  /**
   * Larger than that of every earlier lock and write on this name: a write with a smaller one is refused.
   * It is at least the time in ms since 1970 when the lock was given, so it does not decrease
   * even if the store lost everything.
   */
  readonly fence: number;
  /** Whether it is certain that nobody else got it. A holder that was paused for too long loses it. */
  readonly isHeld: boolean;
  /** Fires as soon as it is known that the lock is no longer held. */
  readonly signal: AbortSignal;
  /** The entry of this name when the lock was given. */
  readonly entry: StoredEntry | undefined;
  /**
   * Gives it back, and notifies those who wait. It never throws.
   *
   * @param change written under this name in the same step, as by `put` with the number of the lock
   * @param others written under other names in the same round trip, as by `put`
   */
  release(change?: Omit<PutOptions, 'fence'> & { value: unknown }, others?: readonly StoreWrite[]): Promise<void>;
}

/** The state of a store, for the status and for callers that continue without it. */
export type StoreState = { at: 'connecting' } | { at: 'ready' } | { at: 'gone'; cause: string };

/** The longest wait for an answer of a store, in ms. */
export const STORE_TIMEOUT = 2_000;

/** How long a lock is valid, in ms. Its holder extends it. If the holder has died, another one gets it after this time. */
export const LOCK_TTL = 6_000;

/** How many entries a store keeps in this process by default. */
export const MOST_ENTRIES = 40_000;

/** The interval at which expired entries are removed in this process, in ms. */
export const SWEEP_PAUSE = 60_000;

/** The longest life of a record in a store that outlives the process, in ms: a year. */
const LONGEST_RECORD = 365 * 24 * 3_600_000;

/** How long the master key is kept after its last use, in ms: longer than any record that needs it. */
export const MASTER_LIFE = 400 * 24 * 3_600_000;

/** A life in whole ms, within the limits of a store. A record with another life would never be written. */
export function lifeInStore(life: number): number {
  return Math.min(LONGEST_RECORD, Math.max(1, Math.ceil(life) || 1));
}

/** Options of a write. */
export interface PutOptions {
  readonly life: number;
  readonly fence: number;
  readonly writer?: string;
}

/** A record to write. */
export interface StoreWrite extends PutOptions {
  readonly name: string;
  readonly value: unknown;
}

/**
 * The data that replicas share, or that one Node-RED keeps over a restart. Both kinds (context, Redis) behave the same.
 *
 * A name is clear text here, such as `session …` or `user …`; the store writes neither names nor values in clear.
 * An entry that cannot be read (another key, changed, foreign) counts as absent.
 */
export interface Store {
  /** Whether other processes use it, too. Only then their actions are unknown while it is unavailable. */
  readonly isShared: boolean;
  readonly state: StoreState;
  readonly changes: Listeners<StoreState>;

  /**
   * @returns the entry, including unwritten changes of this process; undefined if there is none
   * @throws AuthError `AUTH_STORE` if the store does not answer within 2 s; at once while it is unavailable
   */
  get(name: string): Promise<StoredEntry | undefined>;

  /**
   * Writes, unless there is an entry with a larger fencing number. While the store is unavailable the change is kept
   * and written when it is back. It never throws.
   *
   * @param life how long it is kept, in ms
   * @param writer identifies the writer: a watcher with the same word is not notified
   * @returns false if there is a newer entry, or the store is unavailable
   */
  put(name: string, value: unknown, options: PutOptions): Promise<boolean>;

  /** Removes the entry, unless it was written with a larger fencing number. As `put` otherwise. */
  remove(name: string, fence: number): Promise<boolean>;

  /**
   * @returns the lock, or for how long another one holds it, in ms. It is extended while it is held, and expires if its holder died.
   * @throws AuthError `AUTH_STORE` as `get`
   */
  lock(name: string): Promise<StoreLock | { left: number }>;

  /**
   * Notifies of writes, removals and releases under this name, by anyone; and once after the store
   * was unavailable, because changes may have been missed. Then watchers are called in portions, one after another.
   *
   * @param listener may return a promise, for which the next portion waits. It need not handle errors
   * @param writer whose own writes are not reported
   */
  watch(name: string, listener: () => unknown, writer?: string): Cancel;

  /** Ends connections and timers. Locks that are held expire. Afterwards the store is unavailable (`closed`). */
  close(): void;
}

/** A store that outlives the process, so that it may contain entries that this process cannot read. */
export interface DurableStore extends Store {
  readonly kind: 'context' | 'redis';
  /** Its name in errors. Never with a password. */
  readonly host: string;
  /** Called once, when an entry is found that was written with another key, or was changed. It counts as absent. */
  readonly unreadable: Listeners<void>;
  /**
   * Takes over the changes that its predecessor could not write, and those of work that began with it. Called before the
   * predecessor is closed. Without this method they are lost.
   */
  takeOver?(before: DurableStore): void;
}
