import type { Cancel, Clock } from '../core/clock.ts';
import type { AuthError } from '../core/errors.ts';
import { Listeners, Once } from '../core/listeners.ts';
import { type ContextAccess, contextCause } from './context-access.ts';
import { ContextChanges } from './context-changes.ts';
import { BATCH, ContextRecords, type FoundRecord } from './context-records.ts';
import { Entries } from './entries.ts';
import { InProcessLocks, Watchers } from './in-process.ts';
import type { Keyring, Settled } from './keyring.ts';
import {
  type DurableStore,
  LOCK_TTL,
  lifeInStore,
  MOST_ENTRIES,
  type PutOptions,
  type StoredEntry,
  type StoreLock,
  type StoreState,
  SWEEP_PAUSE,
} from './store.ts';
import { answerOf, storeGone } from './store-timeout.ts';

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/**
 * The store of one process, which is also written to a context store, so that the next process after a restart finds it.
 * The memory of this process takes precedence; the context store is read once, when it is opened.
 */
export class ContextStore implements DurableStore {
  readonly isShared = false;
  readonly changes = new Listeners<StoreState>();
  readonly unreadable = new Once<void>();
  readonly kind = 'context';
  readonly host: string;
  readonly #clock: Clock;
  readonly #isTrial: boolean;
  readonly #entries: Entries;
  #locks = new InProcessLocks();
  readonly #watchers = new Watchers();
  readonly #records: ContextRecords;
  readonly #unwritten = new ContextChanges();
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
  /** The store that was opened in place of this one: it gets the results of work that began here. */
  #successor: ContextStore | undefined;

  /**
   * @param host the name of this store in errors
   * @param isTrial whether it is only tested, so that no record of another one is removed
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

  /** A deploy may give the same store another access to its context. */
  set access(access: ContextAccess) {
    this.#records.access = access;
  }

  get state(): StoreState {
    return this.#state;
  }

