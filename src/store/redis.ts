import { type Cancel, type Clock, randomId } from '../core/clock.ts';
import { type Listeners, Once } from '../core/listeners.ts';
import { FENCE_MARGIN } from './entries.ts';
import { Watchers } from './in-process.ts';
import type { Keyring } from './keyring.ts';
import type { RedisTarget } from './redis-address.ts';
import { RedisConnection, type Run } from './redis-connection.ts';
import { momentOf, RedisLock } from './redis-lock.ts';
import { RedisMasterKey } from './redis-master-key.ts';
import { readRedisRecord } from './redis-record.ts';
import type { ScriptName } from './redis-scripts.ts';
import { type Change, type Place, writeChange } from './redis-write.ts';
import { LONGEST_BOX } from './seal.ts';
import { ServerClock } from './server-clock.ts';
import {
  type DurableStore,
  LOCK_TTL,
  lifeInStore,
  type PutOptions,
  type StoredEntry,
  type StoreLock,
  type StoreState,
} from './store.ts';
import { storeGone } from './store-timeout.ts';
import { UnwrittenChanges } from './unwritten-changes.ts';

/** How many changes are written at once when the server is back. */
const BATCH = 100;

/** The store that replicas share, in Redis or Valkey. Names and values are sealed before they leave this process. */
export class RedisStore implements DurableStore {
  readonly kind = 'redis';
  readonly isShared = true;
  readonly unreadable = new Once<void>();
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #isCluster: boolean;
  readonly #connection: RedisConnection;
  readonly #keyring: Keyring;
  readonly #masterKey: RedisMasterKey;
  readonly #serverClock: ServerClock;
  readonly #watchers = new Watchers();
  /** The watched names, by their IDs. */
  readonly #names = new Map<string, string>();
  readonly #locks = new Set<RedisLock>();
  readonly #unwritten = new UnwrittenChanges();
  #isCatchingUp = false;
  /** The store in its place, after it was closed: writes the result of work that began with this one. */
  #successor: RedisStore | undefined;

  /** @param prefix of all keys and channels */
  constructor(target: RedisTarget, prefix: string, keyring: Keyring, clock: Clock) {
    this.#clock = clock;
    this.#prefix = prefix;
    this.#isCluster = target.topology === 'cluster';
    this.#keyring = keyring;
    this.#serverClock = new ServerClock(clock);
    const master = {
      key: `${prefix}master`,
      serverClock: this.#serverClock,
      changed: () => this.#renameAll(),
      strange: () => this.unreadable.tell(),
    };
    this.#masterKey = new RedisMasterKey(keyring, master, clock);
    this.#connection = new RedisConnection(target, prefix, clock, {
      connected: async () => {
        await this.#masterKey.renew(this.#connection.runNow);
        this.#masterKey.keepUp(this.#connection.run);
        await this.#catchUp();
      },
      catchUp: () => this.#catchUp(),
      received: (payload) => {
        const [id = '', writer] = payload.split(' ', 2);
        const name = this.#names.get(id);
        if (name !== undefined) this.#watchers.tell(name, writer);
      },
      missed: () => this.#tellAll(),
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
    if (this.#isClosed) throw storeGone(this.host, 'closed');
    if (this.#unwritten.has(name)) return this.#mine(name);
    const { place, answer } = await this.#ask(name, 'readRecord', ({ key }) => [key], [LONGEST_BOX]);
    const [found, now] = answer;
    return this.#entryOf(place, found, now);
  }

  /** Changes of this process that are not on the server yet. */
  #mine(name: string): StoredEntry | undefined {
    const mine = this.#unwritten.get(name);
    const age = mine && Math.max(0, this.#clock.now() - mine.since);
    if (mine?.json === undefined || age === undefined || age >= mine.life) return undefined;
    return { value: JSON.parse(mine.json), age, fence: mine.fence };
  }

  #entryOf({ key, seal }: Place, found: unknown, now: unknown): StoredEntry | undefined {
    this.#serverClock.saw(now);
    if (typeof found !== 'string') return undefined;
    const entry = readRedisRecord(seal, key, found, Number(now));
    if (!entry) this.unreadable.tell();
    return entry;
  }

  put(name: string, value: unknown, options: PutOptions): Promise<boolean> {
    return this.#put(name, value, options);
  }

  /** @param options.owner of the lock that is given back in the same step */
  #put(name: string, value: unknown, { life, ...options }: PutOptions & { owner?: string }): Promise<boolean> {
    return this.#change(name, { json: JSON.stringify(value) ?? 'null', life: lifeInStore(life), ...options });
  }

  async remove(name: string, fence: number): Promise<boolean> {
    return this.#change(name, { json: undefined, fence, life: FENCE_MARGIN });
  }

