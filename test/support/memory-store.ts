import type { Cancel, Clock } from '../../src/core/clock.ts';
import { AuthError } from '../../src/core/errors.ts';
import { Listeners } from '../../src/core/listeners.ts';
import { Entries } from '../../src/store/entries.ts';
import { InProcessLeases, Watchers } from '../../src/store/in-process.ts';
import {
  LEASE_LIFE,
  type Lease,
  MOST_ENTRIES,
  type PutOptions,
  type Store,
  type StoredEntry,
  type StoreState,
  SWEEP_PAUSE,
} from '../../src/store/store.ts';

/**
 * A store in memory, for tests alone: the shortest thing that keeps the whole contract (`store-contract.ts`). Several engines
 * in one process take the place of replicas on it. The package has none: without a session store nothing is shared.
 */
export class MemoryStore implements Store {
  readonly isShared = false;
  readonly changes = new Listeners<StoreState>();
  readonly #clock: Clock;
  readonly #entries: Entries;
  readonly #leases = new InProcessLeases();
  readonly #watchers = new Watchers();
  #state: StoreState = { at: 'ready' };
  #sweep: Cancel | undefined;

  /** @param most how many entries are kept; the one that was not used for the longest time goes first */
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

  async lease(name: string): Promise<Lease | { left: number }> {
    this.#mustBeOpen();
    if (this.#leases.has(name)) return { left: LEASE_LIFE };
    const fence = this.#entries.nextFence(name, this.#clock.now());
    this.#sweepLater();
    return this.#leases.take(name, { fence, entry: this.#entryOf(name) }, async (change) => {
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
    this.#leases.clear();
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

  /** What has outlived its life goes by and by. No timer runs while there is nothing. */
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
