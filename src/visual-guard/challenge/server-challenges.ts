import { contentOf, type RecordKind, type SharedRecord } from '../../store/coordinator.ts';
import { isId } from '../../store/id-record.ts';
import type { ServerContext } from '../context.ts';
import type { VisualGuardResponse } from '../dialect/reply.ts';
import type { Credentials, Grant } from '../dialect/wire.ts';
import type { OpenChallenge, SignedIn } from '../outcome.ts';
import { Challenge, type ChallengeKeeper } from './challenge.ts';
import type { Challenges } from './challenges.ts';
import { type ChallengeContent, type ChallengeRecord, challengeRecords, contentOfReading } from './content.ts';
import type { FoundChallenge } from './find.ts';

/** What becomes of the challenges of a server. */
interface ChallengeEvents {
  /** A challenge was answered: a session begins. */
  answered(grant: Grant, challenge: Challenge): Promise<SignedIn>;
}

/** The open challenges of one server. One that another replica began is found by its record. */
export class ServerChallenges implements ChallengeKeeper {
  readonly context: ServerContext;
  readonly #memory: Challenges;
  readonly #events: ChallengeEvents;
  readonly #records: RecordKind<ChallengeRecord>;
  #isClosed = false;

  /** @param memory the challenges of all servers of this process, which are bounded together */
  constructor(context: ServerContext, memory: Challenges, events: ChallengeEvents) {
    this.context = context;
    this.#memory = memory;
    this.#events = events;
    this.#records = challengeRecords(context);
  }

  /** A reply to a login sets a challenge. Its record is written before anybody is told of it. */
  async begin(reading: VisualGuardResponse, person: Credentials, stored: boolean): Promise<Challenge> {
    const content = contentOfReading(reading, { user: person.user, stored, now: this.context.clock.now() });
    const challenge = new Challenge(content, person, this);
    if (this.#isClosed) return challenge;
    this.#keep(challenge);
    await challenge.write();
    return challenge;
  }

  /** The challenge with this id in memory, or why there is none. */
  known(id: string): FoundChallenge {
    return this.#memory.find(this, id);
  }

  /**
   * The challenge with this id, whichever replica began it.
   *
   * @param isOthers is called if it belongs to another connection, with what that one is known by
   * @returns undefined if it is unknown, has ended, belongs to another connection, or cannot be answered here
   * @throws AuthError `AUTH_STORE` if the store does not answer
   */
  async find(
    id: string,
    isOthers?: (connection: string) => void,
  ): Promise<OpenChallenge | 'challenge-expired' | undefined> {
    if (!isId(id)) return undefined;
    const found = contentOf(await this.recordOf(id).read());
    if (!found) return undefined;
    if (found.connection !== this.context.connection) {
      isOthers?.(found.connection);
      return undefined;
    }
    const known = this.known(id);
    if (typeof known === 'object') return known;
    if (this.context.clock.now() >= found.content.expiresAt) return 'challenge-expired';
    return this.#takeUp(found, id);
  }

  /** Whether this challenge is open in this process. Who asks uses it. */
  has(challenge: OpenChallenge): boolean {
    return this.#memory.has(challenge);
  }

  /** Ends the challenges of a user that this process knows, for other replicas, too. */
  cancel(user: string): void {
    for (const challenge of this.#memory.of(this)) if (challenge.user === user) challenge.cancel();
  }

  /** Forgets all challenges in this process. */
  close(): void {
    this.#isClosed = true;
    for (const challenge of this.#memory.of(this)) this.left(challenge);
  }

  answered(grant: Grant, challenge: Challenge): Promise<SignedIn> {
    return this.#events.answered(grant, challenge);
  }

  left(challenge: Challenge): void {
    this.#memory.remove(this, challenge);
  }

  recordOf(id: string): SharedRecord<ChallengeRecord> {
    return this.context.coordinator.record(this.#records, id);
  }

  #keep(challenge: Challenge): void {
    this.#memory.add(this, challenge);
    challenge.follow();
  }

  #takeUp({ content, steps }: ChallengeRecord, id: string): Challenge | undefined {
    const person = this.#personOf(content);
    if (!person || this.#isClosed) return undefined;
    const challenge = new Challenge(content, person, this, { id, steps });
    this.#keep(challenge);
    return challenge;
  }

  /** Who answers a challenge that was set elsewhere. A password is never kept in a store: only the stored user's is known here. */
  #personOf({ user, stored }: ChallengeContent): Credentials | undefined {
    const { mfaCredentials, passwordless, stored: person } = this.context.wire;
    if (mfaCredentials !== 'username+password' || passwordless) return { user, password: '' };
    return stored && user === person.user ? person : undefined;
  }
}
