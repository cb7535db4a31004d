import { LRUCache } from 'lru-cache';
import { foldUser } from './same-user.ts';

/** A session or a challenge. */
interface Bounded {
  readonly user: string;
  /** Whether it belongs to a config node's stored user. */
  readonly stored: boolean;
}

/** An item, and the values that decide about its eviction. */
interface KeptItem<T, S> {
  readonly item: T;
  readonly server: S;
  readonly user: string;
  /** The number of its last use: the larger one is newer. */
  used: number;
}

/**
 * Bounds how much is kept: in all, and for each user of each server, so that one user cannot evict what others have.
 * If a user has too many, one of the lowest priority is evicted; of those, the one that was not used for the longest time.
 * If there are too many in all, the one that was not used for the longest time is evicted. The newest one stays. What belongs
 * to the stored user of a config node is never evicted by others.
 */
export class Bound<T extends Bounded, S extends object> {
  readonly #most: number;
  readonly #mostOfUser: number;
  readonly #stored = new Map<T, KeptItem<T, S>>();
  readonly #others: LRUCache<T, KeptItem<T, S>>;
  /** The items of each user. Most users have one, which needs no set. */
  readonly #byUser = new Map<S, Map<string, KeptItem<T, S> | Set<KeptItem<T, S>>>>();
  readonly #evict: (item: T, server: S) => void;
  readonly #priorityOf: (item: T) => number;
  #uses = 0;

  /**
   * @param most how many are kept in all
   * @param mostOfUser how many are kept for a user of a server; names are compared as the guard compares them
   * @param evict ends an item that is evicted, and no longer kept
   * @param priorityOf the value of an item to its user: of one user's items, those with the smallest number are evicted first
   */
  constructor(
    most: number,
    mostOfUser: number,
    evict: (item: T, server: S) => void,
    priorityOf: (item: T) => number = () => 0,
  ) {
    this.#most = most;
    this.#mostOfUser = mostOfUser;
    this.#evict = evict;
    this.#priorityOf = priorityOf;
    this.#others = new LRUCache({
      max: most,
      disposeAfter: (kept, _item, reason) => {
        if (reason === 'evict') this.#evictItem(kept);
      },
    });
  }

  /** Keeps an item. Another one may be evicted. */
  add(item: T, server: S): void {
    this.remove(item);
    const folded = foldUser(item.user);
    // If both names are equal, one text in memory is enough.
    const kept = { item, server, user: folded === item.user ? item.user : folded, used: this.#nextUse() };
    const users = this.#byUser.get(server) ?? new Map<string, KeptItem<T, S> | Set<KeptItem<T, S>>>();
    const before = users.get(kept.user);
    const same = before && (before instanceof Set ? before.add(kept) : new Set([before, kept]));
    this.#byUser.set(server, users.set(kept.user, same ?? kept));
    if (item.stored) this.#stored.set(item, kept);
    else this.#others.set(item, kept);
    if (same && same.size > this.#mostOfUser) this.#evictOneOf(same, kept);
    const others = this.#others.size - (item.stored ? 0 : 1);
    if (this.size > this.#most && others > 0) this.#others.pop();
  }

  /** Counts as a use. It allocates nothing, because each message calls it. @returns whether the item is kept */
  use(item: T): boolean {
    const kept = this.#others.get(item) ?? this.#stored.get(item);
    if (kept) kept.used = this.#nextUse();
    return kept !== undefined;
  }

  remove(item: T): void {
    const kept = this.#others.peek(item) ?? this.#stored.get(item);
    if (!kept) return;
    this.#others.delete(item);
    this.#leave(kept);
  }

  get size(): number {
    return this.#others.size + this.#stored.size;
  }

  #nextUse(): number {
    this.#uses += 1;
    return this.#uses;
  }

  /** @param added the newest one, which stays */
  #evictOneOf(same: Set<KeptItem<T, S>>, added: KeptItem<T, S>): void {
    const rest = [...same].filter((kept) => kept !== added);
    const [evicted] = rest.sort(
      (one, other) =>
        Number(one.item.stored) - Number(other.item.stored) ||
        this.#priorityOf(one.item) - this.#priorityOf(other.item) ||
        one.used - other.used,
    );
    if (!evicted) return;
    this.#others.delete(evicted.item);
    this.#evictItem(evicted);
  }

  #evictItem(kept: KeptItem<T, S>): void {
    this.#leave(kept);
    this.#evict(kept.item, kept.server);
  }

  #leave(kept: KeptItem<T, S>): void {
    const { item, server, user } = kept;
    this.#stored.delete(item);
    const users = this.#byUser.get(server);
    const same = users?.get(user);
    if (same instanceof Set) same.delete(kept);
    if (same === kept || (same instanceof Set && same.size === 0)) users?.delete(user);
    if (users?.size === 0) this.#byUser.delete(server);
  }
}
