import { isId, pointerRecord, readPointer } from '../../store/pointer.ts';
import { recordOf, SharedRecord } from '../../store/shared-record.ts';
import type { Store } from '../../store/store.ts';
import type { Challenge } from './challenge.ts';
import { CHALLENGE_LIFE, type ChallengeContent } from './content.ts';
import type { FoundChallenge } from './find.ts';
import { recordOfChallenge, SharedChallenge, type SharedChallengeHome } from './shared-challenge.ts';

/** Where the challenges of a connection live in this process. */
export interface SharedChallengesHome extends SharedChallengeHome {
  /** The challenge with this id that is in memory. */
  knownChallenge(id: string): FoundChallenge;
  /** Takes up a challenge that another replica has begun; undefined where it cannot be answered here. */
  takeUpChallenge(content: ChallengeContent, id: string): Challenge | undefined;
}

/** The open challenges of one connection in a store: how one is found that this process does not know. */
export class SharedChallenges {
  readonly #store: Store;
  readonly #home: SharedChallengesHome;

  constructor(store: Store, home: SharedChallengesHome) {
    this.#store = store;
    this.#home = home;
  }

  /** A challenge has begun here: it is written before anybody is told of it. */
  async begin(challenge: Challenge): Promise<void> {
    const record = recordOfChallenge(this.#store, challenge.id, this.#home);
    await new SharedChallenge(this.#store, record, challenge, this.#home).write();
    if (!challenge.stored) return;
    const options = { life: CHALLENGE_LIFE, fence: 0 };
    await this.#store.put(this.#nameOfStored, pointerRecord(challenge.id), options);
  }

  /**
   * The challenge with this id, whichever replica began it.
   *
   * @param isOthers is called where it belongs to another connection, with what that one is known by
   * @returns undefined where it is unknown, over, of another connection, or cannot be answered here
   * @throws AuthError `AUTH_STORE` where the store does not answer
   */
  async find(
    id: string,
    isOthers?: (connection: string) => void,
  ): Promise<Challenge | 'challenge-expired' | undefined> {
    if (!isId(id)) return undefined;
    const record = recordOfChallenge(this.#store, id, this.#home);
    const found = recordOf(await record.read());
    if (!found) return undefined;
    if (found.connection !== this.#home.connection) {
      isOthers?.(found.connection);
      return undefined;
    }
    const known = this.#home.knownChallenge(id);
    if (typeof known === 'object') return known;
    if (this.#home.system.now() >= found.content.expiresAt) return 'challenge-expired';
    const challenge = this.#home.takeUpChallenge(found.content, id);
    if (challenge) new SharedChallenge(this.#store, record, challenge, this.#home, found.steps);
    return challenge;
  }

  /** The stored user's open challenge. @throws as `find` */
  async findStored(): Promise<Challenge | undefined> {
    const record = new SharedRecord(this.#store, this.#nameOfStored, readPointer, this.#home);
    const pointer = recordOf(await record.read());
    const found = pointer && (await this.find(pointer.id));
    return typeof found === 'object' ? found : undefined;
  }

  get #nameOfStored(): string {
    return `stored-challenge ${this.#home.connection}`;
  }
}
