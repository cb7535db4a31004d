import type { Clock } from '../core/clock.ts';
import { waitTimeout } from '../core/timeout.ts';
import type { Lock } from './coordinator.ts';
import { LOCK_WAIT, NamedQueues } from './queue.ts';
import type { Store, StoredEntry, StoreLock } from './store.ts';

/** The minimum time before a lock that is about to end is requested again, in ms. */
const SHORTEST_WAIT = 20;

/** Work under a lock of the store. */
export interface Holding<R> {
  readonly name: string;
  readonly host: string;
  /** As `Update.settle`, with the entry under the name of the lock. */
  settle?: ((entry: StoredEntry | undefined) => R | undefined | Promise<R | undefined>) | undefined;
  /** @param lock undefined if it runs without the store */
  run(lock: StoreLock | undefined, entry: StoredEntry | undefined): Promise<R>;
  mayRunCutOff(): boolean;
  /** The name of another lock that `run` needs, if it needs one. */
  inner?: string | undefined;
}

/** A lock, or the result of another replica. */
type Taken<R> = { lock: StoreLock } | { settled: R };

/** The lock of the work inside other work. */
interface InnerLock {
  /** Requests it, without waiting for the answer. */
  request(): void;
  /** Gives it back, if no work has taken it. */
  end(): void;
}

