import { LRUCache } from 'lru-cache';
import { Listeners } from '../listeners.ts';
import { type Cancel, randomId, type System } from '../system.ts';
import { FENCE_MARGIN } from './entries.ts';
import { told, Watchers } from './in-process.ts';
import type { RedisTarget } from './redis-address.ts';
import { RedisConnection, type Run } from './redis-connection.ts';
import { momentOf, RedisLease } from './redis-lease.ts';
import { EXTEND, GET, LEASE, MARK, PUT, RELEASE, REMOVE } from './redis-scripts.ts';
import { LONGEST_BOX, type Seal } from './seal.ts';
import { type KeptStore, LEASE_LIFE, type Lease, type PutOptions, type StoredEntry, type StoreState } from './store.ts';
import { answerOf, storeGone } from './timely.ts';

/** How many changes are kept while the server is gone, and how many are written at once when it is back. */
const MOST_UNWRITTEN = 10_000;
const BATCH = 100;

/** The longest life that is asked of a server, in ms: ten years. */
const LONGEST_LIFE = 315_360_000_000;

/** For how long it is remembered which passphrase was used, in ms: thirty days from the last connection. */
const MARK_LIFE = 2_592_000_000;

/** A change that is on its way. A removal has no box. */
interface Change {
  readonly box: string | undefined;
  readonly fence: number;
  readonly life: number;
  /** ms since 1970 */
  readonly since: number;
  readonly writer?: string | undefined;
  /** Whose lease is given back with it. */
  readonly owner?: string | undefined;
}

/** The store that replicas share, in Redis or Valkey. Names and values are sealed before they leave this process. */
export class RedisStore implements KeptStore {
  readonly isShared = true;
  readonly unreadable = new Listeners<void>();
  readonly #system: System;
  readonly #prefix: string;
  readonly #connection: RedisConnection;
  readonly #sealing: Promise<Seal>;
  readonly #watchers = new Watchers();
  readonly #leases = new Set<RedisLease>();
  /** The newest change of each name that the server does not know yet. */
  readonly #unwritten = new LRUCache<string, Change>({ max: MOST_UNWRITTEN });
  readonly #onTheWay = new Map<string, Change>();
  #seal: Seal | undefined;
  #saidUnreadable = false;
  #isCatchingUp = false;

