import { LRUCache } from 'lru-cache';
import type { Cancel, Clock } from '../core/clock.ts';
import { asAuthError } from '../core/errors.ts';
import { Listeners, Once } from '../core/listeners.ts';
import type { DurableStore, PutOptions, StoredEntry, StoreLock, StoreState } from './store.ts';
import { answerOf, storeGone } from './store-timeout.ts';

/** How often new settings are asked for while the store is gone, in ms. */
const ASK_PAUSE = 5_000;

/** How many changes are kept until the settings are known for the first time. */
const MOST_UNWRITTEN = 10_000;

/** The name and kind of a store before its settings are known. */
export interface StoreName {
  readonly kind: DurableStore['kind'];
  readonly host: string;
}

interface Watcher {
  readonly name: string;
  readonly listener: () => unknown;
  readonly writer: string | undefined;
  cancel: Cancel;
}

/**
 * A store whose settings come from files or a vault, or whose TLS files may be replaced. It is opened when they are known. While it
 * is unavailable they are asked for again, and if they have changed, it is opened again.
 */
export class ChangingStore<S extends object> implements DurableStore {
  readonly kind: DurableStore['kind'];
  readonly isShared: boolean;
  readonly changes = new Listeners<StoreState>();
  readonly unreadable = new Once<void>();
  readonly #name: string;
  readonly #ask: () => Promise<S>;
  readonly #open: (settings: S) => DurableStore;
  readonly #clock: Clock;
  readonly #watchers = new Set<Watcher>();
  /** The newest change of each name, until the store is opened for the first time. */
  readonly #unwritten = new LRUCache<string, () => void>({ max: MOST_UNWRITTEN });
  #state: StoreState = { at: 'connecting' };
  #settings: S | undefined;
  #store: DurableStore | undefined;
  #unfollow: Cancel = () => undefined;
  #pause: Cancel | undefined;
  #isAsking = false;
  #opened: (store: DurableStore) => void = () => undefined;
  readonly #opening = new Promise<DurableStore>((resolve) => {
    this.#opened = resolve;
  });

  /**
   * @param ask returns the settings: the same object as long as nothing has changed
   * @param open opens the store with them
   */
  constructor({ kind, host }: StoreName, ask: () => Promise<S>, open: (settings: S) => DurableStore, clock: Clock) {
    this.kind = kind;
    this.isShared = kind === 'redis';
    this.#name = host;
    this.#ask = ask;
    this.#open = open;
    this.#clock = clock;
    void this.#look();
  }

  /** The store that is open; undefined before the settings are known. */
  get current(): DurableStore | undefined {
    return this.#store;
  }

  get host(): string {
    return this.#store?.host ?? this.#name;
  }

  get state(): StoreState {
    return this.#state;
  }

  async get(name: string): Promise<StoredEntry | undefined> {
    return (await this.#openStore()).get(name);
  }

  put(name: string, value: unknown, options: PutOptions): Promise<boolean> {
    if (this.#store) return this.#store.put(name, value, options);
    this.#unwritten.set(name, () => void this.#store?.put(name, value, options));
    return Promise.resolve(false);
  }

  remove(name: string, fence: number): Promise<boolean> {
    if (this.#store) return this.#store.remove(name, fence);
    this.#unwritten.set(name, () => void this.#store?.remove(name, fence));
    return Promise.resolve(false);
  }

  async lock(name: string): Promise<StoreLock | { left: number }> {
    return (await this.#openStore()).lock(name);
  }

  watch(name: string, listener: () => unknown, writer?: string): Cancel {
    const cancel = this.#store?.watch(name, listener, writer) ?? (() => undefined);
    const watcher: Watcher = { name, listener, writer, cancel };
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      watcher.cancel();
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#pause?.();
    this.#unfollow();
    this.#store?.close();
    this.#watchers.clear();
    this.#unwritten.clear();
    this.#become({ at: 'gone', cause: 'closed' });
  }

  get #isClosed(): boolean {
    return this.#state.at === 'gone' && this.#state.cause === 'closed';
  }

  /** @throws AuthError `AUTH_STORE` if it is not opened within 2 s; at once if its settings are not available */
  async #openStore(): Promise<DurableStore> {
    if (this.#store) return this.#store;
    if (this.#state.at === 'gone') throw storeGone(this.host, this.#state.cause);
    return answerOf(this.#opening, this.host, this.#clock);
  }

  /** Asks for the settings, and opens the store if they are new. It never throws. */
  async #look(): Promise<void> {
    if (this.#isAsking || this.#isClosed) return;
    this.#isAsking = true;
    try {
      const settings = await this.#ask();
      if (!this.#isClosed && settings !== this.#settings) this.#use(settings);
    } catch (thrown) {
      if (!this.#store && !this.#isClosed) this.#become({ at: 'gone', cause: asAuthError(thrown).code });
    } finally {
      this.#isAsking = false;
    }
    if (this.#state.at !== 'gone' || this.#isClosed) return;
    this.#pause?.();
    this.#pause = this.#clock.after(ASK_PAUSE, () => void this.#look(), true);
  }

  #use(settings: S): void {
    const store = this.#open(settings);
    this.#settings = settings;
    this.#unfollow();
    const before = this.#store;
    this.#store = store;
    const unfollow = [
      store.changes.add((state) => this.#follow(state)),
      store.unreadable.add(() => this.unreadable.tell()),
    ];
    this.#unfollow = () => {
      for (const end of unfollow) end();
    };
    for (const watcher of this.#watchers) watcher.cancel = store.watch(watcher.name, watcher.listener, watcher.writer);
    for (const write of this.#unwritten.values()) write();
    this.#unwritten.clear();
    if (before) store.takeOver?.(before);
    before?.close();
    this.#opened(store);
    this.#follow(store.state);
  }

  #follow(state: StoreState): void {
    this.#become(state);
    if (state.at === 'gone') void this.#look();
  }

  #become(state: StoreState): void {
    const before = this.#state;
    this.#state = state;
    const isSame =
      before.at === state.at && (before.at !== 'gone' || before.cause === (state as { cause?: string }).cause);
    if (!isSame) this.changes.tell(state);
  }
}
