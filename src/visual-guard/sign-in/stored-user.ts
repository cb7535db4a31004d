import type { Cancel } from '../../core/clock.ts';
import { asAuthError } from '../../core/errors.ts';
import { Listeners } from '../../core/listeners.ts';
import { waitTimeout, withMessageTimeout } from '../../core/timeout.ts';
import { type AccountState, AccountStates, accountStateOf } from '../../oauth/account-state.ts';
import type { SourceState } from '../../oauth/token-source.ts';
import type { RecordWrite } from '../../store/coordinator.ts';
import type { ServerChallenges } from '../challenge/server-challenges.ts';
import type { ServerContext } from '../context.ts';
import { findMethod } from '../dialect/methods.ts';
import type { Credentials } from '../dialect/wire.ts';
import type { OpenChallenge, Outcome, Refused, SignedIn } from '../outcome.ts';
import type { ServerSessions } from '../session/server-sessions.ts';
import type { Session } from '../session/session.ts';
import { type AutomaticAnswer, AutomaticSignIn, isOfVersion } from './automatic-sign-in.ts';
import type { SignIn, SignInOptions } from './sign-in.ts';
import { type KnownSignIn, StoredUserMemory } from './stored-user-memory.ts';
import { stateAfter, stateAfterAnswer } from './stored-user-state.ts';

/** The session of the stored user who has signed in; undefined if the stored user has signed out. */
export type StoredUserNews = { session: Session | undefined };

/** The most stored users that are tried for one message, if a file or a vault names one after another. */
const MOST_USERS = 3;

/** The functions that a sign-in of the stored user needs. */
export interface StoredUserParts {
  readonly sessions: ServerSessions;
  readonly challenges: ServerChallenges;
  readonly signIn: SignIn;
}

/** The stored user of a config node. All nodes share one sign-in, which is automatic if it needs no person. */
export class StoredUser {
  /** For operators: the state of the stored user, and its changes. */
  readonly states: AccountStates;
  /** Called with the end of each sign-in, even if it was refused later, in a challenge. An existing session counts as a sign-in. */
  readonly outcomes = new Listeners<'signed-in' | Refused>();
  readonly #context: ServerContext;
  readonly #parts: StoredUserParts;
  readonly #memory: StoredUserMemory;
  readonly #automatic: AutomaticSignIn;
  readonly #unlisten: Cancel;
  #unfollow: Cancel | undefined;
  /** The sign-in that is under way, and its user. */
  #pending: { user: string; outcome: Promise<Outcome> } | undefined;

