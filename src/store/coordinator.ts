import type { Cancel } from '../core/clock.ts';
import type { Listeners } from '../core/listeners.ts';

/** How one kind of record is written and read. */
export interface RecordKind<T extends object> {
  /** The prefix of the names of this kind, such as `session <connection>`. */
  readonly prefix: string;
  /** The server to which the records belong. It is named in the error of a wait that took too long. */
  readonly host: string;
  /** @returns the value to write, as JSON, and how long it is kept, in ms */
  encode(content: T): { value: object; ttl: number };
  /**
   * Checks a value that was read, because it comes from outside.
   *
   * @param age how long ago it was written, in ms
   * @returns undefined if it is invalid
   */
  decode(value: unknown, age: number): T | undefined;
  /**
   * Whether a change that is made while the store is unavailable replaces everything that was written before it. Without this: only
   * what was read before, because an older replica must not undo the work of another one.
   */
  readonly replacesUnread?: boolean;
}

/** The name of a record. It is clear text in this process; a store writes no name in clear. */
export function nameOf({ prefix }: { prefix: string }, id: string): string {
  return id === '' ? prefix : `${prefix} ${id}`;
}

/** The content of a name: a record, the note that it has ended, an invalid value, or nothing. */
export type Found<T> = T | 'ended' | 'unreadable' | undefined;

/** The record that was found; undefined for anything else. */
export function contentOf<T extends object>(found: Found<T>): T | undefined {
  return typeof found === 'object' ? found : undefined;
}

/** The shortest time for which it can be known that a record has ended, in ms: the record is removed. */
export const REMOVED = 1;

/** The right to be the only one who acts under a name. */
export interface Lock {
  /** Fires when the lock is lost. Another replica may hold it from then on. A write that is older than its writes is refused. */
  readonly signal: AbortSignal;
  /** Whether the store is unavailable, so that the lock was taken in this process only. Another replica may do the same. */
  readonly isCutOff: boolean;
}

/** A lock on the name of a record, with the right to change it. */
export interface RecordLock<T extends object> extends Lock {
  /** Reads once more. A record that cannot be read now is `unreadable`. */
  read(): Promise<Found<T>>;
  /** The record is written in the same step that gives the lock back, even if the function under the lock throws. */
  write(content: T): void;
  /** As `write`: notes that the record has ended. @param ttl how long that is known, in ms */
  end(ttl: number): void;
  /** Writes another record, as `SharedRecord.write` does, in the round trip that gives the lock back. */
  writeAlso(other: RecordWrite): void;
}

/** A record that is to be written, and its content. */
export interface RecordWrite<T extends object = object> {
  readonly record: SharedRecord<T>;
  readonly content: T;
}

/** A change of a record by one replica at a time. */
export interface Update<T extends object, R> {
  /**
   * Whether another replica has done the work. Called before the lock is taken, while another replica holds it, and with the lock.
   *
   * @returns the result of that replica; undefined if the work has to be done here
   */
  settle?(found: Found<T>): R | undefined | Promise<R | undefined>;
  /** Runs under the lock. @param found the record as it is now; undefined if the store is unavailable */
  run(found: Found<T>, lock: RecordLock<T>): Promise<R>;
  /** Whether to run without the store while it is unavailable. If not, its error is thrown. Without this: yes. */
  mayRunCutOff?(): boolean;
  /**
   * A record that `run` is going to update. Its lock is requested in the same round trip. If others hold it then, `run` waits
   * for it as without this.
   */
  readonly inner?: SharedRecord<object> | undefined;
  /**
   * Whether the result counts as soon as `run` has it, and nobody waits until the lock is given back. For what other replicas
   * read only under the same lock: they wait for it, and find what was written with it.
   */
  readonly isEager?: boolean;
}

/** A record that replicas share. Its user works with its own memory. The record is for the others. */
export interface SharedRecord<T extends object> {
  /** @throws AuthError `AUTH_STORE` if the store does not answer */
  read(): Promise<Found<T>>;
  /** Writes without a lock. It overwrites nothing newer, and never throws. */
  write(content: T): Promise<void>;
  /** As `write`: notes that the record has ended. @param ttl how long that is known, in ms */
  end(ttl: number): Promise<void>;
  /**
   * Changes the record while no other replica does.
   *
   * @throws AuthError `AUTH_STORE` if the store does not answer and the function must not run without it,
   * `AUTH_TIMEOUT` if others take longer than a message waits, and the errors of `run` and `settle`
   */
  update<R>(update: Update<T, R>): Promise<R>;
  /**
   * Follows the changes of other replicas.
   *
   * @param follow gets the content after a change, or when a change may have been missed. It does not get the own writes of this
   * record, and is not called while an update runs here. The value that it returns is written again: the store has lost it, or an
   * older writer has replaced it. That is done three times in a minute at most, because a store may lose everything
   * @returns a function that ends this
   */
  watch(follow: (found: Found<T>) => T | undefined): Cancel;
}

/**
 * The agreement among replicas: which one acts, and with what result. There are two implementations, `LocalCoordinator` for one
 * process and `StoreCoordinator` for all that share a store.
 */
export interface Coordinator {
  /** Whether records outlive this process. */
  readonly isDurable: boolean;
  /** Whether other replicas may be active and cannot be asked. */
  readonly isCutOff: boolean;
  /** Called when the store is ready, for the first time or again after it was unavailable. */
  readonly restored: Listeners<void>;
  /**
   * Runs a function while no other one runs under the same name: in this process one after another, in the order of the calls.
   * This is the only lock there is.
   *
   * @param host the server, which is named in the error of a wait that took too long
   * @throws AuthError as `SharedRecord.update`
   */
  exclusive<R>(name: string, host: string, run: (lock: Lock) => Promise<R>): Promise<R>;
  /** @param id identifies the record among those of its kind; empty if there is only one */
  record<T extends object>(kind: RecordKind<T>, id: string): SharedRecord<T>;
}
