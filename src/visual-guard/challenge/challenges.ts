import { LRUCache } from 'lru-cache';
import type { Cancel, System } from '../../system.ts';
import { Bound } from '../bound.ts';
import type { Challenge } from './challenge.ts';
import type { ChallengeHome } from './home.ts';

/** How many challenges are kept for a user of a server. */
const MOST_OF_A_USER = 5;

/** The open challenges of this process. Each belongs to a server: two servers may know the same challenge of a store. */
export class Challenges {
  readonly #bound: Bound<Challenge, ChallengeHome>;
  readonly #timers = new Map<Challenge, Cancel>();
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
    this.#bound = new Bound(max, MOST_OF_A_USER, (challenge, home) => {
      this.#drop(home, challenge);
      home.meter.madeRoom();
      challenge.close();
    });
  }

  /** Keeps a challenge of a server. One of the same id that was there is forgotten. */
  add(home: ChallengeHome, challenge: Challenge): void {
    const open = this.#open.get(home) ?? new Map<string, Challenge>();
    const before = open.get(challenge.id);
    if (before && before !== challenge) this.remove(home, before);
    const left = challenge.expiresAt - this.#system.now();
    this.#timers.set(
      challenge,
      this.#system.after(left, () => this.#expire(home, challenge), true),
    );
    this.#open.set(home, open.set(challenge.id, challenge));
    this.#bound.add(challenge, home);
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
    return this.#bound.use(challenge) && this.#system.now() < challenge.expiresAt;
  }

  remove(home: ChallengeHome, challenge: Challenge): void {
    this.#drop(home, challenge);
    this.#late.delete(challenge);
    challenge.close();
  }

  get size(): number {
    return this.#bound.size;
  }

  #drop(home: ChallengeHome, challenge: Challenge): void {
    this.#bound.remove(challenge);
    this.#timers.get(challenge)?.();
    this.#timers.delete(challenge);
    const open = this.#open.get(home);
    if (open?.get(challenge.id) === challenge) open.delete(challenge.id);
    if (open?.size === 0) this.#open.delete(home);
  }

  #expire(home: ChallengeHome, challenge: Challenge): void {
    this.#expired.set(challenge.id, new WeakRef(home));
    this.#drop(home, challenge);
    challenge.expire();
    if (challenge.hasOpenLink) this.#late.add(challenge);
  }
}
