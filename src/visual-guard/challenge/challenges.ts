import { LRUCache } from 'lru-cache';
import type { Cancel, System } from '../../system.ts';
import type { Challenge } from './challenge.ts';
import type { ChallengeHome } from './home.ts';

/** The open challenges of this process, found by their id alone. */
export class Challenges {
  readonly #open: LRUCache<string, { challenge: Challenge; cancel: Cancel }>;
  /** Ids of challenges that ran out: who comes too late is told so. */
  readonly #expired: LRUCache<string, true>;
  /** Challenges that ran out while a link was open: it may still be clicked, and ends with its server. */
  readonly #late = new Set<Challenge>();
  readonly #system: System;

  /** @param max how many are kept; the ones longest unused go first */
  constructor(system: System, max: number) {
    this.#system = system;
    this.#expired = new LRUCache({ max });
    this.#open = new LRUCache({
      max,
      dispose: ({ challenge, cancel }, _id, reason) => {
        cancel();
        if (reason === 'evict') challenge.close();
      },
    });
  }

  add(challenge: Challenge): void {
    const left = challenge.expiresAt - this.#system.now();
    const cancel = this.#system.after(left, () => this.#expire(challenge), true);
    this.#open.set(challenge.id, { challenge, cancel });
  }

  /** @returns the challenge, or why there is none */
  find(id: string): Challenge | 'challenge-expired' | 'challenge-unknown' {
    const found = this.#open.get(id);
    if (found) {
      if (this.#system.now() < found.challenge.expiresAt) return found.challenge;
      this.#expire(found.challenge);
    }
    return this.#expired.has(id) ? 'challenge-expired' : 'challenge-unknown';
  }

  /** The only open challenge of this process; undefined where there are none or several. */
  only(): Challenge | undefined {
    if (this.#open.size !== 1) return undefined;
    const [entry] = this.#open.values();
    return entry && this.has(entry.challenge) ? entry.challenge : undefined;
  }

  /** All challenges of a server of which anything is open. */
  of(home: ChallengeHome): Challenge[] {
    const open = [...this.#open.values()].map(({ challenge }) => challenge);
    return [...open, ...this.#late].filter((challenge) => challenge.belongsTo(home));
  }

  has(challenge: Challenge): boolean {
    return this.#open.has(challenge.id) && this.#system.now() < challenge.expiresAt;
  }

  remove(challenge: Challenge): void {
    this.#open.delete(challenge.id);
    this.#late.delete(challenge);
    challenge.close();
  }

  get size(): number {
    return this.#open.size;
  }

  #expire(challenge: Challenge): void {
    this.#expired.set(challenge.id, true);
    this.#open.delete(challenge.id);
    challenge.expire();
    if (challenge.hasOpenLink) this.#late.add(challenge);
  }
}
