import type { AuthError } from '../errors.ts';
import { Listeners } from '../listeners.ts';
import type { Cancel, System } from '../system.ts';
import { asEntry, asKept, type ContextAccess, contextCause, OURS } from './context-access.ts';
import { Entries, type Entry } from './entries.ts';
import { InProcessLeases, Watchers } from './in-process.ts';
import type { Seal } from './seal.ts';
import {
  type KeptStore,
  LEASE_LIFE,
  type Lease,
  MOST_ENTRIES,
  type PutOptions,
  type StoredEntry,
  type StoreState,
  SWEEP_PAUSE,
} from './store.ts';
import { answerOf, storeGone } from './timely.ts';

/** How many values are read or written at once: a context store without a cache goes through its whole file each time. */
const BATCH = 500;

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/**
 * The store of one process, which is written to a context store as well, so that another process after a restart finds it.
 * This process's memory is what counts; the context store is read once, at the opening.
 */
export class ContextStore implements KeptStore {
  readonly isShared = false;
  readonly changes = new Listeners<StoreState>();
  readonly unreadable = new Listeners<void>();
  readonly host: string;
  /** Replaceable, because a deploy may give a config node another one. */
  access: ContextAccess;
  readonly #system: System;
  readonly #isTrial: boolean;
  readonly #entries: Entries;
  readonly #leases = new InProcessLeases();
  readonly #watchers = new Watchers();
  readonly #unwritten = new Set<string>();
  #seal: Seal | undefined;
  #state: StoreState = { at: 'connecting' };
  #opening: Promise<void>;
  #isRead = false;
  #writing: Promise<void> = Promise.resolve();
  #nextBatch: Promise<void> | undefined;
  #pause = FIRST_PAUSE;
  #retry: Cancel | undefined;
  #sweep: Cancel | undefined;
  #saidUnreadable = false;

