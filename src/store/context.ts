import type { Cancel, Clock } from '../core/clock.ts';
import type { AuthError } from '../core/errors.ts';
import { Listeners, Once } from '../core/listeners.ts';
import { type ContextAccess, contextCause } from './context-access.ts';
import { BATCH, ContextRecords, type FoundRecord } from './context-records.ts';
import { Entries } from './entries.ts';
import { InProcessLeases, Watchers } from './in-process.ts';
import type { Keyring, Settled } from './keyring.ts';
import {
  type KeptStore,
  LEASE_LIFE,
  type Lease,
  lifeInStore,
  MOST_ENTRIES,
  type PutOptions,
  type StoredEntry,
  type StoreState,
  SWEEP_PAUSE,
} from './store.ts';
import { answerOf, storeGone } from './store-timeout.ts';

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/**
 * The store of one process, which is written to a context store as well, so that another process after a restart finds it.
 * This process's memory is what counts; the context store is read once, at the opening.
 */
export class ContextStore implements KeptStore {
  readonly isShared = false;
  readonly changes = new Listeners<StoreState>();
  readonly unreadable = new Once<void>();
  readonly host: string;
  readonly #clock: Clock;
  readonly #isTrial: boolean;
  readonly #entries: Entries;
  readonly #leases = new InProcessLeases();
  readonly #watchers = new Watchers();
  readonly #records: ContextRecords;
  /** The names whose entries are not yet in the context store as they are here. */
  readonly #unwritten = new Set<string>();
  /** The keys in the context store whose records are over. */
  readonly #stale = new Set<string>();
  #state: StoreState = { at: 'connecting' };
  /** Comes with the master key. */
  readonly #settling: Promise<Settled>;
  readonly #opening: Promise<void>;
  #isRead = false;
  #writing: Promise<void> = Promise.resolve();
  #nextBatch: Promise<void> | undefined;
  #pause = FIRST_PAUSE;
  #retry: Cancel | undefined;
  #sweep: Cancel | undefined;

