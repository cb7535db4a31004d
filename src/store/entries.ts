import { LRUCache } from 'lru-cache';

/** The minimum time that a fencing number is remembered, in ms, after its entry is removed. */
export const FENCE_MARGIN = 600_000;

/** An entry in this process. Times are in ms since 1970. */
export interface Entry {
  readonly text: string;
  readonly writtenAt: number;
  readonly expiresAt: number;
  readonly fence: number;
}

/** Data about a key that is kept longer than its entry. Otherwise an older write could come after a removal. */
interface Fence {
  /** The largest number of a write or removal. */
  written: number;
  /** The largest number of a lock. */
  locked: number;
  until: number;
}

/** A bounded table of entries, each with its time to live and its fencing number. `now` is passed in. */
export class Entries {
  readonly #entries: LRUCache<string, Entry>;
  readonly #fences: LRUCache<string, Fence>;

  /**
   * @param most how many entries are kept; the least recently used one is removed first
   * @param dropped is called for each entry that disappears without being removed: there were too many, or it has expired
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

  /** @returns the written entry; undefined if there was one with a larger number */
  put(key: string, text: string, life: number, fence: number, now: number): Entry | undefined {
    if (!this.#writes(key, fence, now, life)) return undefined;
    const entry = { text, writtenAt: now, expiresAt: now + life, fence };
    this.#entries.set(key, entry);
    return entry;
  }

  /** @returns false if there was an entry with a larger number */
  remove(key: string, fence: number, now: number): boolean {
    if (!this.#writes(key, fence, now, 0)) return false;
    this.#entries.delete(key);
    return true;
  }

  /** Takes over the entries of an earlier process. */
  restore(key: string, entry: Entry, now: number): void {
    this.#writes(key, entry.fence, now, entry.expiresAt - now);
    this.#entries.set(key, entry);
  }

  /** Removes an entry that cannot be read. Its fencing number is forgotten, too, because anybody may have written it. */
  forget(key: string): void {
    this.#entries.delete(key);
    this.#fences.delete(key);
  }

  /**
   * A number larger than every earlier one of this key. It is at least the current time in ms, so that it does not decrease
   * even if all remembered numbers are lost.
   */
  nextFence(key: string, now: number): number {
    const fence = this.#fenceOf(key, now, 0);
    fence.locked = Math.max(now, fence.locked + 1, fence.written + 1);
    return fence.locked;
  }

  /** Drops the entries that have expired, and reports each. */
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
      fence = { written: Number.NEGATIVE_INFINITY, locked: 0, until: 0 };
      this.#fences.set(key, fence);
    }
    fence.until = Math.max(fence.until, now + life + FENCE_MARGIN);
    return fence;
  }
}
