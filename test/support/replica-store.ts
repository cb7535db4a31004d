import type { Cancel, Clock } from '../../src/core/clock.ts';
import { AuthError } from '../../src/core/errors.ts';
import { Listeners } from '../../src/core/listeners.ts';
import {
  LEASE_LIFE,
  type Lease,
  type PutOptions,
  type Store,
  type StoredEntry,
  type StoreState,
} from '../../src/store/store.ts';
import type { MemoryStore } from './memory-store.ts';

/** A lease that a replica holds. */
interface Held {
  lease: Lease;
  isLost: boolean;
  abort: AbortController;
}

type Write = (store: MemoryStore) => Promise<boolean>;

/** What several replicas share: a store that a test can empty. */
export interface Shared {
  memory: MemoryStore;
}

/**
 * One replica's view of a store that several share. A test takes it away, gives it back, and ends the replica in the middle;
 * it behaves then as the store in Redis does.
 */
export class ReplicaStore implements Store {
  readonly isShared = true;
  readonly changes = new Listeners<StoreState>();
  state: StoreState = { at: 'ready' };
  /** What was asked of the store, as `get session …`. */
  readonly asked: string[] = [];
  readonly #shared: Shared;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Write>();
  readonly #watches = new Map<() => void, { name: string; writer: string | undefined; cancel: Cancel }>();
  readonly #leases = new Set<Held>();
  /** A test may hold up what is written. */
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

  async lease(name: string): Promise<Lease | { left: number }> {
    await this.#ask('lease', name);
    const lease = await this.#shared.memory.lease(name);
    if (!('fence' in lease)) return lease;
    const held = { lease, isLost: false, abort: new AbortController() };
    this.#leases.add(held);
    return {
      fence: lease.fence,
      entry: lease.entry,
      signal: held.abort.signal,
      get isHeld() {
        return !held.isLost && lease.isHeld;
      },
      release: (change) => this.#release(name, held, change),
    };
  }

  /** As in Redis, what is written with it is written even if the lease is lost, unless somebody newer has written. */
  async #release(name: string, held: Held, change: Parameters<Lease['release']>[0]): Promise<void> {
    if (this.#isDead) return new Promise(() => undefined);
    this.asked.push(`release ${name}${change ? ' with a change' : ''}`);
    if (change) await this.beforeWrite?.(name);
    const isLost = held.isLost || this.state.at === 'gone';
    this.#leases.delete(held);
    held.abort.abort();
    if (!isLost) return held.lease.release(change);
    const { fence } = held.lease;
    if (change) await this.#write(name, (memory) => memory.put(name, change.value, { ...change, fence }));
    return undefined;
  }

  watch(name: string, listener: () => unknown, writer?: string): Cancel {
    // As of a subscription, a word is heard a little later.
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
    this.#loseLeases(LEASE_LIFE);
    this.changes.tell(this.state);
  }

  /** It is back: what was kept is written, and everybody who watches is told. */
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

  /** The process was paused for longer than its leases last: others may take them. */
  loseLeases(): void {
    this.#loseLeases(0);
  }

  /** `kill -9`: nothing that is under way comes to an end, and its leases end by themselves. */
  die(): void {
    this.#isDead = true;
    this.#loseLeases(LEASE_LIFE);
    this.close();
  }

  #loseLeases(after: number): void {
    for (const held of this.#leases) {
      held.isLost = true;
      held.abort.abort();
      this.#leases.delete(held);
      if (after === 0) void held.lease.release();
      else this.#clock.after(after, () => void held.lease.release());
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