  /**
   * @param prefix what all keys and channels begin with
   * @param seal may still be on its way: everything waits for it
   * @param isTrial it is only looked at, so that nothing is left there that would tell of its passphrase
   */
  constructor(target: RedisTarget, prefix: string, seal: Promise<Seal>, system: System, isTrial = false) {
    this.#system = system;
    this.#prefix = prefix;
    this.#sealing = seal.then((made) => {
      this.#seal = made;
      return made;
    });
    // Who needs it is told.
    this.#sealing.catch(() => undefined);
    this.#connection = new RedisConnection(target, prefix, system, {
      connected: async () => {
        await this.#compareMark(isTrial);
        await this.#catchUp();
      },
      catchUp: () => this.#catchUp(),
      heard: (payload) => {
        const [id = '', writer] = payload.split(' ', 2);
        this.#watchers.tell(id, writer);
      },
      // Where it goes away meanwhile, the next connection tells everybody again.
      missed: () => void this.#watchers.tellAll(() => this.state.at === 'ready'),
    });
  }

  get host(): string {
    return this.#connection.host;
  }

  get state(): StoreState {
    return this.#connection.state;
  }

  get changes(): Listeners<StoreState> {
    return this.#connection.changes;
  }

  async get(name: string): Promise<StoredEntry | undefined> {
    const { id, seal } = await this.#opened(name);
    if (this.#unwritten.has(id)) return this.#mine(id, seal);
    const answer = await this.#connection.run(GET, [this.#key(id)], [LONGEST_BOX]);
    const [found, now] = Array.isArray(answer) ? answer : [];
    return this.#entryOf(id, seal, found, now);
  }

  /** What this process wrote and the server does not know yet. */
  #mine(id: string, seal: Seal): StoredEntry | undefined {
    const mine = this.#unwritten.get(id);
    const age = mine && this.#system.now() - mine.since;
    if (mine?.box === undefined || age === undefined || age >= mine.life) return undefined;
    const opened = seal.open(this.#key(id), mine.fence, mine.box);
    return opened && { value: opened.value, age: Math.max(0, age), fence: mine.fence };
  }

  #entryOf(id: string, seal: Seal, found: unknown, now: unknown): StoredEntry | undefined {
    if (typeof found !== 'string') return undefined;
    const [, fence, written, box] = /^(\d{1,16}):(\d{1,16}):(.*)$/s.exec(found) ?? [];
    const opened = box === undefined ? undefined : seal.open(this.#key(id), Number(fence), box);
    if (opened) return { value: opened.value, age: Math.max(0, Number(now) - Number(written)), fence: Number(fence) };
    this.#tellUnreadable();
    return undefined;
  }

  put(name: string, value: unknown, options: PutOptions): Promise<boolean> {
    return this.#put(name, value, options);
  }

  /** @param options.owner whose lease is given back in the same step */
  #put(name: string, value: unknown, options: PutOptions & { owner?: string }): Promise<boolean> {
    const { life, fence, writer, owner } = options;
    // One that the server would not take would never be written, and the store never be ready.
    const lasting = Math.min(LONGEST_LIFE, Math.max(1, Math.ceil(life) || 1));
    return this.#change(name, (key, seal) => ({
      box: seal.close(key, fence, value),
      fence,
      life: lasting,
      writer,
      owner,
    }));
  }

  async remove(name: string, fence: number): Promise<boolean> {
    return this.#change(name, () => ({ box: undefined, fence, life: FENCE_MARGIN }));
  }

  async lease(name: string): Promise<Lease | { left: number }> {
    const { id, seal } = await this.#opened(name);
    const owner = randomId();
    const key = `${this.#key(id)}:lease`;
    const asked = momentOf(this.#system);
    const keys = [key, this.#fences(id), this.#key(id)];
    const answer = await this.#connection.run(LEASE, keys, [owner, LEASE_LIFE, FENCE_MARGIN, LONGEST_BOX]);
    const [fence, left, now] = Array.isArray(answer) ? answer : [];
    if (!fence) return { left: Math.min(LEASE_LIFE, Math.max(1, Number(left) || 1)) };
    const extend = async (): Promise<boolean> => (await this.#connection.run(EXTEND, [key], [owner, LEASE_LIFE])) === 1;
    const lease = new RedisLease(
      {
        fence: Number(fence),
        entry: this.#unwritten.has(id) ? this.#mine(id, seal) : this.#entryOf(id, seal, left, now),
      },
      asked,
      {
        extend: () => extend().catch(() => undefined),
        giveBack: async (change) => {
          if (change) {
            await this.#put(name, change.value, { ...change, fence: Number(fence), owner });
            return;
          }
          const payload = [this.#connection.channel, id];
          await this.#connection.run(RELEASE, [key], [owner, ...payload]).catch(() => undefined);
        },
        ended: (ended) => this.#leases.delete(ended),
      },
      this.#system,
    );
    this.#leases.add(lease);
    return lease;
  }

  watch(name: string, listener: () => unknown, writer?: string): Cancel {
    let isOver = false;
    let end: Cancel | undefined;
    const begin = (seal: Seal, isLate: boolean): void => {
      if (isOver || this.#isClosed) return;
      end = this.#watchers.add(seal.nameOf(name), listener, writer);
      if (isLate) void told(listener);
    };
    if (this.#seal) begin(this.#seal, false);
    else this.#sealing.then((seal) => begin(seal, true)).catch(() => undefined);
    this.#connection.listen();
    return () => {
      isOver = true;
      end?.();
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#connection.close();
    for (const lease of [...this.#leases]) lease.end();
    this.#watchers.clear();
    this.#unwritten.clear();
  }

  get #isClosed(): boolean {
    return this.state.at === 'gone' && this.state.cause === 'closed';
  }

  #key(id: string): string {
    return this.#prefix + id;
  }

  #fences(id: string): string {
    return `${this.#key(id)}:fence`;
  }

  /** @throws AuthError `AUTH_STORE` where the keys are not derived in time, or the store is closed */
  async #opened(name: string): Promise<{ id: string; seal: Seal }> {
    const seal = this.#seal ?? (await answerOf(this.#sealing, this.host, this.#system));
    if (this.#isClosed) throw storeGone(this.host, 'closed');
    return { id: seal.nameOf(name), seal };
  }

  async #change(name: string, make: (key: string, seal: Seal) => Omit<Change, 'since'>): Promise<boolean> {
    const opened = await this.#opened(name).catch(() => undefined);
    if (!opened) return false;
    const { id, seal } = opened;
    const change = { ...make(this.#key(id), seal), since: this.#system.now() };
    this.#onTheWay.set(id, change);
    try {
      // What waits to be written goes first, or this one in its place.
      if (this.state.at === 'gone' || this.#unwritten.has(id)) throw storeGone(this.host, 'gone');
      return await this.#write(this.#connection.run, id, change);
    } catch {
      this.#keep(id, change);
      return false;
    } finally {
      if (this.#onTheWay.get(id) === change) this.#onTheWay.delete(id);
    }
  }

  /** Keeps what could not be written, unless something newer is kept or on its way. */
  #keep(id: string, change: Change): void {
    if (this.#isClosed || this.#onTheWay.get(id) !== change) return;
    const kept = this.#unwritten.get(id);
    if (!kept || kept.fence <= change.fence) {
      this.#unwritten.set(id, change);
      this.#watchers.tell(id, change.writer);
    }
    this.#catchUpAlone();
  }

  /** What is kept although the server is there: no new connection comes that would write it. */
  #catchUpAlone(): void {
    if (this.state.at !== 'ready' || this.#isCatchingUp || this.#unwritten.size === 0) return;
    this.#isCatchingUp = true;
    this.#catchUp()
      // The link is lost, and the next one catches up.
      .catch(() => undefined)
      .finally(() => {
        this.#isCatchingUp = false;
        this.#catchUpAlone();
      });
  }

  /** Finds out whether somebody uses another passphrase under the same prefix. */
  async #compareMark(isTrial: boolean): Promise<void> {
    const mark = (await this.#sealing).nameOf('the passphrase');
    const args = [mark, MARK_LIFE, isTrial ? '0' : '1'];
    const isOther = await this.#connection.runNow(MARK, [`${this.#prefix}key`], args);
    if (isOther === 1) this.#tellUnreadable();
  }

  async #catchUp(): Promise<void> {
    while (this.#unwritten.size > 0) {
      const batch = [...this.#unwritten.entries()].slice(0, BATCH);
      await Promise.all(batch.map(([id, change]) => this.#write(this.#connection.runNow, id, change)));
      for (const [id, change] of batch) if (this.#unwritten.peek(id) === change) this.#unwritten.delete(id);
    }
  }

  async #write(run: Run, id: string, { box, fence, life, since, writer, owner = '' }: Change): Promise<boolean> {
    const keys = [this.#key(id), this.#fences(id)];
    const news = [this.#connection.channel, writer === undefined ? id : `${id} ${writer}`];
    const age = Math.max(0, Math.round(this.#system.now() - since));
    const left = life - age;
    const keepsFence = Math.max(0, left) + FENCE_MARGIN;
    if (box === undefined || left <= 0) return (await run(REMOVE, keys, [fence, keepsFence, ...news])) === 1;
    const args = [fence, box, left, keepsFence, age, owner, ...news];
    return (await run(PUT, [...keys, `${this.#key(id)}:lease`], args)) === 1;
  }

  #tellUnreadable(): void {
    if (this.#saidUnreadable) return;
    this.#saidUnreadable = true;
    this.unreadable.tell();
  }
}
