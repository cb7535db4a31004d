import { LRUCache } from 'lru-cache';

/** How many passwords of one user are found by the name of the user; the oldest are forgotten first. */
const MOST_OF_A_USER = 100;

/** A record, and its user. */
interface Entry<R> {
  readonly user: string;
  readonly record: R;
}

/**
 * Finds the records of refused passwords by the name of their user. It is bounded over all users: anyone can send a hundred
 * passwords for each of many made-up names.
 */
export class PasswordIndex<R extends object> {
  readonly #entries: LRUCache<string, Entry<R>>;
  /** The keys of each user, the oldest first. */
  readonly #keys = new Map<string, Set<string>>();

  /** @param most how many records are kept */
  constructor(most: number) {
    this.#entries = new LRUCache<string, Entry<R>>({ max: most, dispose: ({ user }, key) => this.#drop(user, key) });
  }

  /** How many records are kept. */
  get size(): number {
    return this.#entries.size;
  }

  add(user: string, key: string, record: R): void {
    this.#entries.delete(key);
    this.#entries.set(key, { user, record });
    const keys = this.#keys.get(user) ?? new Set<string>();
    this.#keys.set(user, keys.add(key));
    const [oldest] = keys;
    if (keys.size > MOST_OF_A_USER && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Takes out the records of a user, by their keys. */
  take(user: string): ReadonlyMap<string, R> {
    const taken = new Map<string, R>();
    for (const key of [...(this.#keys.get(user) ?? [])]) {
      const entry = this.#entries.get(key);
      if (entry) taken.set(key, entry.record);
      this.#entries.delete(key);
    }
    return taken;
  }

  #drop(user: string, key: string): void {
    const keys = this.#keys.get(user);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(user);
  }
}
