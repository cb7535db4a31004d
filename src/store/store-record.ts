import { type Cancel, type Clock, randomId } from '../core/clock.ts';
import { isWithin, type TimeWindow, timeWindow } from '../core/time-window.ts';
import type { Found, RecordKind, RecordLock, SharedRecord, Update } from './coordinator.ts';
import type { Lease, Store, StoredEntry } from './store.ts';
import { isStoreFault, lockOf, type StoreLocks } from './store-locks.ts';

/** How often a record is written again that a store seems to have lost, and in what time, in ms. */
const MOST_REWRITES = 3;
const REWRITE_PAUSE = 60_000;

/** What a record that has ended says. It stays for a while, so nobody takes what has ended for what was lost. */
const ENDED = { ended: true } as const;

/** What is to be written under the lock. */
interface Change {
  value: object;
  life: number;
}

/** A record in a store. */
export class StoreRecord<T extends object> implements SharedRecord<T> {
  readonly #locks: StoreLocks;
  readonly #store: Store;
  readonly #kind: RecordKind<T>;
  readonly #name: string;
  readonly #clock: Clock;
  /** Who writes here: a watcher with the same word is not told of it. */
  readonly #writer = randomId();
  /** The newest number that was seen: what is written without a lock does not overwrite what is newer. */
  #fence = 0;
  #rewrites = 0;
  #rewritten: TimeWindow | undefined;

  constructor(locks: StoreLocks, store: Store, kind: RecordKind<T>, name: string, clock: Clock) {
    this.#locks = locks;
    this.#store = store;
    this.#kind = kind;
    this.#name = name;
    this.#clock = clock;
  }

  async read(): Promise<Found<T>> {
    return this.#found(await this.#store.get(this.#name));
  }

  write(content: T): Promise<void> {
    return this.#put(this.#encoded(content));
  }

  end(ttl: number): Promise<void> {
    return this.#put({ value: ENDED, life: ttl });
  }

  update<R>({ settle, run, mayRunCutOff = () => true }: Update<T, R>): Promise<R> {
    return this.#locks.hold<R>({
      name: this.#name,
      host: this.#kind.host,
      settle: settle && ((entry) => settle(this.#found(entry))),
      run: (lease, entry) => this.#run(run, lease, entry),
      mayRunCutOff,
    });
  }

  watch(follow: (found: Found<T>) => T | undefined): Cancel {
    let isOver = false;
    const look = async (): Promise<void> => {
      const found = await this.read().catch(() => 'unreadable' as const);
      if (isOver) return;
      const lost = follow(found);
      if (lost !== undefined && this.#mayWriteAgain()) await this.write(lost);
    };
    const cancel = this.#store.watch(
      this.#name,
      () => {
        // An update reads what is there, and writes. What comes after it is looked at after it.
        const busy = this.#locks.busy(this.#name);
        if (!busy) return look();
        void busy.then(look).catch(() => undefined);
        return undefined;
      },
      this.#writer,
    );
    return () => {
      isOver = true;
      cancel();
    };
  }

  async #run<R>(run: Update<T, R>['run'], lease: Lease | undefined, entry: StoredEntry | undefined): Promise<R> {
    if (lease) this.#fence = Math.max(this.#fence, lease.fence);
    let change: Change | undefined;
    const lock: RecordLock<T> = Object.assign(lockOf(lease), {
      read: () => this.#readIfPossible(),
      write: (content: T) => {
        change = this.#encoded(content);
      },
      end: (ttl: number) => {
        change = { value: ENDED, life: ttl };
      },
    });
    try {
      return await run(this.#found(entry), lock);
    } finally {
      if (lease) await lease.release(change && { ...change, writer: this.#writer });
      else if (change) await this.#put(change);
    }
  }

  #encoded(content: T): Change {
    const { value, ttl } = this.#kind.encode(content);
    return { value, life: ttl };
  }

  #found(entry: StoredEntry | undefined): Found<T> {
    if (!entry) return undefined;
    this.#fence = Math.max(this.#fence, entry.fence);
    return isEnded(entry.value) ? 'ended' : (this.#kind.decode(entry.value, entry.age) ?? 'unreadable');
  }

  async #put({ value, life }: Change): Promise<void> {
    await this.#store.put(this.#name, value, { life, fence: this.#fence, writer: this.#writer });
  }

  async #readIfPossible(): Promise<Found<T>> {
    try {
      return await this.read();
    } catch (thrown) {
      if (isStoreFault(thrown)) return 'unreadable';
      throw thrown;
    }
  }

  #mayWriteAgain(): boolean {
    const now = this.#clock.now();
    if (!isWithin(this.#rewritten, now)) {
      this.#rewritten = timeWindow(now, REWRITE_PAUSE);
      this.#rewrites = 0;
    }
    this.#rewrites += 1;
    return this.#rewrites <= MOST_REWRITES;
  }
}

function isEnded(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { ended?: unknown }).ended === true;
}
