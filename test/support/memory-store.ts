import type { Cancel, Clock } from '../../src/core/clock.ts';
import { AuthError } from '../../src/core/errors.ts';
import { Listeners } from '../../src/core/listeners.ts';
import { Entries } from '../../src/store/entries.ts';
import { InProcessLocks, Watchers } from '../../src/store/in-process.ts';
import {
  LOCK_TTL,
  MOST_ENTRIES,
  type PutOptions,
  type Store,
  type StoredEntry,
  type StoreLock,
  type StoreState,
  SWEEP_PAUSE,
} from '../../src/store/store.ts';

/**
 * A store in memory, for tests only: the shortest implementation of the contract (`store-contract.ts`). Several engines
 * in one process use it like replicas. The package has none: without a session store nothing is shared.
 */
export class MemoryStore implements Store {
  readonly isShared = false;
  readonly changes = new Listeners<StoreState>();
  readonly #clock: Clock;
  readonly #entries: Entries;
  readonly #locks = new InProcessLocks();
  readonly #watchers = new Watchers();
  #state: StoreState = { at: 'ready' };
  #sweep: Cancel | undefined;

  /** @param most the number of entries; the least recently used one is removed first */
  constructor(clock: Clock, most: number = MOST_ENTRIES) {
    this.#clock = clock;
    this.#entries = new Entries(most);
  }

  get state(): StoreState {
    return this.#state;
  }

  async get(name: string): Promise<StoredEntry | undefined> {
    this.#mustBeOpen();
    return this.#entryOf(name);
  }

  async put(name: string, value: unknown, { life, fence, writer }: PutOptions): Promise<boolean> {
    if (this.#state.at === 'gone') return false;
    const entry = this.#entries.put(name, JSON.stringify(value), life, fence, this.#clock.now());
    if (!entry) return false;
    this.#sweepLater();
    this.#watchers.tell(name, writer);
    return true;
  }

  async remove(name: string, fence: number): Promise<boolean> {
    if (this.#state.at === 'gone' || !this.#entries.remove(name, fence, this.#clock.now())) return false;
    this.#sweepLater();
    this.#watchers.tell(name);
    return true;
  }

  async lock(name: string): Promise<StoreLock | { left: number }> {
    this.#mustBeOpen();
    if (this.#locks.has(name)) return { left: LOCK_TTL };
    const fence = this.#entries.nextFence(name, this.#clock.now());
    this.#sweepLater();
    return this.#locks.take(name, { fence, entry: this.#entryOf(name) }, async (change, others = []) => {
      for (const other of others) await this.put(other.name, other.value, other);
      if (!change || !(await this.put(name, change.value, { ...change, fence }))) this.#watchers.tell(name);
    });
  }

  watch(name: string, listener: () => unknown, writer?: string): Cancel {
    return this.#watchers.add(name, listener, writer);
  }

  close(): void {
    if (this.#state.at === 'gone') return;
    this.#state = { at: 'gone', cause: 'closed' };
    this.#sweep?.();
    this.#entries.clear();
    this.#locks.clear();
    this.#watchers.clear();
    this.changes.tell(this.#state);
  }

  #entryOf(name: string): StoredEntry | undefined {
    const now = this.#clock.now();
    const entry = this.#entries.get(name, now);
    return entry && { value: JSON.parse(entry.text), age: Math.max(0, now - entry.writtenAt), fence: entry.fence };
  }

  #mustBeOpen(): void {
    if (this.#state.at === 'gone') throw new AuthError('store-gone', { host: 'memory', cause: this.#state.cause });
  }

  /** Expired entries are removed later. No timer runs while the store is empty. */
  #sweepLater(): void {
    this.#sweep ??= this.#clock.after(
      SWEEP_PAUSE,
      () => {
        this.#sweep = undefined;
        this.#entries.sweep(this.#clock.now());
        if (!this.#entries.isEmpty) this.#sweepLater();
      },
      true,
    );
  }
}
