import { LRUCache } from 'lru-cache';
import type { Cancel, System } from '../../system.ts';
import type { Challenge } from './challenge.ts';
import type { ChallengeHome } from './home.ts';

/** The open challenges of this process. Each belongs to a server: two servers may know the same challenge of a store. */
export class Challenges {
  /** All of them, for the bound alone. */
  readonly #all: LRUCache<Challenge, { home: ChallengeHome; cancel: Cancel }>;
  readonly #open = new Map<ChallengeHome, Map<string, Challenge>>();
  /** Ids of challenges that expired, so that a late answer gets this reason. */
  readonly #expired: LRUCache<string, WeakRef<ChallengeHome>>;
  /** Challenges that expired while a link was open: it may still be clicked, and ends with its server. */
  readonly #late = new Set<Challenge>();
  readonly #system: System;

  /** @param max how many are kept; the ones longest unused go first */
  constructor(system: System, max: number) {
    this.#system = system;
    this.#expired = new LRUCache({ max });
    this.#all = new LRUCache({
      max,
      dispose: ({ home, cancel }, challenge, reason) => {
        cancel();
        this.#drop(home, challenge);
        if (reason === 'evict') challenge.close();
      },
    });
  }

  /** Keeps a challenge of a server. One of the same id that was there is forgotten. */
  add(home: ChallengeHome, challenge: Challenge): void {
    const open = this.#open.get(home) ?? new Map<string, Challenge>();
    const before = open.get(challenge.id);
    if (before && before !== challenge) this.remove(before);
    const left = challenge.expiresAt - this.#system.now();
    const cancel = this.#system.after(left, () => this.#expire(home, challenge), true);
    this.#all.set(challenge, { home, cancel });
    this.#open.set(home, open.set(challenge.id, challenge));
  }

  /** @returns the server's challenge with this id, or why there is none */
  find(home: ChallengeHome, id: string): Challenge | 'challenge-expired' | 'challenge-unknown' {
    const found = this.#open.get(home)?.get(id);
    if (found) {
      if (this.has(found)) return found;
      this.#expire(home, found);
    }
    return this.#expired.get(id)?.deref() === home ? 'challenge-expired' : 'challenge-unknown';
  }

  /** All challenges of a server of which anything is open. */
  of(home: ChallengeHome): Challenge[] {
    const late = [...this.#late].filter((challenge) => challenge.belongsTo(home));
    return [...(this.#open.get(home)?.values() ?? []), ...late];
  }

  has(challenge: Challenge): boolean {
    return this.#all.get(challenge) !== undefined && this.#system.now() < challenge.expiresAt;
  }

  remove(challenge: Challenge): void {
    this.#all.delete(challenge);
    this.#late.delete(challenge);
    challenge.close();
  }

  get size(): number {
    return this.#all.size;
  }

  #drop(home: ChallengeHome, challenge: Challenge): void {
    const open = this.#open.get(home);
    if (open?.get(challenge.id) === challenge) open.delete(challenge.id);
    if (open?.size === 0) this.#open.delete(home);
  }

  #expire(home: ChallengeHome, challenge: Challenge): void {
    this.#expired.set(challenge.id, new WeakRef(home));
    this.#all.delete(challenge);
    challenge.expire();
    if (challenge.hasOpenLink) this.#late.add(challenge);
  }
}
