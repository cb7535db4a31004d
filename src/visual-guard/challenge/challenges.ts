import { LRUCache } from 'lru-cache';
import type { Cancel, Clock } from '../../core/clock.ts';
import { Bound } from '../bound.ts';
import type { OpenChallenge } from '../outcome.ts';
import type { Challenge } from './challenge.ts';
import type { ChallengeKeeper } from './keeper.ts';

/** How many challenges are kept for a user of a server. Which one makes room: `Challenge.priority`. */
const MOST_OF_A_USER = 5;

/** The open challenges of this process. Each belongs to a server: two servers may have the same challenge of a store. */
export class Challenges {
  readonly #bound: Bound<Challenge, ChallengeKeeper>;
  readonly #timers = new Map<Challenge, Cancel>();
  readonly #open = new Map<ChallengeKeeper, Map<string, Challenge>>();
  /** The ids of expired challenges, so that a late code gets this reason. */
  readonly #expired: LRUCache<string, WeakRef<ChallengeKeeper>>;
  /** Challenges that expired while a link was open, which may still be clicked. The end of the server ends them. */
  readonly #late = new Set<Challenge>();
  readonly #clock: Clock;

  /** @param max how many are kept in all; the one that was not used for the longest time is evicted first */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#expired = new LRUCache({ max });
    this.#bound = new Bound(
      max,
      MOST_OF_A_USER,
      (challenge, keeper) => {
        this.#drop(keeper, challenge);
        keeper.context.metrics.madeRoom();
        challenge.close();
      },
      (challenge) => challenge.priority,
    );
  }

  /** Keeps a challenge of a server. An earlier one with the same id is forgotten. */
  add(keeper: ChallengeKeeper, challenge: Challenge): void {
    const open = this.#open.get(keeper) ?? new Map<string, Challenge>();
    const before = open.get(challenge.id);
    if (before && before !== challenge) this.remove(keeper, before);
    const left = challenge.expiresAt - this.#clock.now();
    this.#timers.set(
      challenge,
      this.#clock.after(left, () => this.#expire(keeper, challenge), true),
    );
    this.#open.set(keeper, open.set(challenge.id, challenge));
    this.#bound.add(challenge, keeper);
  }

  /** @returns the server's challenge with this id, or why there is none */
  find(keeper: ChallengeKeeper, id: string): Challenge | 'challenge-expired' | 'challenge-unknown' {
    const found = this.#open.get(keeper)?.get(id);
    if (found) {
      if (this.has(found)) return found;
      this.#expire(keeper, found);
    }
    return this.#expired.get(id)?.deref() === keeper ? 'challenge-expired' : 'challenge-unknown';
  }

  /** The challenges of a server that are open or have an open link. */
  of(keeper: ChallengeKeeper): Challenge[] {
    const late = [...this.#late].filter((challenge) => challenge.belongsTo(keeper));
    return [...(this.#open.get(keeper)?.values() ?? []), ...late];
  }

  /** Whether the challenge is open. The call counts as a use. */
  has(challenge: OpenChallenge): boolean {
    // There is no other class of open challenges.
    return this.#bound.use(challenge as Challenge) && this.#clock.now() < challenge.expiresAt;
  }

  remove(keeper: ChallengeKeeper, challenge: Challenge): void {
    this.#drop(keeper, challenge);
    this.#late.delete(challenge);
    challenge.close();
  }

  get size(): number {
    return this.#bound.size;
  }

  #drop(keeper: ChallengeKeeper, challenge: Challenge): void {
    this.#bound.remove(challenge);
    this.#timers.get(challenge)?.();
    this.#timers.delete(challenge);
    const open = this.#open.get(keeper);
    if (open?.get(challenge.id) === challenge) open.delete(challenge.id);
    if (open?.size === 0) this.#open.delete(keeper);
    keeper.closed();
  }

  #expire(keeper: ChallengeKeeper, challenge: Challenge): void {
    this.#expired.set(challenge.id, new WeakRef(keeper));
    this.#drop(keeper, challenge);
    challenge.expire();
    if (challenge.hasOpenLink) this.#late.add(challenge);
  }
}