  async get(name: string): Promise<StoredEntry | undefined> {
    await this.#opened();
    if (this.#successor) return this.#successor.get(name);
    const entry = this.#entryOf(name);
    // Records that could not be read at the start may still be there.
    if (!entry && !this.#isRead) throw storeGone(this.host, this.#state.at === 'gone' ? this.#state.cause : 'timeout');
    return entry;
  }

  async put(name: string, value: unknown, { life, fence, writer }: PutOptions): Promise<boolean> {
    const json = JSON.stringify(value) ?? 'null';
    return this.#change(name, (all, now) => Boolean(all.put(name, json, lifeInStore(life), fence, now)), writer);
  }

  async remove(name: string, fence: number): Promise<boolean> {
    return this.#change(name, (all, now) => all.remove(name, fence, now));
  }

  async lock(name: string): Promise<StoreLock | { left: number }> {
    await this.#opened();
    if (this.#successor) return this.#successor.lock(name);
    if (this.#locks.has(name)) return { left: LOCK_TTL };
    const fence = this.#entries.nextFence(name, this.#clock.now());
    const entry = this.#entryOf(name);
    this.#sweepLater();
    return this.#locks.take(name, { fence, entry }, async (change, others = []) => {
      const writes = change ? [...others, { ...change, name, fence }] : others;
      if (!change) (this.#successor ?? this).#watchers.tell(name);
      await Promise.all(writes.map(({ name, value, ...options }) => this.put(name, value, options)));
    });
  }

  watch(name: string, listener: () => unknown, writer?: string): Cancel {
    return this.#watchers.add(name, listener, writer);
  }

  takeOver(before: DurableStore): void {
    if (!(before instanceof ContextStore)) return;
    before.#successor = this;
    this.#locks = before.#locks;
    const now = this.#clock.now();
    for (const name of before.#unwritten.names) {
      const entry = before.#entries.get(name, now);
      if (entry) this.#entries.restore(name, entry, now);
      this.#unwritten.add(name);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#retry?.();
    this.#sweep?.();
    this.#entries.clear();
    this.#unwritten.clear();
    if (!this.#successor) this.#locks.clear();
    this.#watchers.clear();
    this.#become({ at: 'gone', cause: 'closed' });
  }

  get #isClosed(): boolean {
    return this.#state.at === 'gone' && this.#state.cause === 'closed';
  }

  /**
   * Waits for the records of an earlier process, 2 s at most. The entries of this process are available without it.
   *
   * @throws AuthError `AUTH_STORE` if the store is closed
   */
  async #opened(): Promise<void> {
    if (this.#state.at === 'connecting') {
      // There is no limit for the time that this machine needs to derive a key.
      await this.#settling.catch(() => undefined);
      await answerOf(this.#opening, this.host, this.#clock).catch((_late: AuthError) => undefined);
    }
    if (this.#isClosed && !this.#successor) throw storeGone(this.host, 'closed');
  }

  #entryOf(name: string): StoredEntry | undefined {
    const now = this.#clock.now();
    const entry = this.#entries.get(name, now);
    return entry && { value: JSON.parse(entry.text), age: Math.max(0, now - entry.writtenAt), fence: entry.fence };
  }

  /** Makes a change here, and then in the context store. */
  async #change(name: string, make: (all: Entries, now: number) => boolean, writer?: string): Promise<boolean> {
    await this.#opened().catch(() => undefined);
    if (this.#successor) return this.#successor.#change(name, make, writer);
    if (this.#isClosed || !make(this.#entries, this.#clock.now())) return false;
    this.#unwritten.add(name);
    this.#sweepLater();
    this.#watchers.tell(name, writer);
    // If there are many, it may be in a later batch.
    while (this.#state.at === 'ready' && this.#unwritten.has(name)) await this.#write();
    return !this.#isClosed && !this.#unwritten.has(name);
  }

  /** Writes the changes of this process: the next batch, after the previous batch is written. */
  #write(): Promise<void> {
    this.#nextBatch ??= this.#writing.then(async () => {
      this.#nextBatch = undefined;
      if (this.#state.at === 'ready') await this.#writeBatch();
    });
    this.#writing = this.#nextBatch;
    return this.#nextBatch;
  }

  /** @returns whether it was written. If not, the next try is scheduled, unless the store was closed */
  async #writeBatch(): Promise<boolean> {
    const batch = this.#unwritten.take();
    if (!batch) return true;
    const now = this.#clock.now();
    const entries = batch.names.map((name) => [name, this.#entries.get(name, now)] as const);
    try {
      await this.#records.write(entries, batch.stale);
    } catch (thrown) {
      if (this.#isClosed) return false;
      this.#unwritten.taken(false);
      this.#failed(thrown);
      return false;
    }
    this.#unwritten.taken(true);
    if (this.#unwritten.size > 0) void this.#write();
    return !this.#isClosed;
  }

  /** Reads the records of an earlier process. Expired ones are removed. Others that cannot be opened may have another key, and stay. */
  async #read(settling: Promise<Settled>): Promise<void> {
    try {
      const { isStrange } = await settling;
      if (isStrange) this.unreadable.tell();
      await this.#records.read((found) => !this.#isClosed && this.#takeUp(found));
      if (this.#isClosed) return;
      this.#isRead = true;
      // Whether writing works is known before anything depends on it.
      await this.#records.tryWriting();
      if (this.#isClosed) return;
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
      if (!this.#isTrial) this.#unwritten.addStale(found.key);
    } else if (!this.#isNewer(found.name, found.entry.fence)) {
      this.#unwritten.delete(found.name);
      this.#entries.restore(found.name, found.entry, this.#clock.now());
    }
  }

  /** Whether this process has written or removed this since the read began. */
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
    try {
      await this.#records.tryWriting();
    } catch (thrown) {
      if (!this.#isClosed) this.#failed(thrown);
      return;
    }
    // Not those that come meanwhile: there may always be one more.
    for (let left = this.#unwritten.size; left > 0; left -= BATCH) if (!(await this.#writeBatch())) return;
    if (this.#isClosed) return;
    this.#become({ at: 'ready' });
    void this.#write();
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
