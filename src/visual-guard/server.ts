import type { Clock } from '../core/clock.ts';
import type { Listeners } from '../core/listeners.ts';
import { ReplaceableTransport } from '../http/switchable-transport.ts';
import type { Transport } from '../http/transport.ts';
import { CountedTransport, Metrics } from '../oauth/metrics.ts';
import { connectionDigest } from '../store/connection.ts';
import type { Coordinator } from '../store/coordinator.ts';
import type { Challenges } from './challenge/challenges.ts';
import { type ChallengeFinder, type FoundChallenge, findChallenge } from './challenge/find.ts';
import { ServerChallenges } from './challenge/server-challenges.ts';
import type { ServerContext } from './context.ts';
import { type Credentials, type Grant, type VisualGuardSettings, VisualGuardWire } from './dialect/wire.ts';
import type { OpenChallenge, Outcome, SignedIn } from './outcome.ts';
import { loginOf } from './session/login.ts';
import { ServerSessions } from './session/server-sessions.ts';
import type { Session } from './session/session.ts';
import type { Sessions } from './session/sessions.ts';
import type { AutomaticAnswer } from './sign-in/automatic-sign-in.ts';
import { Guard, type GuardMemory } from './sign-in/guard.ts';
import { SignIn, type SignInWishes } from './sign-in/sign-in.ts';
import { StoredUser, type StoredUserNews } from './sign-in/stored-user.ts';
import { type WrongCodeMemory, WrongCodes } from './sign-in/wrong-codes.ts';

/** What all Visual Guard servers of a process share. */
export interface VisualGuardShared {
  clock: Clock;
  guard: GuardMemory;
  wrongCodes: WrongCodeMemory;
  challenges: Challenges;
  sessions: Sessions;
  /** How the servers of this process agree that have no store. */
  local: Coordinator;
}

/** A VG Identity Server: signs people in, and keeps the sessions that come of it. */
export class VisualGuardServer implements ChallengeFinder {
  readonly transport: ReplaceableTransport;
  readonly storedUser: StoredUser;
  readonly #context: ServerContext;
  readonly #challenges: ServerChallenges;
  readonly #sessions: ServerSessions;
  readonly #signIn: SignIn;