  constructor(context: ServerContext, parts: StoredUserParts) {
    this.#context = context;
    this.#parts = parts;
    this.states = new AccountStates(context.clock);
    this.#memory = new StoredUserMemory(context, parts.sessions, parts.challenges);
    this.#memory.changes.add(({ session }) => this.#changed(session));
    this.#unlisten = parts.challenges.refusals.add(({ challenge, refused }) => {
      if (!challenge.stored || this.#isOvertaken) return;
      this.states.become(stateAfter(refused));
      this.outcomes.tell(refused);
    });
    // A message that lacks a token chooses no method, so that no code is sent.
    this.#automatic = new AutomaticSignIn(context.clock, context.wire.transport.host, (reset) =>
      this.#signIn({ method: 'ask', reset }, true),
    );
  }

  /** Called when the stored user signs in or out. */
  get changes(): Listeners<StoredUserNews> {
    return this.#memory.changes;
  }

  /** Undefined if no user is stored. */
  get credentials(): Credentials | undefined {
    const { stored, passwordless } = this.#context.wire;
    return stored.user === '' || (stored.password === '' && !passwordless) ? undefined : stored;
  }

  /** The session, if it is in memory. */
  get session(): Session | undefined {
    return this.#memory.session;
  }

  /** The open challenge, if it is in memory. */
  get challenge(): OpenChallenge | undefined {
    return this.#memory.challenge;
  }

  /** The session, at whichever replica it began. @throws AuthError `AUTH_STORE` if the store does not answer */
  findSession(): Promise<Session | undefined> {
    return this.#memory.findSession();
  }

  /** The open challenge, at whichever replica it began. @throws AuthError `AUTH_STORE` if the store does not answer */
  findChallenge(): Promise<OpenChallenge | undefined> {
    return this.#memory.findChallenge();
  }

  /** Signs in: with the session, else with the open challenge, else at the server. @throws AuthError as `SignIn.run` */
  async signIn(options: SignInOptions): Promise<Outcome> {
    const outcome = await this.#reported(this.#outcome(options), stateAfter);
    if (outcome.state === 'signed-in') this.outcomes.tell('signed-in');
    else if (outcome.state === 'refused') this.#tellRefused(outcome);
    return outcome;
  }

  /** Gets a token for `attach-bearer`. It signs in if that needs no person. @throws AuthError as `SignIn.run` */
  async token(reset: boolean): Promise<AutomaticAnswer> {
    const answer = await this.#reported(this.#token(reset), stateAfterAnswer);
    if (answer.outcome?.state === 'refused' && !answer.isRepeated) this.#tellRefused(answer.outcome);
    return answer;
  }

  /** The record by which other replicas find a session of the stored user. */
  recordsOf(session: Session): readonly RecordWrite[] {
    return this.#memory.recordsOf(session);
  }

  /** The stored user has this session from now on. Other replicas can find it by then. */
  signedIn(session: Session): void {
    this.#memory.signedIn(session);
  }

  /** The user was signed out: nobody asks for a token at the moment. */
  forget(): void {
    this.#automatic.release();
    this.states.become({ at: 'unused' });
  }

  /** Records in a store stay. */
  close(): void {
    this.#memory.close();
    this.#automatic.close();
    this.#unlisten();
    this.#unfollow?.();
  }

  /** Whether an earlier challenge no longer matters: the user has signed in since, or another challenge is open. */
  get #isOvertaken(): boolean {
    return this.session !== undefined || this.challenge !== undefined;
  }

  /** If the sign-in was held back nothing was sent, and anybody who knows the name can cause that: it is no news. */
  #tellRefused(refused: Refused): void {
    if (refused.reason !== 'held-back') this.outcomes.tell(refused);
  }

  #outcome(options: SignInOptions): Promise<Outcome> {
    return this.#ofPresentUser(async (known) => {
      const outcome = (await this.#serve(known)) ?? (await join(known, options));
      if (outcome) return outcome;
      this.#context.metrics.answered(this.#pending ? 'inflight' : 'miss');
      return this.#signIn(options, false);
    });
  }

  #token(reset: boolean): Promise<AutomaticAnswer> {
    const hadSession = this.#memory.last !== undefined;
    return this.#ofPresentUser((known) => this.#answer(known, reset, hadSession));
  }

  /**
   * A file or a vault may name another user before the answer arrives. Nobody gets data of the previous user: the request is
   * sent again.
   *
   * @param attempt gets the session and the challenge of the present user
   */
  async #ofPresentUser<T>(attempt: (known: KnownSignIn) => Promise<T>): Promise<T> {
    const { wire } = this.#context;
    for (let attempts = 0; attempts < MOST_USERS; attempts += 1) {
      const known = await this.#memory.find();
      const { user } = wire.settings;
      const answer = await attempt(known);
      if (user === wire.settings.user) return answer;
    }
    throw waitTimeout(wire.transport.host);
  }

  async #answer(known: KnownSignIn, reset: boolean, hadSession: boolean): Promise<AutomaticAnswer> {
    const served = await this.#serve(known);
    if (served) return served.state === 'signed-in' ? { token: served.token } : { outcome: served };
    if (known.challenge) return { outcome: known.challenge.where() };
    const { wire, clock, metrics } = this.#context;
    // Without a password the login itself may send a code, so that a person has to begin it.
    if (wire.passwordless) return { needed: { reason: hadSession ? 'session-expired' : 'no-session' } };
    // Otherwise the failure would count again if this sign-in gets no answer.
    if (reset && known.failed) await this.#memory.forgetFailure();
    const wasUnderWay = this.#automatic.isUnderWay;
    const isOpen = (challenge: OpenChallenge): boolean => this.#parts.challenges.has(challenge);
    const answer = this.#automatic.ask(reset, known.failed, isOpen, wire.settings);
    if (this.#automatic.isUnderWay) metrics.answered(wasUnderWay ? 'inflight' : 'miss');
    return withMessageTimeout(clock, answer, wire.transport.host);
  }

  /** The outcome of an existing session. */
  async #serve({ session }: KnownSignIn): Promise<SignedIn | Refused | undefined> {
    if (!session) return undefined;
    const { token, failed, refused } = await session.ask();
    if (token) return { state: 'signed-in', session, token, fromLogin: true };
    if (failed) throw failed;
    return session.ended ? undefined : { state: 'refused', user: session.user, ...refused };
  }

  /** All who sign the same user in at the same time get the same outcome. Only the first one gets the result of a link. */
  async #signIn(options: SignInOptions, isAutomatic: boolean): Promise<Outcome> {
    const credentials = await this.#context.wire.settings.askStored();
    if (this.#pending?.user === credentials.user) {
      return this.#joined(await this.#pending.outcome, options, isAutomatic);
    }
    const outcome = this.#start(credentials, options, isAutomatic).finally(() => {
      if (this.#pending?.outcome === outcome) this.#pending = undefined;
    });
    this.#pending = { user: credentials.user, outcome };
    return outcome;
  }

  /** The outcome for a sign-in that has waited for another one, and has options of its own. */
  async #joined(outcome: Outcome, options: SignInOptions, isAutomatic: boolean): Promise<Outcome> {
    if (outcome.state === 'refused') {
      const isSentNow = options.reset && outcome.reason === 'held-back';
      return isSentNow ? this.#signIn(options, isAutomatic) : outcome;
    }
    if (outcome.state === 'signed-in') return outcome;
    const { state, challenge, reason } = outcome;
    if (state === 'mfa-required' && reason === undefined) return (await join({ challenge }, options)) ?? outcome;
    return state === 'link-sent' ? challenge.where(reason) : outcome;
  }

  /** Signs in once for all replicas: the second one finds the session, the challenge, or the failure of the first. */
  #start(credentials: Credentials, options: SignInOptions, isAutomatic: boolean): Promise<Outcome> {
    const { settings } = this.#context.wire;
    return this.#parts.signIn.run(credentials, options, {
      stored: true,
      changed: async (sent) => {
        const present = await settings.askStored(true);
        return present.user === sent.user && present.password === sent.password ? undefined : present;
      },
      before: async () => {
        const known = await this.#memory.find();
        const outcome = (await this.#serve(known)) ?? (await join(known, options));
        if (outcome || !isAutomatic || options.reset) return outcome;
        return known.failed && isOfVersion(known.failed, settings.version) ? known.failed.outcome : undefined;
      },
      after: (outcome) => this.#memory.remember(outcome, isAutomatic),
    });
  }

  #changed(session: Session | undefined): void {
    this.#unfollow?.();
    if (!session) {
      this.states.become({ at: 'unused' });
      return;
    }
    this.#automatic.release();
    this.#unfollow = session.changes.add((state) => this.#followSession(state));
    const { token } = session.source;
    if (token) this.states.become({ at: 'valid', token });
  }

  /** The end of a session is reported with `changes`. */
  #followSession(state: SourceState): void {
    if (state.at === 'idle' || (state.at === 'refused' && state.reason === 'session-expired')) return;
    this.states.become(accountStateOf(state));
  }

  /** Reports the state to which a sign-in leads. */
  async #reported<T>(answer: Promise<T>, stateOf: (answer: T) => AccountState): Promise<T> {
    try {
      const given = await answer;
      this.states.become(stateOf(given));
      return given;
    } catch (thrown) {
      this.states.become({ at: 'failing', error: asAuthError(thrown) });
      throw thrown;
    }
  }
}

/** The outcome of a challenge that is open. A sign-in with a preferred method makes the first choice. */
async function join({ challenge }: KnownSignIn, { method }: SignInOptions): Promise<Outcome | undefined> {
  if (!challenge) return undefined;
  const isFirstChoice = challenge.method === undefined && !challenge.hasChosen && method !== 'ask';
  return isFirstChoice && findMethod(challenge.methods, method) ? challenge.choose(method) : challenge.where();
}
