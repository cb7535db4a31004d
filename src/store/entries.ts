import { LRUCache } from 'lru-cache';

/** For how long a fencing number is remembered at the least, in ms, after the entry that it protects is gone. */
export const FENCE_MARGIN = 600_000;

/** Something that is kept in this process. Moments are in ms since 1970. */
export interface Entry {
  readonly text: string;
  readonly writtenAt: number;
  readonly expiresAt: number;
  readonly fence: number;
}

/** What is remembered of a key for longer than its entry: or an older write could come after a removal. */
interface Fence {
  /** The largest number that something was written or removed with. */
  written: number;
  /** The largest number that a lease got. */
  leased: number;
  until: number;
}

/** A bounded table of entries, each with its life and its fencing number. It knows no clock: `now` is passed in. */
export class Entries {
  readonly #entries: LRUCache<string, Entry>;
  readonly #fences: LRUCache<string, Fence>;

  /**
   * @param most how many entries are kept; the one that was not used for the longest time goes first
   * @param dropped is told of every entry that goes without being removed: it was the one too many, or its life is over
   */
  constructor(most: number, dropped: (key: string) => void = () => undefined) {
    this.#entries = new LRUCache({
      max: most,
      dispose: (_entry, key, why) => {
        if (why === 'evict') dropped(key);
      },
    });
    this.#fences = new LRUCache({ max: 2 * most });
    this.#dropped = dropped;
  }

  readonly #dropped: (key: string) => void;

  get(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry || now < entry.expiresAt) return entry;
    this.#expire(key);
    return undefined;
  }

  /** @returns what was written; undefined where something with a larger number was */
  put(key: string, text: string, life: number, fence: number, now: number): Entry | undefined {
    if (!this.#writes(key, fence, now, life)) return undefined;
    const entry = { text, writtenAt: now, expiresAt: now + life, fence };
    this.#entries.set(key, entry);
    return entry;
  }

  /** @returns false where something with a larger number was written */
  remove(key: string, fence: number, now: number): boolean {
    if (!this.#writes(key, fence, now, 0)) return false;
    this.#entries.delete(key);
    return true;
  }

  /** Takes up what an earlier process left. */
  restore(key: string, entry: Entry, now: number): void {
    this.#writes(key, entry.fence, now, entry.expiresAt - now);
    this.#entries.set(key, entry);
  }

  /** Takes away what cannot be read. Its fencing number is forgotten, too: it may be anybody's. */
  forget(key: string): void {
    this.#entries.delete(key);
    this.#fences.delete(key);
  }

  /**
   * A number larger than every earlier one of this key. It is no smaller than the time, so that it does not go back
   * even when all that was remembered is lost.
   */
  nextFence(key: string, now: number): number {
    const fence = this.#fenceOf(key, now, 0);
    fence.leased = Math.max(now, fence.leased + 1, fence.written + 1);
    return fence.leased;
  }

  /** Drops what has outlived its life, and tells of it. */
  sweep(now: number): void {
    for (const [key, { expiresAt }] of this.#entries.entries()) if (now >= expiresAt) this.#expire(key);
    for (const [key, { until }] of this.#fences.entries()) if (now >= until) this.#fences.delete(key);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#fences.size === 0;
  }

  clear(): void {
    this.#entries.clear();
    this.#fences.clear();
  }

  #expire(key: string): void {
    this.#entries.delete(key);
    this.#dropped(key);
  }

  #writes(key: string, number: number, now: number, life: number): boolean {
    const fence = this.#fenceOf(key, now, life);
    if (fence.written > number) return false;
    fence.written = number;
    return true;
  }

  #fenceOf(key: string, now: number, life: number): Fence {
    let fence = this.#fences.get(key);
    if (!fence || now >= fence.until) {
      fence = { written: Number.NEGATIVE_INFINITY, leased: 0, until: 0 };
      this.#fences.set(key, fence);
    }
    fence.until = Math.max(fence.until, now + life + FENCE_MARGIN);
    return fence;
  }
}
