import type { Cancel, Clock } from '../../src/core/clock.ts';
import { AuthError } from '../../src/core/errors.ts';
import { Listeners } from '../../src/core/listeners.ts';
import {
  LOCK_TTL,
  type PutOptions,
  type Store,
  type StoredEntry,
  type StoreLock,
  type StoreState,
} from '../../src/store/store.ts';
import type { MemoryStore } from './memory-store.ts';

/** A lock that a replica holds. */
interface Held {
  lock: StoreLock;
  isLost: boolean;
  abort: AbortController;
}

type Write = (store: MemoryStore) => Promise<boolean>;

/** The store that several replicas share. A test can empty it. */
export interface Shared {
  memory: MemoryStore;
}

/**
 * One replica's view of a shared store. A test takes it away, gives it back, or kills the replica in the middle.
 * It behaves then as the store in Redis does.
 */
export class ReplicaStore implements Store {
  readonly isShared = true;
  readonly changes = new Listeners<StoreState>();
  state: StoreState = { at: 'ready' };
  /** The calls of the store, such as `get session …`. */
  readonly asked: string[] = [];
  readonly #shared: Shared;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Write>();
  readonly #watches = new Map<() => void, { name: string; writer: string | undefined; cancel: Cancel }>();
  readonly #locks = new Set<Held>();
  /** A test can delay writes. */
  beforeWrite: ((name: string) => Promise<void>) | undefined;
  #isDead = false;

  constructor(shared: Shared, clock: Clock) {
    this.#shared = shared;
    this.#clock = clock;
  }

  async get(name: string): Promise<StoredEntry | undefined> {
    await this.#ask('get', name);
    return this.#shared.memory.get(name);
  }

  put(name: string, value: unknown, options: PutOptions): Promise<boolean> {
    return this.#change('put', name, (memory) => memory.put(name, value, options));
  }

  remove(name: string, fence: number): Promise<boolean> {
    return this.#change('remove', name, (memory) => memory.remove(name, fence));
  }

  async lock(name: string): Promise<StoreLock | { left: number }> {
    await this.#ask('lock', name);
    const lock = await this.#shared.memory.lock(name);
    if (!('fence' in lock)) return lock;
    const held = { lock, isLost: false, abort: new AbortController() };
    this.#locks.add(held);
    return {
      fence: lock.fence,
      entry: lock.entry,
      signal: held.abort.signal,
      get isHeld() {
        return !held.isLost && lock.isHeld;
      },
      release: (change, others) => this.#release(name, held, change, others),
    };
  }

  /** As in Redis, records are written with it even if the lock is lost, unless somebody newer has written. */
  async #release(name: string, held: Held, ...[change, others = []]: Parameters<StoreLock['release']>): Promise<void> {
    if (this.#isDead) return new Promise(() => undefined);
    const written = [...(change ? ['a change'] : []), ...others.map((other) => other.name.split(' ', 1))];
    this.asked.push(`release ${name}${written.length > 0 ? ` with ${written.join(', ')}` : ''}`);
    for (const other of [...others, ...(change ? [{ name }] : [])]) await this.beforeWrite?.(other.name);
    for (const other of others) await this.#write(other.name, (memory) => memory.put(other.name, other.value, other));
    const isLost = held.isLost || this.state.at === 'gone';
    this.#locks.delete(held);
    held.abort.abort();
    if (!isLost) return held.lock.release(change);
    const { fence } = held.lock;
    if (change) await this.#write(name, (memory) => memory.put(name, change.value, { ...change, fence }));
    return undefined;
  }

  watch(name: string, listener: () => unknown, writer?: string): Cancel {
    // As with a subscription, a notification arrives a little later.
    const hear = (): void => {
      setImmediate(() => {
        if (this.state.at === 'ready' && !this.#isDead && this.#watches.has(hear))
          void Promise.resolve(listener()).catch(() => undefined);
      });
    };
    this.#watches.set(hear, { name, writer, cancel: this.#shared.memory.watch(name, hear, writer) });
    return () => {
      this.#watches.get(hear)?.cancel();
      this.#watches.delete(hear);
    };
  }

  close(): void {
    for (const { cancel } of this.#watches.values()) cancel();
    this.#watches.clear();
  }

  get watched(): number {
    return this.#watches.size;
  }

  /** The store cannot be reached from here. */
  goAway(): void {
    this.state = { at: 'gone', cause: 'ECONNREFUSED' };
    this.#loseLocks(LOCK_TTL);
    this.changes.tell(this.state);
  }

  /** The store is back: held writes are made, and all watchers are notified. */
  async comeBack(): Promise<void> {
    this.state = { at: 'ready' };
    for (const [hear, watch] of this.#watches) {
      watch.cancel();
      watch.cancel = this.#shared.memory.watch(watch.name, hear, watch.writer);
    }
    for (const write of this.#kept.values()) await write(this.#shared.memory);
    this.#kept.clear();
    this.changes.tell(this.state);
    for (const hear of [...this.#watches.keys()]) hear();
  }

  /** The process was paused for longer than its locks last: others may take them. */
  loseLocks(): void {
    this.#loseLocks(0);
  }

  /** `kill -9`: nothing that is in progress ends, and its locks expire. */
  die(): void {
    this.#isDead = true;
    this.#loseLocks(LOCK_TTL);
    this.close();
  }

  #loseLocks(after: number): void {
    for (const held of this.#locks) {
      held.isLost = true;
      held.abort.abort();
      this.#locks.delete(held);
      if (after === 0) void held.lock.release();
      else this.#clock.after(after, () => void held.lock.release());
    }
  }

  async #change(what: string, name: string, write: Write): Promise<boolean> {
    this.asked.push(`${what} ${name}`);
    await this.beforeWrite?.(name);
    return this.#write(name, write);
  }

  async #write(name: string, write: Write): Promise<boolean> {
    if (this.#isDead) return new Promise(() => undefined);
    if (this.state.at === 'ready') return write(this.#shared.memory);
    this.#kept.set(name, write);
    return false;
  }

  async #ask(what: string, name: string): Promise<void> {
    this.asked.push(`${what} ${name}`);
    if (this.#isDead) return new Promise(() => undefined);
    if (this.state.at === 'gone') throw new AuthError('store-gone', { host: 'store', cause: this.state.cause });
  }
}
