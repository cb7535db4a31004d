import type { Clock } from '../core/clock.ts';
import { waitTimeout } from '../core/timeout.ts';
import type { Lock } from './coordinator.ts';
import { LOCK_WAIT, NamedQueues } from './queue.ts';
import type { Lease, Store, StoredEntry } from './store.ts';

/** A lock that is about to end is asked for no sooner than this, in ms. */
const SHORTEST_WAIT = 20;

/** Something that is done under a lock of the store. */
export interface Holding<R> {
  readonly name: string;
  readonly host: string;
  /** As `Update.settle`, with the entry under the name of the lock. */
  settle?: ((entry: StoredEntry | undefined) => R | undefined | Promise<R | undefined>) | undefined;
  /** @param lock undefined if it runs cut off */
  run(lock: Lease | undefined, entry: StoredEntry | undefined): Promise<R>;
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

  /** What runs under a lock has to be written before the store is closed. Undefined if nothing does. */
  get idle(): Promise<unknown> | undefined {
    return this.#underWay.size > 0 ? Promise.allSettled(this.#underWay) : undefined;
  }

  /** Runs something under a lock of the store, which it has to give back. @throws AuthError as `SharedRecord.update` */
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

  /** What runs under this name in this process, or waits for that; undefined if nothing does. */
  busy(name: string): Promise<unknown> | undefined {
    return this.#queues.busy(name);
  }

  async #hold<R>(holding: Holding<R>, deadline: number): Promise<R> {
    let taken: { lease: Lease } | { settled: R };
    try {
      taken = await this.#take(holding, deadline);
    } catch (thrown) {
      if (!isStoreFault(thrown) || !holding.mayRunCutOff()) throw thrown;
      return holding.run(undefined, undefined);
    }
    return 'settled' in taken ? taken.settled : holding.run(taken.lease, taken.lease.entry);
  }

  /** The lock, or what `settle` came to before it was had. With the lock it is asked once more. */
  async #take<R>({ name, host, settle }: Holding<R>, deadline: number): Promise<{ lease: Lease } | { settled: R }> {
    const settled = await settle?.(await this.#store.get(name));
    if (settled !== undefined) return { settled };
    for (;;) {
      // It is watched before the lock is asked for, so nothing goes unnoticed between the two.
      const news = this.#news(name);
      try {
        const lease = await this.#store.lease(name);
        if ('left' in lease) {
          const rest = deadline - this.#clock.now();
          if (rest <= 0) throw waitTimeout(host, LOCK_WAIT);
          await news.within(Math.max(SHORTEST_WAIT, Math.min(lease.left, rest)));
        }
        const result = await this.#settleWith(lease, settle, name);
        if (result) return result;
      } finally {
        news.end();
      }
    }
  }

  /** Undefined if somebody else has the lock, or it was lost meanwhile. */
  async #settleWith<R>(
    lease: Lease | { left: number },
    settle: Holding<R>['settle'],
    name: string,
  ): Promise<{ lease: Lease } | { settled: R } | undefined> {
    const isMine = 'fence' in lease;
    try {
      const settled = await settle?.(isMine ? lease.entry : await this.#store.get(name));
      if (settled === undefined && isMine && lease.isHeld) return { lease };
      if (isMine) await lease.release();
      return settled === undefined ? undefined : { settled };
    } catch (thrown) {
      if (isMine) await lease.release();
      throw thrown;
    }
  }

  /** Waits until the store tells something about this name, or that it is gone. There is one timer. */
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

/** A lock as it is given to who runs under it. */
export function lockOf(lease: Lease | undefined): Lock {
  return {
    get signal() {
      return lease?.signal ?? new AbortController().signal;
    },
    isCutOff: lease === undefined,
  };
}

/** Whether an error says that the store cannot be asked. */
export function isStoreFault(thrown: unknown): boolean {
  return (thrown as { code?: unknown } | null)?.code === 'AUTH_STORE';
}
