import { BATCH } from './context-records.ts';

/** A part of the changes, which is being written. */
interface Batch {
  /** Names whose entries are written or removed. */
  readonly names: readonly string[];
  /** Keys of expired records, which are removed. */
  readonly stale: readonly string[];
}

/** What a context store does not have yet. */
export class ContextChanges {
  readonly #names = new Set<string>();
  readonly #stale = new Set<string>();
  #batch: Batch = { names: [], stale: [] };

  /** The number of changes, without those that are being written. */
  get size(): number {
    return this.#names.size + this.#stale.size;
  }

  /** All names that were changed, also those that are being written. */
  get names(): ReadonlySet<string> {
    return new Set([...this.#batch.names, ...this.#names]);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** An entry was changed or removed. */
  add(name: string): void {
    this.#names.add(name);
  }

  /** The entry is the same as in the context store again. */
  delete(name: string): void {
    this.#names.delete(name);
  }

  /** A record in the context store has expired. */
  addStale(key: string): void {
    this.#stale.add(key);
  }

  /** The next changes to write; undefined if there are none. A change that comes meanwhile is in a later batch. */
  take(): Batch | undefined {
    const names = [...this.#names].slice(0, BATCH);
    const stale = [...this.#stale].slice(0, BATCH - names.length);
    if (names.length + stale.length === 0) return undefined;
    for (const name of names) this.#names.delete(name);
    for (const key of stale) this.#stale.delete(key);
    this.#batch = { names, stale };
    return this.#batch;
  }

  /** The batch was written, or could not be written. */
  taken(isWritten: boolean): void {
    const { names, stale } = this.#batch;
    this.#batch = { names: [], stale: [] };
    if (isWritten) return;
    for (const name of names) this.#names.add(name);
    for (const key of stale) this.#stale.add(key);
  }

  clear(): void {
    this.#names.clear();
    this.#stale.clear();
  }
}
