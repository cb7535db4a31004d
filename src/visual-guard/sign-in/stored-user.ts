import type { Cancel } from '../../core/clock.ts';
import { Listeners } from '../../core/listeners.ts';
import { isWithin } from '../../core/time-window.ts';
import { withMessageTimeout } from '../../core/timeout.ts';
import { contentOf, type Found, REMOVED, type SharedRecord } from '../../store/coordinator.ts';
import { isStoreFault } from '../../store/store-locks.ts';
import type { ServerChallenges } from '../challenge/server-challenges.ts';
import type { ServerContext } from '../context.ts';
import { findMethod } from '../dialect/methods.ts';
import type { Credentials } from '../dialect/wire.ts';
import type { OpenChallenge, Outcome, Refused, SignedIn } from '../outcome.ts';
import type { ServerSessions } from '../session/server-sessions.ts';
import type { Session } from '../session/session.ts';
import { type AutomaticAnswer, AutomaticSignIn, type FailedTry, pauseAfter } from './automatic-sign-in.ts';
import type { SignIn, SignInWishes } from './sign-in.ts';
import { type StoredUserState, storedUserRecords } from './stored-user-record.ts';

/** What is told when the stored user signs in or out. */
export type StoredUserNews = { session: Session | undefined };

/** What a sign-in of the stored user needs. */
export interface StoredUserParts {
  readonly sessions: ServerSessions;
  readonly challenges: ServerChallenges;
  readonly signIn: SignIn;
}

/** What there is of the stored user, in this process or at another replica. */
interface Standing {
  session?: Session | undefined;
  challenge?: OpenChallenge | undefined;
  failed?: FailedTry | undefined;
}

/** The stored user of a config node: signed in once for all who mean it, by itself if that needs no human. */
export class StoredUser {
  readonly changes = new Listeners<StoredUserNews>();
  readonly #context: ServerContext;
  readonly #parts: StoredUserParts;
  readonly #automatic: AutomaticSignIn;
  readonly #record: SharedRecord<StoredUserState>;
  readonly #cancels: Cancel[];
  #isClosed = false;
  #session: Session | undefined;
  #challenge: OpenChallenge | undefined;
  #flight: Promise<Outcome> | undefined;

