import type { Cancel } from '../core/clock.ts';
import type { StoredEntry, StoreLock } from './store.ts';

/** How many watchers are called at once after a change may have been missed: each may read from the store. */
const PORTION = 50;

/** A watcher of a name. */
interface Watcher {
  readonly listener: () => unknown;
  readonly writer: string | undefined;
}

/** The watchers of names in this process. */
export class Watchers {
  readonly #names = new Map<string, Set<Watcher>>();
  /** The newest round of notifications. An older one ends. */
  #round = 0;

  /** @param writer the writer whose own changes are not reported to this watcher */
  add(name: string, listener: () => unknown, writer?: string): Cancel {
    let all = this.#names.get(name);
    if (!all) {
      all = new Set();
      this.#names.set(name, all);
    }
    const known = all;
    const watcher = { listener, writer };
    known.add(watcher);
    return () => {
      known.delete(watcher);
      if (known.size === 0 && this.#names.get(name) === known) this.#names.delete(name);
    };
  }

  /** The names that are watched. */
  get names(): Iterable<string> {
    return this.#names.keys();
  }

  isWatched(name: string): boolean {
    return this.#names.has(name);
  }

  /** @param writer the writer of the change, if it is known */
  tell(name: string, writer?: string): void {
    for (const watcher of [...(this.#names.get(name) ?? [])])
      if (writer === undefined || watcher.writer !== writer) void told(watcher.listener);
  }

  /**
   * Calls all watchers, because changes may have been missed: a limited number at a time, and the next ones after those have
   * finished. All at once would overload a store that has just come back.
   *
   * @param goesOn whether to continue
   */
  async tellAll(goesOn: () => boolean = () => true): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const all = [...this.#names.values()].flatMap((set) => [...set].map((watcher) => ({ set, watcher })));
    for (let at = 0; at < all.length && round === this.#round && goesOn(); at += PORTION) {
      const portion = all.slice(at, at + PORTION).filter(({ set, watcher }) => set.has(watcher));
      await Promise.all(portion.map(({ watcher }) => told(watcher.listener)));
    }
  }

  clear(): void {
    this.#round += 1;
    for (const set of this.#names.values()) set.clear();
    this.#names.clear();
  }
}

/** Resolves when the watcher has finished. A failure of one watcher does not affect the others. */
export async function told(listener: () => unknown): Promise<void> {
  try {
    await listener();
  } catch {
    // It was called already.
  }
}

/** The locks of a store that only this process uses. Nobody else can take one, however long the process was paused. */
export class InProcessLocks {
  readonly #held = new Map<string, InProcessLock>();

  has(name: string): boolean {
    return this.#held.has(name);
  }

  /**
   * Takes the lock on a name that nobody holds.
   *
   * @param given the data of the lock
   * @param released is called once, when it is given back
   */
  take(name: string, given: Pick<StoreLock, 'fence' | 'entry'>, released: StoreLock['release']): StoreLock {
    const lock = new InProcessLock(given, async (...changes) => {
      if (this.#held.get(name) === lock) this.#held.delete(name);
      await released(...changes);
    });
    this.#held.set(name, lock);
    return lock;
  }

  /** All of them are lost. */
  clear(): void {
    for (const lock of this.#held.values()) lock.lose();
    this.#held.clear();
  }
}

class InProcessLock implements StoreLock {
  readonly fence: number;
  readonly entry: StoredEntry | undefined;
  readonly #released: StoreLock['release'];
  #abort: AbortController | undefined;
  isHeld = true;

  constructor({ fence, entry }: Pick<StoreLock, 'fence' | 'entry'>, released: InProcessLock['release']) {
    this.fence = fence;
    this.entry = entry;
    this.#released = released;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (!this.isHeld) this.#abort.abort();
    return this.#abort.signal;
  }

  lose(): void {
    this.isHeld = false;
    this.#abort?.abort();
  }

  async release(...changes: Parameters<StoreLock['release']>): Promise<void> {
    const wasHeld = this.isHeld;
    this.lose();
    if (wasHeld) await this.#released(...changes);
  }
}
