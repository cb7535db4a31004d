import type { Scheduler } from 'fast-check';
import type { Cancel, Clock } from '../../src/core/clock.ts';
import type { PutOptions, Store, StoredEntry, StoreLock } from '../../src/store/store.ts';
import { ReplicaStore, type Shared } from './replica-store.ts';

/** A replica's view of a store. A property test chooses the order of all events. */
export class ScheduledStore implements Store {
  readonly isShared = true;
  readonly #store: ReplicaStore;
  readonly #scheduler: Scheduler;

  constructor(shared: Shared, clock: Clock, scheduler: Scheduler) {
    this.#store = new ReplicaStore(shared, clock);
    this.#scheduler = scheduler;
  }

  get state() {
    return this.#store.state;
  }

  get changes() {
    return this.#store.changes;
  }

  async get(name: string): Promise<StoredEntry | undefined> {
    await this.#turn('get', name);
    return this.#answer('get', name, await this.#store.get(name));
  }

  async put(name: string, value: unknown, options: PutOptions): Promise<boolean> {
    await this.#turn('put', name);
    return this.#answer('put', name, await this.#store.put(name, value, options));
  }

  async remove(name: string, fence: number): Promise<boolean> {
    await this.#turn('remove', name);
    return this.#store.remove(name, fence);
  }

  async lock(name: string): Promise<StoreLock | { left: number }> {
    await this.#turn('lock', name);
    const lock = await this.#answer('lock', name, await this.#store.lock(name));
    if (!('fence' in lock)) return lock;
    const giveBack = lock.release;
    const release: StoreLock['release'] = async (...changes) => {
      await this.#turn('release', name);
      await giveBack(...changes);
    };
    return Object.defineProperty(lock, 'release', { value: release });
  }

  watch(name: string, listener: () => unknown, writer?: string): Cancel {
    return this.#store.watch(name, () => void this.#turn('news', name).then(() => listener()), writer);
  }

  close(): void {
    this.#store.close();
  }

  /** A request arrives when the test says so. */
  #turn(what: string, name: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), `${what} ${name}`);
  }

  /** Its answer, too, arrives when the test says so. */
  #answer<T>(what: string, name: string, answer: T): Promise<T> {
    return this.#scheduler.schedule(Promise.resolve(answer), `answer to ${what} ${name}`);
  }
}
