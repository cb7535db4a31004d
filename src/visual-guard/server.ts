import type { Clock } from '../core/clock.ts';
import { asAuthError } from '../core/errors.ts';
import type { Listeners } from '../core/listeners.ts';
import type { Pace } from '../core/pace.ts';
import { connectionDigest } from '../core/settings-digest.ts';
import type { Sourced } from '../core/settings-source.ts';
import { checkLength } from '../core/text-length.ts';
import { ReplaceableTransport } from '../http/switchable-transport.ts';
import type { Transport } from '../http/transport.ts';
import type { AccountStates } from '../oauth/account-state.ts';
import { CountedTransport, Metrics } from '../oauth/metrics.ts';
import type { Coordinator } from '../store/coordinator.ts';
import type { Challenges } from './challenge/challenges.ts';
import { type ChallengeFinder, type FoundChallenge, findChallenge } from './challenge/find.ts';
import { ServerChallenges } from './challenge/server-challenges.ts';
import type { ServerContext } from './context.ts';
import { type Credentials, type Grant, type VisualGuardSettings, VisualGuardWire } from './dialect/wire.ts';
import { type BegunSession, type OpenChallenge, type Outcome, publishSession } from './outcome.ts';
import { KeepAlive } from './session/keep-alive.ts';
import { loginOf } from './session/login.ts';
import { ServerSessions } from './session/server-sessions.ts';
import type { Session } from './session/session.ts';
import type { Sessions } from './session/sessions.ts';
import type { AutomaticAnswer } from './sign-in/automatic-sign-in.ts';
import { AwaitedSignIns } from './sign-in/awaited-sign-ins.ts';
import { Guard, type GuardMemory } from './sign-in/guard.ts';
import { SignIn, type SignInOptions } from './sign-in/sign-in.ts';
import { StoredUser, type StoredUserNews } from './sign-in/stored-user.ts';
import { type WrongCodeMemory, WrongCodes } from './sign-in/wrong-codes.ts';
import { SignOut } from './sign-out.ts';

/** The objects that all Visual Guard servers of a process share. */
export interface VisualGuardShared {
  clock: Clock;
  guard: GuardMemory;
  wrongCodes: WrongCodeMemory;
  challenges: Challenges;
  sessions: Sessions;
  /** Coordinates the servers of this process that have no session store. */
  local: Coordinator;
  /** How fast idle sessions are renewed. */
  pace: Pace;
}

/** A VG Identity Server: signs users in, and keeps their sessions. */
export class VisualGuardServer implements ChallengeFinder {
  readonly transport: ReplaceableTransport;
  readonly storedUser: StoredUser;
  /** Renews the stored user's session while a node uses the server. */
  readonly keepAlive: KeepAlive;
  /** Reports sign-ins to those who wait for their users. */
  readonly signIns: AwaitedSignIns;
  readonly #context: ServerContext;
  readonly #challenges: ServerChallenges;
  readonly #sessions: ServerSessions;
  readonly #signIn: SignIn;
  readonly #signOut: SignOut;

