import type { Cancel } from '../core/clock.ts';
import type { Listeners } from '../core/listeners.ts';

/** How one kind of record is written and read. */
export interface RecordKind<T extends object> {
  /** What the names of this kind begin with, as `session <connection>`. */
  readonly prefix: string;
  /** The server that the records are about. An error that a wait took too long names it. */
  readonly host: string;
  /** @returns what is written, as JSON, and how long it is kept, in ms */
  encode(content: T): { value: object; ttl: number };
  /**
   * Checks what was read: it comes from outside.
   *
   * @param age how long ago it was written, in ms
   * @returns undefined if it makes no sense
   */
  decode(value: unknown, age: number): T | undefined;
}

/** What a record is called. It is clear text in this process; a store writes no name in the clear. */
export function nameOf({ prefix }: { prefix: string }, id: string): string {
  return id === '' ? prefix : `${prefix} ${id}`;
}

/** What is under a name: a record, the note that it has ended, something that makes no sense here, or nothing. */
export type Found<T> = T | 'ended' | 'unreadable' | undefined;

/** The record that was found; undefined for anything else. */
export function contentOf<T extends object>(found: Found<T>): T | undefined {
  return typeof found === 'object' ? found : undefined;
}

/** The shortest time for which it can be known that a record has ended, in ms: the record is removed. */
export const REMOVED = 1;

/** The right to be the only one who acts under a name. */
export interface Lock {
  /** Fires when the lock is lost: another replica may hold it from then on. An older write than that one's is refused. */
  readonly signal: AbortSignal;
  /** The store is gone, so the lock was taken in this process alone. Another replica may do the same. */
  readonly isCutOff: boolean;
}

/** A lock on the name of a record, with the right to change it. */
export interface RecordLock<T extends object> extends Lock {
  /** Reads once more. What cannot be read now is `unreadable`. */
  read(): Promise<Found<T>>;
  /** The record is written in the same step that gives the lock back, also if what runs under the lock throws. */
  write(content: T): void;
  /** As `write`: notes that the record has ended. @param ttl how long that is known, in ms */
  end(ttl: number): void;
}

/** A change of a record by one replica at a time. */
export interface Update<T extends object, R> {
  /**
   * Whether another replica has done it. Asked before the lock is taken, while another replica holds it, and once with the lock.
   *
   * @returns what it comes to; undefined if it has to be done here
   */
  settle?(found: Found<T>): R | undefined | Promise<R | undefined>;
  /** Runs under the lock. @param found the record as it is now; undefined if the lock is cut off */
  run(found: Found<T>, lock: RecordLock<T>): Promise<R>;
  /** Whether to run cut off while the store is gone. Else its error is thrown. Without this: yes. */
  mayRunCutOff?(): boolean;
}

/** A record that replicas have in common. Who uses it keeps what it serves from; the record is what the others know. */
export interface SharedRecord<T extends object> {
  /** @throws AuthError `AUTH_STORE` if the store does not answer */
  read(): Promise<Found<T>>;
  /** Writes without a lock. It overwrites nothing that is newer, and never throws. */
  write(content: T): Promise<void>;
  /** As `write`: notes that the record has ended. @param ttl how long that is known, in ms */
  end(ttl: number): Promise<void>;
  /**
   * Changes the record while no other replica does.
   *
   * @throws AuthError `AUTH_STORE` if the store does not answer and it must not run cut off,
   *   `AUTH_TIMEOUT` if others take longer than a message waits, and whatever `run` and `settle` throw
   */
  update<R>(update: Update<T, R>): Promise<R>;
  /**
   * Follows what other replicas make of the record.
   *
   * @param follow gets what is there after a change, or when nobody knows what was missed. It is not told of this record's own
   *   writes, and not while an update runs here. What it returns is written again: the store has lost it, or an older writer
   *   has replaced it. That is done three times in a minute at most, because a store may lose all that it is given
   * @returns ends it
   */
  watch(follow: (found: Found<T>) => T | undefined): Cancel;
}

/**
 * What replicas agree on: who acts, and what the result is. There are two implementations, `LocalCoordinator` for one process
 * and `StoreCoordinator` for all that share a store.
 */
export interface Coordinator {
  /** Whether records outlive this process. */
  readonly isDurable: boolean;
  /** Whether other replicas may act, and cannot be asked. */
  readonly isCutOff: boolean;
  /** Told when the store is ready, for the first time or again after it was gone. */
  readonly restored: Listeners<void>;
  /**
   * Runs something while nobody else runs anything under the same name: in this process one after another, in the order of the calls.
   * This is the only lock there is.
   *
   * @param host the server that it is about. An error that the wait took too long names it
   * @throws AuthError as `SharedRecord.update`
   */
  exclusive<R>(name: string, host: string, run: (lock: Lock) => Promise<R>): Promise<R>;
  /** @param id tells it from the other records of its kind; empty if there is one */
  record<T extends object>(kind: RecordKind<T>, id: string): SharedRecord<T>;
}