  async lock(name: string): Promise<StoreLock | { left: number }> {
    const owner = randomId();
    const asked = momentOf(this.#clock);
    const keysOf = ({ key }: Place): string[] => [`${key}:lock`, `${key}:fence`, key];
    const args = [owner, LOCK_TTL, FENCE_MARGIN, LONGEST_BOX];
    const { place, answer } = await this.#ask(name, 'takeLock', keysOf, args);
    const key = `${place.key}:lock`;
    const [fence, left, now] = answer;
    if (!fence) return { left: Math.min(LOCK_TTL, Math.max(1, Number(left) || 1)) };
    const extend = async (): Promise<boolean> =>
      (await this.#connection.run('extendLock', [key], [owner, LOCK_TTL])) === 1;
    const lock = new RedisLock(
      {
        fence: Number(fence),
        entry: this.#unwritten.has(name) ? this.#mine(name) : this.#entryOf(place, left, now),
      },
      asked,
      {
        extend: () => extend().catch(() => undefined),
        giveBack: async (change, others = []) => {
          // One after another without waiting for an answer: one round trip.
          const written = others.map(({ name, value, ...options }) => this.put(name, value, options));
          if (change) await this.#put(name, change.value, { ...change, fence: Number(fence), owner });
          else {
            const payload = [this.#connection.channel, place.id];
            await this.#connection.run('releaseLock', [key], [owner, ...payload]).catch(() => undefined);
          }
          await Promise.all(written);
        },
        ended: (ended) => this.#locks.delete(ended),
      },
      this.#clock,
    );
    this.#locks.add(lock);
    return lock;
  }

  watch(name: string, listener: () => unknown, writer?: string): Cancel {
    if (this.#isClosed) return () => undefined;
    const end = this.#watchers.add(name, listener, writer);
    const idOf = (): string => this.#keyring.seal?.nameOf(name) ?? '';
    this.#names.set(idOf(), name);
    return () => {
      end();
      if (!this.#watchers.isWatched(name)) this.#names.delete(idOf());
    };
  }

  takeOver(before: DurableStore): void {
    if (!(before instanceof RedisStore)) return;
    this.#unwritten.takeOver(before.#unwritten);
    before.#successor = this;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#masterKey.close();
    this.#connection.close();
    for (const lock of [...this.#locks]) lock.end();
    this.#watchers.clear();
    this.#names.clear();
    this.#unwritten.clear();
  }

  get #isClosed(): boolean {
    return this.state.at === 'gone' && this.state.cause === 'closed';
  }

  /**
   * Sends a request about a name, which takes 2 s at most once the master key is known.
   *
   * @throws AuthError `AUTH_STORE`; at once while the server is known to be unavailable
   */
  async #ask(
    name: string,
    script: ScriptName,
    keysOf: (place: Place) => string[],
    args: (string | number)[],
  ): Promise<{ place: Place; answer: unknown[] }> {
    const place = await this.#placeOf(name);
    const answer = await this.#connection.run(script, keysOf(place), args);
    return { place, answer: Array.isArray(answer) ? answer : [] };
  }

  /**
   * The keys of a name. The master key is available after the first connection. Until then, the server has 2 s for each answer,
   * and there is no limit for the time that this machine needs to derive a key.
   *
   * @throws AuthError `AUTH_STORE` if the server cannot be reached, or the store is closed
   */
  async #placeOf(name: string): Promise<Place> {
    if (!this.#keyring.seal) await this.#connection.settled;
    const { state } = this;
    const { seal } = this.#keyring;
    if (this.#isClosed || !seal) throw storeGone(this.host, state.at === 'gone' ? state.cause : 'timeout');
    const id = seal.nameOf(name);
    // The hash tag puts all keys of a name into one slot.
    return { id, key: this.#prefix + (this.#isCluster ? `{${id}}` : id), seal };
  }

  async #change(name: string, made: Omit<Change, 'since'>): Promise<boolean> {
    if (this.#isClosed) {
      const successor = this.#successor;
      // The lock, if there was one, was of this store.
      return successor ? successor.#change(name, { ...made, owner: undefined }) : false;
    }
    const change = { ...made, since: this.#clock.now() };
    this.#unwritten.send(name, change);
    try {
      // An earlier change is written first, or is replaced by this one.
      if (this.state.at === 'gone' || this.#unwritten.has(name)) throw storeGone(this.host, 'gone');
      return await this.#write(this.#connection.run, name, change);
    } catch {
      this.#keep(name, change);
      return false;
    } finally {
      this.#unwritten.answered(name, change);
    }
  }

  /** Keeps a change that could not be written, unless there is a newer one. */
  #keep(name: string, change: Change): void {
    if (this.#isClosed) return;
    if (this.#unwritten.keep(name, change)) this.#watchers.tell(name, change.writer);
    this.#catchUpAlone();
  }

  /** Keeps a change although the server is available: no new connection would write it. */
  #catchUpAlone(): void {
    if (this.state.at !== 'ready' || this.#isCatchingUp || this.#unwritten.isEmpty) return;
    this.#isCatchingUp = true;
    this.#catchUp()
      // The connection is lost, and the next one writes the changes.
      .catch(() => undefined)
      .finally(() => {
        this.#isCatchingUp = false;
        this.#catchUpAlone();
      });
  }

  /** With another master key all records have other IDs. Before the first connection, nobody can have missed anything. */
  #renameAll(): void {
    this.#names.clear();
    for (const name of this.#watchers.names) this.#names.set(this.#keyring.seal?.nameOf(name) ?? '', name);
    this.#tellAll();
  }

  /** Notifies all watchers that changes may have been missed. If the server is lost meanwhile, the next connection repeats it. */
  #tellAll(): void {
    void this.#watchers.tellAll(() => this.state.at === 'ready');
  }

  async #catchUp(): Promise<void> {
    while (!this.#unwritten.isEmpty) {
      const batch = this.#unwritten.batch(BATCH);
      await Promise.all(batch.map(([name, change]) => this.#write(this.#connection.runNow, name, change)));
      for (const [name, change] of batch) this.#unwritten.written(name, change);
    }
  }

  async #write(run: Run, name: string, change: Change): Promise<boolean> {
    const about = {
      host: this.host,
      channel: this.#connection.channel,
      clock: this.#clock,
      serverClock: this.#serverClock,
    };
    return writeChange(run, await this.#placeOf(name), change, about);
  }
}