  /** @param coordinator coordinates its replicas */
  constructor(
    settings: Sourced<VisualGuardSettings>,
    transport: Transport,
    shared: VisualGuardShared,
    coordinator: Coordinator = shared.local,
  ) {
    const { clock } = shared;
    this.transport = new ReplaceableTransport(transport);
    const metrics = new Metrics();
    const counted = new CountedTransport(this.transport, metrics, clock);
    const wire = new VisualGuardWire(settings, counted, clock);
    const guard = new Guard({ wire, clock, coordinator }, shared.guard);
    const wrongCodes = new WrongCodes({ wire, clock, coordinator }, shared.wrongCodes);
    const connection = connectionDigest(wire.settings.identity);
    this.#context = { wire, clock, metrics, guard, wrongCodes, coordinator, connection };
    this.#sessions = new ServerSessions(this.#context, shared.sessions);
    this.#challenges = new ServerChallenges(this.#context, shared.challenges, {
      answered: (grant, { user, stored }) => this.#begin(grant, user, stored),
    });
    this.#signIn = new SignIn(this.#context, this.#challenges, (...begun) => publishSession(this.#begin(...begun)));
    this.#sessions.gone.add(() => this.#answered());
    const parts = { sessions: this.#sessions, challenges: this.#challenges, signIn: this.#signIn };
    this.storedUser = new StoredUser(this.#context, parts);
    this.#signOut = new SignOut(this.#context, { ...parts, storedUser: this.storedUser });
    this.signIns = new AwaitedSignIns(this.storedUser, this.#sessions);
    this.keepAlive = new KeepAlive(clock, shared.pace, () => this.storedUser.findSession());
  }

  get wire(): VisualGuardWire {
    return this.#context.wire;
  }

  /** For operators: the state of the stored user. */
  get states(): AccountStates {
    return this.storedUser.states;
  }

  get metrics(): Metrics {
    return this.#context.metrics;
  }

  get guard(): Guard {
    return this.#context.guard;
  }

  get coordinator(): Coordinator {
    return this.#context.coordinator;
  }

  /** The digest of the connection. */
  get connection(): string {
    return this.#context.connection;
  }

  get host(): string {
    return this.transport.host;
  }

  /** Called when the stored user signs in or out. */
  get changes(): Listeners<StoredUserNews> {
    return this.storedUser.changes;
  }

  /** Called when a challenge is no longer open in this process: it has ended, has expired, or was evicted. */
  get closings(): Listeners<void> {
    return this.#challenges.closings;
  }

  /** The stored user of the config node. Undefined if none is stored. */
  get storedCredentials(): Credentials | undefined {
    return this.storedUser.credentials;
  }

  /** The stored user's session, if it is in memory. */
  get storedSession(): Session | undefined {
    return this.storedUser.session;
  }

  /** The newest session of a user of this server that is in memory. Names match exactly. */
  sessionOf(user: string): Session | undefined {
    return this.#sessions.ofUser(user);
  }

  /** The session with this handle, if it is in memory and belongs to this server. */
  sessionWith(handle: string): Session | undefined {
    return this.#sessions.withHandle(handle);
  }

  /** Finds the newest session of a user, at whichever replica it began. @throws AuthError `AUTH_STORE` if the store does not answer */
  findSessionOf(user: string): Promise<Session | undefined> {
    return this.#sessions.findOfUser(user);
  }

  /** Finds the session with this handle, at whichever replica it began. @throws AuthError `AUTH_STORE` as `findSessionOf` */
  findSessionWith(handle: string): Promise<Session | undefined> {
    return this.#sessions.find(handle);
  }

  /**
   * Signs in with the credentials of a message. They are always sent to the server, and a challenge is never shared.
   *
   * @throws AuthError `AUTH_CONFIG` if the name or the password is too long, and if the server gives no usable answer
   */
  async signIn(credentials: Credentials, options: SignInOptions): Promise<Outcome> {
    checkLength(credentials.user, 'user');
    checkLength(credentials.password, 'password');
    this.metrics.answered('miss');
    try {
      const outcome = await this.#signIn.run(credentials, options, { stored: false });
      this.#answered();
      return outcome;
    } catch (thrown) {
      if (!this.storedCredentials) this.states.become({ at: 'failing', error: asAuthError(thrown) });
      throw thrown;
    }
  }

  /** Signs the stored user in: with the session, else with the open challenge, else at the server. @throws AuthError as `signIn` */
  signInStored(options: SignInOptions): Promise<Outcome> {
    return this.storedUser.signIn(options);
  }

  /**
   * Gets a token of the stored user for `attach-bearer`. It signs in automatically if that needs no person.
   *
   * @param reset sign in although it was refused before (`msg.reset`)
   * @throws AuthError if the server gives no usable answer
   */
  tokenOfStored(reset: boolean): Promise<AutomaticAnswer> {
    return this.storedUser.token(reset);
  }

  /**
   * Signs out: forgets session and challenges, and revokes the refresh token at the server. It is no error if the server has
   * no revocation endpoint or does not answer.
   *
   * @param session the session to end, if there is one
   * @param user whose challenges are ended
   * @returns what the server has revoked
   */
  signOut(session: Session | undefined, user: string): Promise<string[]> {
    return this.#signOut.one(session, user);
  }

  /** Signs out all sessions that this process has in memory, as `signOut` does with one. @returns how many */
  signOutAllHere(): Promise<number> {
    return this.#signOut.allHere();
  }

  /**
   * Signs a user out of all sessions, at whichever replica they began, as `signOut` does with one.
   *
   * @returns how many sessions have ended, and what the server has revoked: one entry for each session
   * @throws AuthError `AUTH_STORE` if the store does not answer, when the sessions that could be found have ended
   */
  signOutUser(user: string): Promise<{ ended: number; revoked: string[] }> {
    return this.#signOut.ofUser(user);
  }

  /** The sessions that this process has in memory. */
  openSessions(): Session[] {
    return this.#sessions.all();
  }

  /**
   * Signs a user out of all sessions, and deletes all other data about that user, here and in the store: challenges, the data of
   * the guard, and wrong codes.
   *
   * @returns how many sessions were signed out
   * @throws AuthError as `signOutUser`, after everything that could be deleted is deleted
   */
  async forgetUser(user: string): Promise<number> {
    const { guard, wrongCodes } = this.#context;
    const [signedOut] = await Promise.allSettled([this.signOutUser(user), guard.forget(user), wrongCodes.clear(user)]);
    if (signedOut.status === 'rejected') throw signedOut.reason;
    return signedOut.value.ended;
  }

  /** How many challenges are open in this process. */
  get openChallenges(): number {
    return this.#challenges.size;
  }

  /** Ends everything in this process, because the config node was changed or removed. Records in a store stay, for other replicas. */
  close(): void {
    this.keepAlive.close();
    this.#challenges.close();
    this.#sessions.close();
    this.storedUser.close();
    this.transport.close();
  }

  /** @returns whether the server has revoked it; false if it does not answer */
  revoke(refreshToken: string): Promise<boolean> {
    return this.wire.revoke(refreshToken).catch(() => false);
  }

  /** Finds the challenge with this id that began at this connection, at whichever replica. @throws AuthError as `findSessionOf` */
  findChallenge(id: string): Promise<FoundChallenge> {
    return findChallenge([this], id);
  }

  knownChallenge(id: string): FoundChallenge {
    return this.#challenges.known(id);
  }

  storedChallenge(
    id: string,
    isOthers?: (connection: string) => void,
  ): Promise<OpenChallenge | 'challenge-expired' | undefined> {
    return this.#challenges.find(id, isOthers);
  }

  /** Finds the open challenge of the stored user, at whichever replica it began. @throws AuthError as `findChallenge` */
  async challengeOfStoredUser(): Promise<OpenChallenge | undefined> {
    return this.storedCredentials && this.storedUser.findChallenge();
  }

  /** Without a stored user the server is in use while there is a session. */
  #answered(): void {
    if (this.storedCredentials) return;
    this.states.become(this.#sessions.isEmpty ? { at: 'unused', isAnswered: true } : { at: 'valid' });
  }

  #begin(grant: Grant, user: string, stored: boolean): BegunSession {
    const { token, refreshToken, reading } = grant;
    const login = reading && loginOf(reading);
    const since = Math.floor(this.#context.clock.now() / 1_000);
    const content = { user, stored, since, login, renewals: 0, refreshToken, token };
    const { session, records } = this.#sessions.begin(content);
    return {
      outcome: { state: 'signed-in', session, token, fromLogin: false },
      records: stored ? [...records, ...this.storedUser.recordsOf(session)] : records,
      announce: () => {
        this.#sessions.begun(session);
        if (stored) this.storedUser.signedIn(session);
        this.metrics.tell({ what: 'sign-in', user });
      },
    };
  }
}
