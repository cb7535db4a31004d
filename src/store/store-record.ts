import { type Cancel, type Clock, randomId } from '../core/clock.ts';
import { isWithin, type TimeWindow, timeWindow } from '../core/time-window.ts';
import type { Found, RecordKind, RecordLock, RecordWrite, SharedRecord, Update } from './coordinator.ts';
import type { Store, StoredEntry, StoreLock, StoreWrite } from './store.ts';
import { isStoreFault, lockOf, type StoreLocks } from './store-locks.ts';

/** How many times a record that a store seems to have lost is written again, and in what time, in ms. */
const MOST_REWRITES = 3;
const REWRITE_PAUSE = 60_000;

/** The value of a record that has ended. It stays for a while, so that it is not mistaken for a lost record. */
const ENDED = { ended: true } as const;

/** The value to write under the lock. */
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
  /** The ID of this writer. A watcher with the same ID does not get its writes. */
  readonly #writer = randomId();
  /** The newest number that was seen: a write without a lock does not overwrite a newer value. */
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

  update<R>({ settle, run, mayRunCutOff = () => true, inner, isEager = false }: Update<T, R>): Promise<R> {
    const hold = (task: Update<T, R>['run']): Promise<R> =>
      this.#locks.hold<R>({
        name: this.#name,
        host: this.#kind.host,
        settle: settle && ((entry) => settle(this.#found(entry))),
        run: (lock, entry) => this.#run(task, lock, entry),
        mayRunCutOff,
        inner: inner instanceof StoreRecord && inner.#store === this.#store ? inner.#name : undefined,
      });
    if (!isEager) return hold(run);
    return new Promise<R>((resolve, reject) => {
      const task: Update<T, R>['run'] = async (found, lock) => {
        const result = await run(found, lock);
        resolve(result);
        return result;
      };
      hold(task).then(resolve, reject);
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
        // An update reads the value, and writes. Later values are read afterwards.
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

  async #run<R>(run: Update<T, R>['run'], held: StoreLock | undefined, entry: StoredEntry | undefined): Promise<R> {
    if (held) this.#fence = Math.max(this.#fence, held.fence);
    let change: Change | undefined;
    const others: StoreWrite[] = [];
    const lock: RecordLock<T> = Object.assign(lockOf(held), {
      read: () => this.#readIfPossible(),
      write: (content: T) => {
        change = this.#encoded(content);
      },
      end: (ttl: number) => {
        change = { value: ENDED, life: ttl };
      },
      writeAlso: ({ record, content }: RecordWrite) => {
        if (record instanceof StoreRecord && record.#store === this.#store) others.push(record.#writeOf(content));
        else void record.write(content);
      },
    });
    try {
      return await run(this.#found(entry), lock);
    } finally {
      if (held) await held.release(change && { ...change, writer: this.#writer }, others);
      else
        await Promise.all([
          change && this.#put(change, this.#fenceCutOff),
          ...others.map((other) => this.#write(other)),
        ]);
    }
  }

  #writeOf(content: T): StoreWrite {
    return { name: this.#name, ...this.#encoded(content), fence: this.#fence, writer: this.#writer };
  }

  async #write({ name, value, ...options }: StoreWrite): Promise<void> {
    await this.#store.put(name, value, options);
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

  async #put({ value, life }: Change, fence = this.#fence): Promise<void> {
    await this.#store.put(this.#name, value, { life, fence, writer: this.#writer });
  }

  /** The number of a change without the store. The numbers of locks are at least the time at which each was taken. */
  get #fenceCutOff(): number {
    return this.#kind.replacesUnread ? Math.max(this.#fence, this.#clock.now()) : this.#fence;
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
