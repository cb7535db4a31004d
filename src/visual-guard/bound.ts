import { LRUCache } from 'lru-cache';
import { foldUser } from './same-user.ts';

/** A session or a challenge. */
interface Bounded {
  readonly user: string;
  /** Whether it belongs to the stored user of a config node. */
  readonly stored: boolean;
}

/** What is kept of it. */
interface Kept<T, S> {
  readonly item: T;
  readonly server: S;
  readonly user: string;
  /** When it was last used, as a count of uses. */
  used: number;
}

/**
 * Bounds how much is kept: in all, and for each user of each server, so that one user cannot push everybody out.
 * The one that was not used for longest makes room. What belongs to a stored user is never evicted by others.
 */
export class Bound<T extends Bounded, S extends object> {
  readonly #most: number;
  readonly #mostOfUser: number;
  readonly #stored = new Map<T, Kept<T, S>>();
  readonly #others: LRUCache<T, Kept<T, S>>;
  /** What is kept for each user: most have one, which takes no set. */
  readonly #byUser = new Map<S, Map<string, Kept<T, S> | Set<Kept<T, S>>>>();
  readonly #evict: (item: T, server: S) => void;
  #uses = 0;

  /**
   * @param most how many are kept in all
   * @param mostOfUser how many are kept for a user of a server, compared as the guard compares names
   * @param evict ends one that makes room; it is not kept any more
   */
  constructor(most: number, mostOfUser: number, evict: (item: T, server: S) => void) {
    this.#most = most;
    this.#mostOfUser = mostOfUser;
    this.#evict = evict;
    this.#others = new LRUCache({
      max: most,
      disposeAfter: (kept, _item, reason) => {
        if (reason === 'evict') this.#makeRoom(kept);
      },
    });
  }

  /** Keeps one. Others may make room for it. */
  add(item: T, server: S): void {
    this.remove(item);
    const folded = foldUser(item.user);
    // If both are equal, the text is there once.
    const kept = { item, server, user: folded === item.user ? item.user : folded, used: this.#nextUse() };
    const users = this.#byUser.get(server) ?? new Map<string, Kept<T, S> | Set<Kept<T, S>>>();
    const before = users.get(kept.user);
    const same = before && (before instanceof Set ? before.add(kept) : new Set([before, kept]));
    this.#byUser.set(server, users.set(kept.user, same ?? kept));
    if (item.stored) this.#stored.set(item, kept);
    else this.#others.set(item, kept);
    if (same && same.size > this.#mostOfUser) this.#makeRoomAmong(same, kept);
    const others = this.#others.size - (item.stored ? 0 : 1);
    if (this.size > this.#most && others > 0) this.#others.pop();
  }

  /** @returns whether it is kept. Who asks uses it; this makes nothing, because the message path asks */
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
  #makeRoomAmong(same: Set<Kept<T, S>>, added: Kept<T, S>): void {
    const all = [...same].filter((kept) => kept !== added).sort((one, other) => one.used - other.used);
    const oldest = all.find(({ item }) => !item.stored) ?? all[0];
    if (!oldest) return;
    this.#others.delete(oldest.item);
    this.#makeRoom(oldest);
  }

  #makeRoom(kept: Kept<T, S>): void {
    this.#leave(kept);
    this.#evict(kept.item, kept.server);
  }

  #leave(kept: Kept<T, S>): void {
    const { item, server, user } = kept;
    this.#stored.delete(item);
    const users = this.#byUser.get(server);
    const same = users?.get(user);
    if (same instanceof Set) same.delete(kept);
    if (same === kept || (same instanceof Set && same.size === 0)) users?.delete(user);
    if (users?.size === 0) this.#byUser.delete(server);
  }
}
