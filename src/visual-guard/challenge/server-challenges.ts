import { Listeners } from '../../core/listeners.ts';
import { contentOf, type RecordKind, type RecordWrite, type SharedRecord } from '../../store/coordinator.ts';
import { isId } from '../../store/id-record.ts';
import type { ServerContext } from '../context.ts';
import type { VisualGuardResponse } from '../dialect/reply.ts';
import type { Credentials, Grant } from '../dialect/wire.ts';
import type { BegunSession, OpenChallenge, Refused } from '../outcome.ts';
import { Challenge } from './challenge.ts';
import type { Challenges } from './challenges.ts';
import { type ChallengeContent, contentOfResponse } from './content.ts';
import type { FoundChallenge } from './find.ts';
import type { ChallengeKeeper } from './keeper.ts';
import { type ChallengeRecord, challengeRecords } from './record.ts';

/** Called for the challenges of a server. */
interface ChallengeListener {
  /** A challenge was answered: a session begins. */
  answered(grant: Grant, challenge: Challenge): BegunSession;
}

/** The open challenges of one server. A challenge that began at another replica is found by its record. */
export class ServerChallenges implements ChallengeKeeper {
  /** Called for each challenge in memory that ends with a refusal. */
  readonly refusals = new Listeners<{ challenge: OpenChallenge; refused: Refused }>();
  /** Called when a challenge is no longer open in this process: it has ended, has expired, or was evicted. */
  readonly closings = new Listeners<void>();
  readonly context: ServerContext;
  readonly #memory: Challenges;
  readonly #listener: ChallengeListener;
  readonly #records: RecordKind<ChallengeRecord>;
  #isClosed = false;

  /** @param memory the challenges of all servers of this process, which have common limits */
  constructor(context: ServerContext, memory: Challenges, listener: ChallengeListener) {
    this.context = context;
    this.#memory = memory;
    this.#listener = listener;
    this.#records = challengeRecords(context);
  }

  /**
   * Begins the challenge that the response to a login sets.
   *
   * @returns `record` is written by the caller, and from then on other replicas find the challenge
   */
  begin(
    response: VisualGuardResponse,
    credentials: Credentials,
    stored: boolean,
  ): { challenge: Challenge; record?: RecordWrite<ChallengeRecord> } {
    const content = contentOfResponse(response, { user: credentials.user, stored, now: this.context.clock.now() });
    const challenge = new Challenge(content, credentials, this);
    if (this.#isClosed) return { challenge };
    this.#keep(challenge);
    return { challenge, record: challenge.toWrite };
  }

  /** @returns the challenge with this id in memory, or why there is none */
  known(id: string): FoundChallenge {
    return this.#memory.find(this, id);
  }

  /**
   * Finds the challenge with this id, at whichever replica it began.
   *
   * @param isOthers called if it belongs to another connection, with the digest of that one
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
    return this.#load(found, id);
  }

  /** Whether this challenge is open in this process. The call counts as a use. */
  has(challenge: OpenChallenge): boolean {
    return this.#memory.has(challenge);
  }

  /** Ends the challenges of a user that are in memory, at other replicas, too. @returns whether there was one */
  cancel(user: string): boolean {
    const all = this.#memory.of(this).filter((challenge) => challenge.user === user);
    for (const challenge of all) challenge.cancel();
    return all.length > 0;
  }

  /** How many are open in this process. */
  get size(): number {
    return this.#memory.of(this).length;
  }

  /** Forgets all challenges in this process. */
  close(): void {
    this.#isClosed = true;
    for (const challenge of this.#memory.of(this)) this.left(challenge);
  }

  answered(grant: Grant, challenge: Challenge): BegunSession {
    return this.#listener.answered(grant, challenge);
  }

  left(challenge: Challenge): void {
    this.#memory.remove(this, challenge);
  }

  closed(): void {
    this.closings.tell();
  }

  refused(challenge: OpenChallenge, refused: Refused): void {
    this.refusals.tell({ challenge, refused });
  }

  recordOf(id: string): SharedRecord<ChallengeRecord> {
    return this.context.coordinator.record(this.#records, id);
  }

  #keep(challenge: Challenge): void {
    this.#memory.add(this, challenge);
    challenge.follow();
  }

  #load({ content, steps }: ChallengeRecord, id: string): Challenge | undefined {
    const credentials = this.#credentialsFor(content);
    if (!credentials || this.#isClosed) return undefined;
    const challenge = new Challenge(content, credentials, this, { id, steps });
    this.#keep(challenge);
    return challenge;
  }

  /**
   * The credentials for the steps of a challenge that began at another replica. No store has a password, so only the
   * stored user's is known here.
   */
  #credentialsFor({ user, stored }: ChallengeContent): Credentials | undefined {
    const { mfaCredentials, passwordless, stored: storedUser } = this.context.wire;
    if (mfaCredentials !== 'username+password' || passwordless) return { user, password: '' };
    return stored && user === storedUser.user ? storedUser : undefined;
  }
}
