import type { Clock } from '../core/clock.ts';
import { Listeners } from '../core/listeners.ts';
import { type Coordinator, type Lock, nameOf, type RecordKind, type SharedRecord } from './coordinator.ts';
import type { Store } from './store.ts';
import { lockOf, StoreLocks } from './store-locks.ts';
import { StoreRecord } from './store-record.ts';

/**
 * Coordinates over a store. What a store cannot do it does not hold up: while it is gone each process runs by itself,
 * and what it writes is caught up.
 */
export class StoreCoordinator implements Coordinator {
  readonly isDurable = true;
  readonly restored = new Listeners<void>();
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #locks: StoreLocks;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#locks = new StoreLocks(store, clock);
    // It lives as long as the store.
    store.changes.add(({ at }) => at === 'ready' && this.restored.tell());
  }

  /** A store that no other process uses may be gone: then nobody else acts. */
  get isCutOff(): boolean {
    return this.#store.isShared && this.#store.state.at === 'gone';
  }

  /** What has to be written before the store is closed. Undefined if there is nothing. */
  get idle(): Promise<unknown> | undefined {
    return this.#locks.idle;
  }

  exclusive<R>(name: string, host: string, run: (lock: Lock) => Promise<R>): Promise<R> {
    return this.#locks.hold({
      name,
      host,
      run: async (lease) => {
        try {
          return await run(lockOf(lease));
        } finally {
          await lease?.release();
        }
      },
      mayRunCutOff: () => true,
    });
  }

  record<T extends object>(kind: RecordKind<T>, id: string): SharedRecord<T> {
    return new StoreRecord(this.#locks, this.#store, kind, nameOf(kind, id), this.#clock);
  }
}
