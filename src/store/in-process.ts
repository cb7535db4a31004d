import type { Cancel } from '../core/clock.ts';
import type { Lease, StoredEntry } from './store.ts';

/** How many watchers are told at once that something may have been missed: each may ask the store something. */
const PORTION = 50;

/** One who watches a name. */
interface Watcher {
  readonly listener: () => unknown;
  readonly writer: string | undefined;
}

/** Those who watch names, in this process. */
export class Watchers {
  readonly #names = new Map<string, Set<Watcher>>();
  /** The newest round of telling everybody: an older one ends. */
  #round = 0;

  /** @param writer whose own changes this one is not told of */
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

  /** @param writer who made the change, where that is known */
  tell(name: string, writer?: string): void {
    for (const watcher of [...(this.#names.get(name) ?? [])])
      if (writer === undefined || watcher.writer !== writer) void told(watcher.listener);
  }

  /**
   * Tells everybody, because nobody knows what was missed: so many at a time, and the next when those have come to
   * their end. All at once would be a storm at a store that has just come back.
   *
   * @param goesOn whether it still makes sense
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

/** Comes to its end with the watcher's follow-up. One watcher's defect is not the others'. */
export async function told(listener: () => unknown): Promise<void> {
  try {
    await listener();
  } catch {
    // It had its chance.
  }
}

/** The leases of a store that this process alone uses: nobody else can take one, however long the process was paused. */
export class InProcessLeases {
  readonly #held = new Map<string, InProcessLease>();

  has(name: string): boolean {
    return this.#held.has(name);
  }

  /**
   * Takes the lease on a name that nobody holds.
   *
   * @param given what the lease comes with
   * @param released is called once, when it is given back
   */
  take(
    name: string,
    given: Pick<Lease, 'fence' | 'entry'>,
    released: (change: Parameters<Lease['release']>[0]) => Promise<void>,
  ): Lease {
    const lease = new InProcessLease(given, async (change) => {
      if (this.#held.get(name) === lease) this.#held.delete(name);
      await released(change);
    });
    this.#held.set(name, lease);
    return lease;
  }

  /** All of them are lost. */
  clear(): void {
    for (const lease of this.#held.values()) lease.lose();
    this.#held.clear();
  }
}

class InProcessLease implements Lease {
  readonly fence: number;
  readonly entry: StoredEntry | undefined;
  readonly #released: (change: Parameters<Lease['release']>[0]) => Promise<void>;
  #abort: AbortController | undefined;
  isHeld = true;

  constructor({ fence, entry }: Pick<Lease, 'fence' | 'entry'>, released: InProcessLease['release']) {
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

  async release(change?: Parameters<Lease['release']>[0]): Promise<void> {
    const wasHeld = this.isHeld;
    this.lose();
    if (wasHeld) await this.#released(change);
  }
}