  /**
   * @param host what an error calls this store
   * @param seal may still be on its way: everything waits for it
   * @param isTrial it is only looked at, so that nothing of another one is swept out
   */
  constructor(
    access: ContextAccess,
    seal: Promise<Seal>,
    host: string,
    system: System,
    { most = MOST_ENTRIES, isTrial = false }: { most?: number; isTrial?: boolean } = {},
  ) {
    this.access = access;
    this.#isTrial = isTrial;
    this.host = host;
    this.#system = system;
    this.#entries = new Entries(most, (key) => {
      this.#unwritten.add(key);
      void this.#write();
    });
    this.#opening = seal.then(
      (made) => {
        this.#seal = made;
        return this.#isClosed ? undefined : this.#read();
      },
      (thrown) => this.#become({ at: 'gone', cause: contextCause(thrown) }),
    );
  }

  get state(): StoreState {
    return this.#state;
  }

  async get(name: string): Promise<StoredEntry | undefined> {
    const { key, seal } = await this.#opened(name);
    const entry = this.#entryOf(key, seal);
    // What could not be read at the opening may still be there.
    if (!entry && !this.#isRead && this.#state.at === 'gone') throw storeGone(this.host, this.#state.cause);
    return entry;
  }

  async put(name: string, value: unknown, { life, fence, writer }: PutOptions): Promise<boolean> {
    const make = (key: string, seal: Seal, now: number): boolean =>
      Boolean(this.#entries.put(key, seal.close(key, fence, value), life, fence, now));
    return this.#change(name, make, writer);
  }

  async remove(name: string, fence: number): Promise<boolean> {
    return this.#change(name, (key, _seal, now) => this.#entries.remove(key, fence, now));
  }

  async lease(name: string): Promise<Lease | { left: number }> {
    const { key, seal } = await this.#opened(name);
    if (this.#leases.has(name)) return { left: LEASE_LIFE };
    const fence = this.#entries.nextFence(key, this.#system.now());
    const entry = this.#entryOf(key, seal);
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
    this.#leases.clear();
    this.#watchers.clear();
    this.#become({ at: 'gone', cause: 'closed' });
  }

  get #isClosed(): boolean {
    return this.#state.at === 'gone' && this.#state.cause === 'closed';
  }

  /** @throws AuthError `AUTH_STORE` where the store is closed, or what is there cannot be read in time */
  async #opened(name: string): Promise<{ key: string; seal: Seal }> {
    if (!this.#isClosed && this.#state.at === 'connecting') {
      await answerOf(this.#opening, this.host, this.#system).catch((error: AuthError) => {
        if (!this.#seal) throw error;
      });
    }
    if (this.#isClosed || !this.#seal) throw storeGone(this.host, this.#isClosed ? 'closed' : 'timeout');
    return { key: `vgauth_${this.#seal.nameOf(name)}`, seal: this.#seal };
  }

  #entryOf(key: string, seal: Seal): StoredEntry | undefined {
    const now = this.#system.now();
    const entry = this.#entries.get(key, now);
    const opened = entry && seal.open(key, entry.fence, entry.text);
    return entry && opened && { value: opened.value, age: Math.max(0, now - entry.writtenAt), fence: entry.fence };
  }

  /** Makes a change here, and then in the context store. */
  async #change(
    name: string,
    make: (key: string, seal: Seal, now: number) => boolean,
    writer?: string,
  ): Promise<boolean> {
    const opened = await this.#opened(name).catch(() => undefined);
    if (!opened || this.#isClosed) return false;
    const { key, seal } = opened;
    if (!make(key, seal, this.#system.now())) return false;
    this.#unwritten.add(key);
    this.#sweepLater();
    this.#watchers.tell(name, writer);
    // Where many are to be written, it may be in a later batch.
    while (this.#state.at === 'ready' && this.#unwritten.has(key)) await this.#write();
    return !this.#unwritten.has(key);
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
    const keys = [...this.#unwritten].slice(0, BATCH);
    if (keys.length === 0) return;
    for (const key of keys) this.#unwritten.delete(key);
    const now = this.#system.now();
    try {
      const values = keys.map((key) => asKept(this.#entries.get(key, now)));
      await this.#ask((answer) => this.access.set(keys, values, answer));
      if (this.#unwritten.size > 0) void this.#write();
    } catch (thrown) {
      if (this.#isClosed) return;
      for (const key of keys) this.#unwritten.add(key);
      this.#failed(thrown);
    }
  }

  /** Reads what an earlier process left. What is over is swept out; what cannot be opened is left for who has its key. */
  async #read(): Promise<void> {
    try {
      const found = await this.#ask<unknown[]>((answer) => this.access.keys(answer));
      const all: unknown[] = Array.isArray(found[0]) ? found[0] : [];
      const keys = all.filter((key): key is string => typeof key === 'string' && OURS.test(key));
      for (let at = 0; at < keys.length; at += BATCH) {
        const batch = keys.slice(at, at + BATCH);
        const values = await this.#ask<unknown[]>((answer) => this.access.get(batch, answer));
        if (this.#isClosed) return;
        batch.forEach((key, i) => {
          this.#takeUp(key, asEntry(values[i]));
        });
      }
      this.#isRead = true;
      this.#become({ at: 'ready' });
      void this.#write();
      this.#sweepLater();
    } catch (thrown) {
      if (!this.#isClosed) this.#failed(thrown);
    }
  }

  #takeUp(key: string, found: Entry | undefined): void {
    const now = this.#system.now();
    if (found && now >= found.expiresAt) {
      if (!this.#isTrial) this.#unwritten.add(key);
    } else if (!found || !this.#seal?.open(key, found.fence, found.text)) this.#tellUnreadable();
    else if (!this.#isNewer(key, found, now)) {
      this.#unwritten.delete(key);
      this.#entries.restore(key, found, now);
    }
  }

  /** Whether this process wrote or removed this since it began to try to read. */
  #isNewer(key: string, found: Entry, now: number): boolean {
    if (!this.#unwritten.has(key)) return false;
    const mine = this.#entries.get(key, now);
    return !mine || mine.fence >= found.fence;
  }

  #tellUnreadable(): void {
    if (this.#saidUnreadable) return;
    this.#saidUnreadable = true;
    this.unreadable.tell();
  }

  /** @returns what follows the error in the answer */
  #ask<T extends unknown[]>(question: (answer: (error?: unknown, ...values: unknown[]) => void) => void): Promise<T> {
    const asked = new Promise<T>((resolve, reject) => {
      question((error, ...values) => (error ? reject(error) : resolve(values as T)));
    });
    return answerOf(asked, this.host, this.#system);
  }

  #failed(thrown: unknown): void {
    this.#become({ at: 'gone', cause: contextCause(thrown) });
    this.#retry?.();
    this.#retry = this.#system.after(this.#pause, () => void this.#tryAgain(), true);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }

  async #tryAgain(): Promise<void> {
    if (!this.#isRead) {
      await this.#read();
      return;
    }
    while (this.#unwritten.size > 0) {
      const { size } = this.#unwritten;
      await this.#writeBatch();
      // It failed again: the next try is waiting already.
      if (this.#isClosed || this.#unwritten.size >= size) return;
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
    this.#sweep ??= this.#system.after(
      SWEEP_PAUSE,
      () => {
        this.#sweep = undefined;
        this.#entries.sweep(this.#system.now());
        if (!this.#entries.isEmpty) this.#sweepLater();
      },
      true,
    );
  }
}
