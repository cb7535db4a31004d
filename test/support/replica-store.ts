import { AuthError } from '../../src/errors.ts';
import { Listeners } from '../../src/listeners.ts';
import type { MemoryStore } from '../../src/store/memory.ts';
import { LEASE_LIFE, type Lease, type Store, type StoredEntry, type StoreState } from '../../src/store/store.ts';
import type { Cancel, System } from '../../src/system.ts';

type Kept = (store: MemoryStore) => Promise<boolean>;

/**
 * One replica's view of a store that several share. A test takes it away, gives it back, and ends the replica in the middle;
 * it behaves then as the store in Redis does.
 */
export class ReplicaStore implements Store {
  readonly changes = new Listeners<StoreState>();
  state: StoreState = { at: 'ready' };
  /** What was asked of the store, as `get session …`. */
  readonly asked: string[] = [];
  readonly #memory: MemoryStore;
  readonly #system: System;
  readonly #kept = new Map<string, Kept>();
  readonly #watchers = new Map<() => void, Cancel>();
  readonly #leases = new Set<{ name: string; lease: Lease; lost: boolean }>();
  #isDead = false;

  constructor(memory: MemoryStore, system: System) {
    this.#memory = memory;
    this.#system = system;
  }

  async get(name: string): Promise<StoredEntry | undefined> {
    await this.#mustBeThere('get', name);
    return this.#memory.get(name);
  }

  async put(name: string, value: unknown, options: { life: number; fence: number }): Promise<boolean> {
    return this.#change('put', name, (memory) => memory.put(name, value, options));
  }

  async remove(name: string, fence: number): Promise<boolean> {
    return this.#change('remove', name, (memory) => memory.remove(name, fence));
  }

  async lease(name: string): Promise<Lease | { left: number }> {
    await this.#mustBeThere('lease', name);
    const lease = await this.#memory.lease(name);
    if (!('fence' in lease)) return lease;
    const held = { name, lease, lost: false };
    this.#leases.add(held);
    return {
      fence: lease.fence,
      get isHeld() {
        return !held.lost && lease.isHeld;
      },
      release: async () => {
        if (this.#isDead) return new Promise(() => undefined);
        this.#leases.delete(held);
        if (!held.lost) await lease.release();
      },
    };
  }

  watch(name: string, listener: () => void): Cancel {
    const tell = (): void => {
      if (this.state.at === 'ready' && !this.#isDead) listener();
    };
    const cancel = this.#memory.watch(name, tell);
    this.#watchers.set(listener, cancel);
    return () => {
      cancel();
      this.#watchers.delete(listener);
    };
  }

  close(): void {
    for (const cancel of this.#watchers.values()) cancel();
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
    for (const write of this.#kept.values()) await write(this.#memory);
    this.#kept.clear();
    this.changes.tell(this.state);
    for (const listener of [...this.#watchers.keys()]) listener();
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
      held.lost = true;
      this.#leases.delete(held);
      if (after === 0) void held.lease.release();
      else this.#system.after(after, () => void held.lease.release());
    }
  }

  async #change(what: string, name: string, write: Kept): Promise<boolean> {
    this.asked.push(`${what} ${name}`);
    if (this.#isDead) return new Promise(() => undefined);
    if (this.state.at === 'ready') return write(this.#memory);
    this.#kept.set(name, write);
    return false;
  }

  async #mustBeThere(what: string, name: string): Promise<void> {
    this.asked.push(`${what} ${name}`);
    if (this.#isDead) return new Promise(() => undefined);
    if (this.state.at === 'gone') throw new AuthError('store-gone', { host: 'store', cause: this.state.cause });
  }
}
