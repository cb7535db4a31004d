import type { Clock } from '../core/clock.ts';
import { Listeners } from '../core/listeners.ts';
import { type Coordinator, type Lock, nameOf, type RecordKind, type SharedRecord } from './coordinator.ts';
import type { Store } from './store.ts';
import { lockOf, StoreLocks } from './store-locks.ts';
import { StoreRecord } from './store-record.ts';

/**
 * Coordinates over a store. If it is unavailable nobody waits: each process then works alone,
 * and its changes are written later.
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
    // It exists as long as the store.
    store.changes.add(({ at }) => at === 'ready' && this.restored.tell());
  }

  /** A store that no other process uses may be unavailable: nobody else can act. */
  get isCutOff(): boolean {
    return this.#store.isShared && this.#store.state.at === 'gone';
  }

  /** The work that has to be written before the store is closed. Undefined if there is none. */
  get idle(): Promise<unknown> | undefined {
    return this.#locks.idle;
  }

  /** The work that has begun, such as a renewal; what waits for a lock does not count. Undefined if there is none. */
  get held(): Promise<unknown> | undefined {
    return this.#locks.held;
  }

  exclusive<R>(name: string, host: string, run: (lock: Lock) => Promise<R>): Promise<R> {
    return this.#locks.hold({
      name,
      host,
      run: async (lock) => {
        try {
          return await run(lockOf(lock));
        } finally {
          await lock?.release();
        }
      },
      mayRunCutOff: () => true,
    });
  }

  record<T extends object>(kind: RecordKind<T>, id: string): SharedRecord<T> {
    return new StoreRecord(this.#locks, this.#store, kind, nameOf(kind, id), this.#clock);
  }
}