/** The locks of a store: in this process a queue for each name, and among processes a lock in the store. */
export class StoreLocks {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #queues: NamedQueues;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #held = new Set<Promise<unknown>>();
  /** Locks that were requested together with that of the work around theirs, by their names; undefined if others have it. */
  readonly #early = new Map<string, Promise<StoreLock | undefined>>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#queues = new NamedQueues(clock);
  }

  /** The result of work under a lock has to be written before the store is closed. Undefined if there is none. */
  get idle(): Promise<unknown> | undefined {
    return this.#underWay.size > 0 ? Promise.allSettled(this.#underWay) : undefined;
  }

  /** The work that has begun, until it has given its lock back; work that waits for a lock does not count. Undefined if there is none. */
  get held(): Promise<unknown> | undefined {
    return this.#held.size > 0 ? Promise.allSettled(this.#held) : undefined;
  }

  /** Runs work under a lock of the store, and that work has to give the lock back. @throws AuthError as `SharedRecord.update` */
  hold<R>(holding: Holding<R>): Promise<R> {
    const deadline = this.#clock.now() + LOCK_WAIT;
    return tracked(
      this.#underWay,
      this.#queues.run(holding.name, holding.host, () => this.#hold(holding, deadline)),
    );
  }

  /** The work that runs or waits under this name in this process; undefined if there is none. */
  busy(name: string): Promise<unknown> | undefined {
    return this.#queues.busy(name);
  }

  async #hold<R>(holding: Holding<R>, deadline: number): Promise<R> {
    const inner = this.#innerLock(holding.inner);
    try {
      const taken = await this.#takeIfPossible(holding, deadline, inner);
      if (taken && 'settled' in taken) return taken.settled;
      return await tracked(this.#held, holding.run(taken?.lock, taken?.lock.entry));
    } finally {
      inner.end();
    }
  }

  /** Undefined if the store is unavailable, and the work may run without it. */
  async #takeIfPossible<R>(holding: Holding<R>, deadline: number, inner: InnerLock): Promise<Taken<R> | undefined> {
    try {
      return await this.#take(holding, deadline, inner);
    } catch (thrown) {
      if (isStoreFault(thrown) && holding.mayRunCutOff()) return undefined;
      throw thrown;
    }
  }

  /** The lock, or the result of `settle` before the lock was available. With the lock `settle` is called once more. */
  async #take<R>({ name, host, settle }: Holding<R>, deadline: number, inner: InnerLock): Promise<Taken<R>> {
    const settled = await settle?.(await this.#store.get(name));
    if (settled !== undefined) return { settled };
    for (;;) {
      // The watcher is registered before the lock is requested, so that no change is missed between the two.
      const news = this.#news(name);
      try {
        const lock = await this.#request(name, inner);
        if ('left' in lock) {
          const rest = deadline - this.#clock.now();
          if (rest <= 0) throw waitTimeout(host, LOCK_WAIT);
          await news.within(Math.max(SHORTEST_WAIT, Math.min(lock.left, rest)));
        }
        const result = await this.#settleWith(lock, settle, name);
        if (result) return result;
      } finally {
        news.end();
      }
    }
  }

  /** Requests a lock, and that of the work inside in the same round trip. Nobody waits for a lock while holding the inner one. */
  async #request(name: string, inner: InnerLock): Promise<StoreLock | { left: number }> {
    const early = await this.#takeEarly(name);
    if (early) return early;
    let isMine = false;
    try {
      const requested = this.#store.lock(name);
      inner.request();
      const lock = await requested;
      isMine = 'fence' in lock;
      return lock;
    } finally {
      if (!isMine) inner.end();
    }
  }

  #innerLock(name: string | undefined): InnerLock {
    let requested: Promise<StoreLock | undefined> | undefined;
    return {
      request: () => {
        // Work of this process that has the lock, or waits for it, comes first.
        if (name === undefined || this.#queues.busy(name) || this.#early.has(name)) return;
        requested = this.#store.lock(name).then(
          (lock) => ('fence' in lock ? lock : undefined),
          () => undefined,
        );
        this.#early.set(name, requested);
      },
      end: () => {
        if (name === undefined || !requested || this.#early.get(name) !== requested) return;
        this.#early.delete(name);
        void requested.then((lock) => lock?.release());
      },
    };
  }

  /** The lock that was requested early; undefined if there is none, others have it, or it was lost meanwhile. */
  async #takeEarly(name: string): Promise<StoreLock | undefined> {
    const requested = this.#early.get(name);
    if (!requested) return undefined;
    this.#early.delete(name);
    const lock = await requested;
    return lock?.isHeld ? lock : undefined;
  }

  /** Undefined if somebody else has the lock, or it was lost meanwhile. */
  async #settleWith<R>(
    lock: StoreLock | { left: number },
    settle: Holding<R>['settle'],
    name: string,
  ): Promise<Taken<R> | undefined> {
    const isMine = 'fence' in lock;
    try {
      const settled = await settle?.(isMine ? lock.entry : await this.#store.get(name));
      if (settled === undefined && isMine && lock.isHeld) return { lock };
      if (isMine) await lock.release();
      return settled === undefined ? undefined : { settled };
    } catch (thrown) {
      if (isMine) await lock.release();
      throw thrown;
    }
  }

  /** Waits until the store reports a change of this name, or becomes unavailable. There is one timer. */
  #news(name: string): { within(ms: number): Promise<void>; end(): void } {
    let tell = (): void => undefined;
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const unwatch = this.#store.watch(name, tell);
    const unfollow = this.#store.changes.add(({ at }) => at === 'gone' && tell());
    return {
      within: (ms) => {
        const cancel = this.#clock.after(ms, tell);
        return told.finally(cancel);
      },
      end: () => {
        unwatch();
        unfollow();
      },
    };
  }
}

/** Keeps a promise in a set until it is settled. @returns the promise */
function tracked<T>(all: Set<Promise<unknown>>, work: Promise<T>): Promise<T> {
  all.add(work);
  const done = (): void => {
    all.delete(work);
  };
  work.then(done, done);
  return work;
}

/** A lock as the work under it gets it. */
export function lockOf(lock: StoreLock | undefined): Lock {
  return {
    get signal() {
      return lock?.signal ?? new AbortController().signal;
    },
    isCutOff: lock === undefined,
  };
}

/** Whether an error means that the store is unavailable. */
export function isStoreFault(thrown: unknown): boolean {
  return (thrown as { code?: unknown } | null)?.code === 'AUTH_STORE';
}