  /**
   * @param host what an error calls this store
   * @param isTrial it is only looked at, so nothing of another one is swept out
   */
  constructor(
    access: ContextAccess,
    keyring: Keyring,
    host: string,
    clock: Clock,
    { most = MOST_ENTRIES, isTrial = false }: { most?: number; isTrial?: boolean } = {},
  ) {
    this.#records = new ContextRecords(access, keyring, host, clock, isTrial);
    this.#isTrial = isTrial;
    this.host = host;
    this.#clock = clock;
    this.#entries = new Entries(most, (name) => {
      this.#unwritten.add(name);
      void this.#write();
    });
    this.#settling = this.#records.settle();
    this.#opening = this.#read(this.#settling);
  }

  /** A deploy may give the same store another way to its context. */
  set access(access: ContextAccess) {
    this.#records.access = access;
  }

  get state(): StoreState {
    return this.#state;
  }

  async get(name: string): Promise<StoredEntry | undefined> {
    await this.#opened();
    const entry = this.#entryOf(name);
    // What could not be read at the opening may still be there.
    if (!entry && !this.#isRead) throw storeGone(this.host, this.#state.at === 'gone' ? this.#state.cause : 'timeout');
    return entry;
  }

  async put(name: string, value: unknown, { life, fence, writer }: PutOptions): Promise<boolean> {
    const json = JSON.stringify(value) ?? 'null';
    const make = (now: number): boolean => Boolean(this.#entries.put(name, json, lifeInStore(life), fence, now));
    return this.#change(name, make, writer);
  }

  async remove(name: string, fence: number): Promise<boolean> {
    return this.#change(name, (now) => this.#entries.remove(name, fence, now));
  }

  async lease(name: string): Promise<Lease | { left: number }> {
    await this.#opened();
    if (this.#leases.has(name)) return { left: LEASE_LIFE };
    const fence = this.#entries.nextFence(name, this.#clock.now());
    const entry = this.#entryOf(name);
    this.#sweepLater();
    return this.#leases.take(name, { fence, entry }, async (change) => {
      if (change) await this.put(name, change.value, { ...change, fence });
      else this.#watchers.tell(name);
    });
  }

  watch(name: string, listener: () => unknown, writer?: string): Cancel {
    return this.#watchers.add(name, listener, writer);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#retry?.();
    this.#sweep?.();
    this.#entries.clear();
    this.#unwritten.clear();
    this.#stale.clear();
    this.#leases.clear();
    this.#watchers.clear();
    this.#become({ at: 'gone', cause: 'closed' });
  }

  get #isClosed(): boolean {
    return this.#state.at === 'gone' && this.#state.cause === 'closed';
  }

  /**
   * Waits for what an earlier process left, 2 s at most. This process's own entries are there without it.
   *
   * @throws AuthError `AUTH_STORE` if the store is closed
   */
  async #opened(): Promise<void> {
    if (this.#state.at === 'connecting') {
      // This machine has as long as it needs to derive a key.
      await this.#settling.catch(() => undefined);
      await answerOf(this.#opening, this.host, this.#clock).catch((_late: AuthError) => undefined);
    }
    if (this.#isClosed) throw storeGone(this.host, 'closed');
  }

  #entryOf(name: string): StoredEntry | undefined {
    const now = this.#clock.now();
    const entry = this.#entries.get(name, now);
    return entry && { value: JSON.parse(entry.text), age: Math.max(0, now - entry.writtenAt), fence: entry.fence };
  }

  /** Makes a change here, and then in the context store. */
  async #change(name: string, make: (now: number) => boolean, writer?: string): Promise<boolean> {
    await this.#opened().catch(() => undefined);
    if (this.#isClosed || !make(this.#clock.now())) return false;
    this.#unwritten.add(name);
    this.#sweepLater();
    this.#watchers.tell(name, writer);
    // If many are to be written, it may be in a later batch.
    while (this.#state.at === 'ready' && this.#unwritten.has(name)) await this.#write();
    return !this.#unwritten.has(name);
  }

  /** Brings the context store to where this process is: the next batch, once the one that is on its way is written. */
  #write(): Promise<void> {
    this.#nextBatch ??= this.#writing.then(async () => {
      this.#nextBatch = undefined;
      if (this.#state.at === 'ready') await this.#writeBatch();
    });
    this.#writing = this.#nextBatch;
    return this.#nextBatch;
  }

  async #writeBatch(): Promise<void> {
    const names = [...this.#unwritten].slice(0, BATCH);
    const stale = [...this.#stale].slice(0, BATCH - names.length);
    if (names.length + stale.length === 0) return;
    for (const name of names) this.#unwritten.delete(name);
    for (const key of stale) this.#stale.delete(key);
    try {
      const now = this.#clock.now();
      await this.#records.write(
        names.map((name) => [name, this.#entries.get(name, now)]),
        stale,
      );
      if (this.#isUnwritten) void this.#write();
    } catch (thrown) {
      if (this.#isClosed) return;
      for (const name of names) this.#unwritten.add(name);
      for (const key of stale) this.#stale.add(key);
      this.#failed(thrown);
    }
  }

  get #isUnwritten(): boolean {
    return this.#unwritten.size + this.#stale.size > 0;
  }

  /** Reads what an earlier process left. What is over is swept out; what cannot be opened is left for who has its key. */
  async #read(settling: Promise<Settled>): Promise<void> {
    try {
      const { isStrange } = await settling;
      if (isStrange) this.unreadable.tell();
      await this.#records.read((found) => !this.#isClosed && this.#takeUp(found));
      if (this.#isClosed) return;
      this.#isRead = true;
      this.#become({ at: 'ready' });
      void this.#write();
      this.#sweepLater();
    } catch (thrown) {
      if (!this.#isClosed) this.#failed(thrown);
    }
  }

  #takeUp(found: FoundRecord): void {
    if (found.is === 'unreadable') this.unreadable.tell();
    else if (found.is === 'over') {
      if (!this.#isTrial) this.#stale.add(found.key);
    } else if (!this.#isNewer(found.name, found.entry.fence)) {
      this.#unwritten.delete(found.name);
      this.#entries.restore(found.name, found.entry, this.#clock.now());
    }
  }

  /** Whether this process wrote or removed this since it began to try to read. */
  #isNewer(name: string, fence: number): boolean {
    if (!this.#unwritten.has(name)) return false;
    const mine = this.#entries.get(name, this.#clock.now());
    return !mine || mine.fence >= fence;
  }

  #failed(thrown: unknown): void {
    this.#become({ at: 'gone', cause: contextCause(thrown) });
    this.#retry?.();
    this.#retry = this.#clock.after(this.#pause, () => void this.#tryAgain(), true);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }

  async #tryAgain(): Promise<void> {
    if (!this.#isRead) {
      await this.#read(this.#records.settle());
      return;
    }
    while (this.#isUnwritten) {
      const size = this.#unwritten.size + this.#stale.size;
      await this.#writeBatch();
      // It failed again: the next try is waiting already.
      if (this.#isClosed || this.#unwritten.size + this.#stale.size >= size) return;
    }
    this.#become({ at: 'ready' });
    void this.#watchers.tellAll();
  }

  #become(state: StoreState): void {
    if (state.at === 'ready') this.#pause = FIRST_PAUSE;
    const isNews =
      state.at !== this.#state.at || (state.at === 'gone' && JSON.stringify(state) !== JSON.stringify(this.#state));
    this.#state = state;
    if (isNews) this.changes.tell(state);
  }

  #sweepLater(): void {
    if (this.#isClosed) return;
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