  constructor(context: ServerContext, parts: StoredUserParts) {
    this.#context = context;
    this.#parts = parts;
    this.#record = context.coordinator.record(storedUserRecords(context), '');
    this.#cancels = [
      this.#record.watch((found) => this.#follow(found)),
      parts.sessions.gone.add((session) => this.#signedOut(session)),
      parts.sessions.renewedToday.add((session) => session.stored && void this.#keepKnown(session)),
    ];
    // No code is sent for a message that only lacks a token.
    this.#automatic = new AutomaticSignIn(context.clock, (reset) => this.#signIn({ method: 'ask', reset }, true));
  }

  /** Undefined if none is stored. */
  get person(): Credentials | undefined {
    const { stored, passwordless } = this.#context.wire;
    return stored.user === '' || (stored.password === '' && !passwordless) ? undefined : stored;
  }

  /** The session, if it is in memory. */
  get session(): Session | undefined {
    const session = this.#session;
    return session && this.#parts.sessions.has(session) ? session : undefined;
  }

  /** The open challenge, if it is in memory. */
  get challenge(): OpenChallenge | undefined {
    const challenge = this.#challenge;
    return challenge && this.#parts.challenges.has(challenge) ? challenge : undefined;
  }

  /** The session, whichever replica began it. @throws AuthError `AUTH_STORE` if the store does not answer */
  async findSession(): Promise<Session | undefined> {
    return this.session ?? this.#sessionOf(contentOf(await this.#record.read()));
  }

  /** The open challenge, whichever replica began it. @throws AuthError `AUTH_STORE` if the store does not answer */
  async findChallenge(): Promise<OpenChallenge | undefined> {
    return this.challenge ?? this.#challengeOf(contentOf(await this.#record.read()));
  }

  /** From the live session, else by the open challenge, else at the server. @throws AuthError as the server's `signIn` */
  async signIn(wishes: SignInWishes): Promise<Outcome> {
    const standing = await this.#look();
    return (
      (await this.#serve(standing)) ?? (await join(standing, wishes)) ?? this.#waitFor(this.#signIn(wishes, false))
    );
  }

  /** A token for `attach-bearer`, which signs in by itself if that needs no human. */
  async token(reset: boolean): Promise<AutomaticAnswer> {
    const before = this.#session;
    const standing = await this.#look();
    const served = await this.#serve(standing);
    if (served) return served.state === 'signed-in' ? { token: served.token } : { outcome: served };
    if (standing.challenge) return { outcome: standing.challenge.where() };
    const { wire, clock } = this.#context;
    // Without a password the login itself may send a code, so a person has to begin it.
    if (wire.passwordless) return { needed: { reason: before ? 'session-expired' : 'no-session' } };
    // Else it would hold back again after a new try without an answer.
    if (reset && standing.failed) await this.#record.end(REMOVED);
    const { challenges } = this.#parts;
    const asked = this.#automatic.ask(reset, standing.failed, (challenge) => challenges.has(challenge));
    return withMessageTimeout(clock, this.#automatic.isUnderWay ? this.#waitFor(asked) : asked, wire.transport.host);
  }

  /** From now on this is the stored user's session. It comes when other replicas can find it. */
  async signedIn(session: Session): Promise<void> {
    if (!this.#isClosed) await this.#record.write({ session: session.handle });
    this.#become(session);
  }

  /** What is in a store stays. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
  }

  #become(session: Session): void {
    if (this.#session === session) return;
    this.#session = session;
    this.#challenge = undefined;
    this.#automatic.release();
    this.changes.tell({ session });
  }

  #signedOut(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.changes.tell({ session: undefined });
  }

  #waitFor<T>(answer: Promise<T>): Promise<T> {
    this.#context.metrics.counts.waits += 1;
    return answer;
  }

  /** While the store is gone this replica goes on with what it knows: a service user has to be signed in all the same. */
  async #look(): Promise<Standing> {
    const { session } = this;
    if (session) return { session };
    try {
      const state = contentOf(await this.#record.read());
      const found = await this.#sessionOf(state);
      if (found && !found.ended) return { session: found };
      const challenge = this.challenge ?? (await this.#challengeOf(state));
      const failed = state?.held && { outcome: state.refused, pause: state.held };
      return { challenge, failed: isWithin(failed?.pause, this.#context.clock.now()) ? failed : undefined };
    } catch (thrown) {
      if (!isStoreFault(thrown)) throw thrown;
      return { challenge: this.challenge };
    }
  }

  async #sessionOf(state: StoredUserState | undefined): Promise<Session | undefined> {
    const session = state?.session === undefined ? undefined : await this.#parts.sessions.find(state.session);
    if (session && !session.ended && !this.#isClosed) this.#become(session);
    return session;
  }

  async #challengeOf(state: StoredUserState | undefined): Promise<OpenChallenge | undefined> {
    const found = state?.challenge === undefined ? undefined : await this.#parts.challenges.find(state.challenge);
    if (typeof found !== 'object') return undefined;
    this.#challenge = found;
    return found;
  }

  async #serve({ session }: Standing): Promise<SignedIn | Refused | undefined> {
    if (!session) return undefined;
    const asked = await session.ask();
    if (asked.token) return { state: 'signed-in', session, token: asked.token, fromLogin: true };
    if (asked.failed) throw asked.failed;
    return session.ended ? undefined : { state: 'refused', user: session.user, ...asked.refused };
  }

  /** All who sign the stored user in at the same time get the same answer; a link is told to the first alone. */
  async #signIn(wishes: SignInWishes, isAutomatic: boolean): Promise<Outcome> {
    if (this.#flight) {
      const outcome = await this.#flight;
      return outcome.state === 'link-sent' ? outcome.challenge.where(outcome.reason) : outcome;
    }
    this.#flight = this.#fly(wishes, isAutomatic).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /** One sign-in for all replicas: who comes second finds the session, the challenge, or what came of the first try. */
  #fly(wishes: SignInWishes, isAutomatic: boolean): Promise<Outcome> {
    return this.#parts.signIn.put(this.#context.wire.stored, wishes, {
      stored: true,
      before: async () => {
        const standing = await this.#look();
        const outcome = (await this.#serve(standing)) ?? (await join(standing, wishes));
        const refused = isAutomatic && !wishes.reset ? standing.failed?.outcome : undefined;
        return outcome ?? refused;
      },
      after: (outcome) => this.#tell(outcome, isAutomatic),
    });
  }

  /** Tells other replicas what came of a sign-in. A session was told when it began. */
  async #tell(outcome: Outcome, isAutomatic: boolean): Promise<void> {
    if (outcome.state === 'signed-in') return;
    const pause = pauseAfter(outcome, this.#context.clock.now());
    if (outcome.state === 'refused') {
      if (isAutomatic) await this.#record.write({ refused: outcome, held: pause });
      return;
    }
    this.#challenge = outcome.challenge;
    await this.#record.write({ challenge: outcome.challenge.id, held: isAutomatic ? pause : undefined });
  }

  /** @returns what to write again: the store has lost it */
  #follow(found: Found<StoredUserState>): StoredUserState | undefined {
    const { session } = this;
    if (found === undefined) return session && { session: session.handle };
    const state = contentOf(found);
    if (state?.session !== session?.handle) void this.#sessionOf(state).catch(() => undefined);
    return undefined;
  }

  /** What leads to the session has to live as long as it does. What leads to another one is left alone. */
  async #keepKnown({ handle }: Session): Promise<void> {
    const found = await this.#record.read().catch(() => undefined);
    if (contentOf(found)?.session === handle) await this.#record.write({ session: handle });
  }
}

async function join({ challenge }: Standing, { method }: SignInWishes): Promise<Outcome | undefined> {
  if (!challenge) return undefined;
  const isFirstChoice = challenge.method === undefined && !challenge.hasChosen && method !== 'ask';
  return isFirstChoice && findMethod(challenge.methods, method) ? challenge.choose(method) : challenge.where();
}
