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
}

/** The locks of a store: in this process a queue for each name, and among processes a lock in the store. */
export class StoreLocks {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #queues: NamedQueues;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#queues = new NamedQueues(clock);
  }

  /** The result of work under a lock has to be written before the store is closed. Undefined if there is none. */
  get idle(): Promise<unknown> | undefined {
    return this.#underWay.size > 0 ? Promise.allSettled(this.#underWay) : undefined;
  }

  /** Runs work under a lock of the store, and that work has to give the lock back. @throws AuthError as `SharedRecord.update` */
  hold<R>(holding: Holding<R>): Promise<R> {
    const deadline = this.#clock.now() + LOCK_WAIT;
    const running = this.#queues.run(holding.name, holding.host, () => this.#hold(holding, deadline));
    this.#underWay.add(running);
    const done = (): void => {
      this.#underWay.delete(running);
    };
    running.then(done, done);
    return running;
  }

  /** The work that runs or waits under this name in this process; undefined if there is none. */
  busy(name: string): Promise<unknown> | undefined {
    return this.#queues.busy(name);
  }

  async #hold<R>(holding: Holding<R>, deadline: number): Promise<R> {
    let taken: { lock: StoreLock } | { settled: R };
    try {
      taken = await this.#take(holding, deadline);
    } catch (thrown) {
      if (!isStoreFault(thrown) || !holding.mayRunCutOff()) throw thrown;
      return holding.run(undefined, undefined);
    }
    return 'settled' in taken ? taken.settled : holding.run(taken.lock, taken.lock.entry);
  }

  /** The lock, or the result of `settle` before the lock was available. With the lock `settle` is called once more. */
  async #take<R>({ name, host, settle }: Holding<R>, deadline: number): Promise<{ lock: StoreLock } | { settled: R }> {
    const settled = await settle?.(await this.#store.get(name));
    if (settled !== undefined) return { settled };
    for (;;) {
      // The watcher is registered before the lock is requested, so that no change is missed between the two.
      const news = this.#news(name);
      try {
        const lock = await this.#store.lock(name);
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

  /** Undefined if somebody else has the lock, or it was lost meanwhile. */
  async #settleWith<R>(
    lock: StoreLock | { left: number },
    settle: Holding<R>['settle'],
    name: string,
  ): Promise<{ lock: StoreLock } | { settled: R } | undefined> {
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
