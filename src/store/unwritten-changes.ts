import { LRUCache } from 'lru-cache';
import type { Change } from './redis-write.ts';

/** How many changes are kept while the server is unavailable. */
const MOST_UNWRITTEN = 10_000;

/** The changes of one process that are not on the server yet: the newest one of each name. */
export class UnwrittenChanges {
  /** Those that could not be written. */
  readonly #kept = new LRUCache<string, Change>({ max: MOST_UNWRITTEN });
  /** Those that were sent, and whose answer has not arrived. */
  readonly #sent = new Map<string, Change>();

  /** Whether every change could be written, apart from those whose answer has not arrived. */
  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  has(name: string): boolean {
    return this.#kept.has(name);
  }

  get(name: string): Change | undefined {
    return this.#kept.peek(name);
  }

  /** A change is sent. */
  send(name: string, change: Change): void {
    this.#sent.set(name, change);
  }

  /** The answer has arrived, or there will be none. */
  answered(name: string, change: Change): void {
    if (this.#sent.get(name) === change) this.#sent.delete(name);
  }

  /** Keeps a change that could not be written, unless there is a newer one. @returns whether it is kept */
  keep(name: string, change: Change): boolean {
    if (this.#sent.get(name) !== change) return false;
    const kept = this.#kept.peek(name);
    if (kept && kept.fence > change.fence) return false;
    this.#kept.set(name, change);
    return true;
  }

  /** The next changes to write, the oldest first: a record that refers to a session comes after the record of the session. */
  batch(most: number): [name: string, change: Change][] {
    const batch: [name: string, change: Change][] = [];
    for (const entry of this.#kept.rentries()) if (batch.push(entry as [string, Change]) >= most) break;
    return batch;
  }

  /** A change of a batch was written. */
  written(name: string, change: Change): void {
    if (this.#kept.peek(name) === change) this.#kept.delete(name);
  }

  /**
   * Takes over the changes of another store, also those whose answer has not arrived: they may be written twice. The locks that they
   * would give back were those of that store.
   */
  takeOver(before: UnwrittenChanges): void {
    // The least recent one first: it would make room first.
    for (const [name, change] of [...before.#kept.entries()].reverse()) this.#add(name, change);
    for (const [name, change] of before.#sent) this.#add(name, change);
  }

  clear(): void {
    this.#kept.clear();
  }

  #add(name: string, change: Change): void {
    const kept = this.#kept.peek(name);
    if (!kept || kept.fence <= change.fence) this.#kept.set(name, { ...change, owner: undefined });
  }
}