  /** @param coordinator how its replicas agree */
  constructor(
    settings: VisualGuardSettings,
    transport: Transport,
    shared: VisualGuardShared,
    coordinator: Coordinator = shared.local,
  ) {
    const { clock } = shared;
    this.transport = new ReplaceableTransport(transport);
    const metrics = new Metrics();
    const metered = new CountedTransport(this.transport, settings.tokenUrl, metrics, clock);
    const wire = new VisualGuardWire(settings, metered, clock);
    const guard = new Guard({ wire, clock, coordinator }, shared.guard);
    const wrongCodes = new WrongCodes({ wire, clock, coordinator }, shared.wrongCodes);
    const connection = connectionDigest(settings);
    this.#context = { wire, clock, metrics, guard, wrongCodes, coordinator, connection };
    this.#sessions = new ServerSessions(this.#context, shared.sessions);
    this.#challenges = new ServerChallenges(this.#context, shared.challenges, {
      answered: (grant, { user, stored }) => this.#begin(grant, user, stored),
    });
    this.#signIn = new SignIn(this.#context, this.#challenges, (...begun) => this.#begin(...begun));
    const parts = { sessions: this.#sessions, challenges: this.#challenges, signIn: this.#signIn };
    this.storedUser = new StoredUser(this.#context, parts);
  }

  get wire(): VisualGuardWire {
    return this.#context.wire;
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

  /** What the connection is known by in a store. */
  get connection(): string {
    return this.#context.connection;
  }

  get host(): string {
    return this.transport.host;
  }

  /** Tells when the stored user signs in or out. */
  get changes(): Listeners<StoredUserNews> {
    return this.storedUser.changes;
  }

  /** The stored user of the config node. Undefined where none is stored. */
  get storedPerson(): Credentials | undefined {
    return this.storedUser.person;
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

  /** The newest session of a user, also one that another replica began. @throws AuthError `AUTH_STORE` where the store does not answer */
  findSessionOf(user: string): Promise<Session | undefined> {
    return this.#sessions.findOfUser(user);
  }

  /** The session with this handle, also one that another replica began. @throws AuthError `AUTH_STORE` as `findSessionOf` */
  findSessionWith(handle: string): Promise<Session | undefined> {
    return this.#sessions.find(handle);
  }

  /**
   * Signs in with what came on a message: always put to the server, and a challenge of its own.
   *
   * @throws AuthError where the server gives no answer that makes sense
   */
  signIn(person: Credentials, wishes: SignInWishes): Promise<Outcome> {
    this.metrics.counts.waits += 1;
    return this.#signIn.put(person, wishes, { stored: false });
  }

  /**
   * Signs the stored user in: from the live session, else by the open challenge, else at the server.
   *
   * @throws AuthError where the server gives no answer that makes sense
   */
  signInStored(wishes: SignInWishes): Promise<Outcome> {
    return this.storedUser.signIn(wishes);
  }

  /**
   * A token of the stored user for `attach-bearer`, which signs in by itself where that needs no human.
   *
   * @param reset try again in spite of an earlier refusal (`msg.reset`)
   * @throws AuthError where the server gives no answer that makes sense
   */
  tokenOfStored(reset: boolean): Promise<AutomaticAnswer> {
    return this.storedUser.token(reset);
  }

  /**
   * Signs out: revokes the refresh token at the server and forgets session and challenge. A server without
   * a revocation endpoint, or that does not answer, is no error: here everything is forgotten all the same.
   *
   * @param session the session to end; undefined where there is none
   * @param user whose challenges are forgotten, too
   * @returns what the server was told to revoke
   */
  async signOut(session: Session | undefined, user: string): Promise<string[]> {
    const ending = session && this.#sessions.end(session);
    // The stored user's challenge may have begun at another replica. Of other users nobody knows where theirs are.
    if (user !== '' && user === this.wire.stored.user) await this.storedUser.findChallenge().catch(() => undefined);
    this.#challenges.cancel(user);
    const refreshToken = (await ending) ?? '';
    const revoked = refreshToken !== '' && (await this.revoke(refreshToken)) ? ['refresh_token'] : [];
    this.metrics.tell({ what: 'sign-out', user, revoked });
    return revoked;
  }

  /** Ends everything in this process: the config node was changed or removed. What is in a store stays, for other replicas. */
  close(): void {
    this.#challenges.close();
    this.#sessions.close();
    this.storedUser.close();
    this.transport.close();
  }

  /** @returns whether the server took it; one that does not answer did not */
  revoke(refreshToken: string): Promise<boolean> {
    return this.wire.revoke(refreshToken).catch(() => false);
  }

  /**
   * The challenge with this id that began at this connection, in this process or at another replica.
   *
   * @throws AuthError `AUTH_STORE` if it is not in memory and the store does not answer
   */
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

  /** The open challenge of the stored user, whichever replica began it. @throws AuthError as `findChallenge` */
  async challengeOfStoredUser(): Promise<OpenChallenge | undefined> {
    return this.storedPerson && this.storedUser.findChallenge();
  }

  async #begin(grant: Grant, user: string, stored: boolean): Promise<SignedIn> {
    const { token, refreshToken, reading } = grant;
    const login = reading && loginOf(reading);
    const content = { user, stored, login, renewals: 0, refreshToken, token };
    const { session, written } = this.#sessions.begin(content);
    await Promise.all([written, stored && this.storedUser.signedIn(session)]);
    this.metrics.tell({ what: 'sign-in', user });
    return { state: 'signed-in', session, token, fromLogin: false };
  }
}
