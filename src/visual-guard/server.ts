import type { Listeners } from '../listeners.ts';
import { Meter, MeteredTransport } from '../meter.ts';
import { connectionDigest } from '../store/connection.ts';
import type { Coordinator } from '../store/coordinator.ts';
import { LocalCoordinator } from '../store/local-coordinator.ts';
import type { Store } from '../store/store.ts';
import type { System } from '../system.ts';
import { ReplaceableTransport } from '../transport/replaceable.ts';
import type { Transport } from '../transport/transport.ts';
import { Challenge } from './challenge/challenge.ts';
import type { Challenges } from './challenge/challenges.ts';
import type { ChallengeContent } from './challenge/content.ts';
import { type ChallengeFinder, type FoundChallenge, findChallenge } from './challenge/find.ts';
import { SharedChallenges, type SharedChallengesHome } from './challenge/shared-challenges.ts';
import { type Grant, type Person, type VisualGuardSettings, VisualGuardWire } from './dialect/wire.ts';
import type { Outcome, SignedIn } from './outcome.ts';
import { foldUser } from './same-user.ts';
import { loginOf } from './session/login.ts';
import { ServerSessions } from './session/server-sessions.ts';
import { Session } from './session/session.ts';
import type { Sessions } from './session/sessions.ts';
import type { AutomaticAnswer } from './sign-in/automatic-sign-in.ts';
import type { Guard, Guarding } from './sign-in/guard.ts';
import { SharedGuard } from './sign-in/shared-guard.ts';
import { SignIn, type SignInHome, type SignInWishes } from './sign-in/sign-in.ts';
import { StoredUser, type StoredUserHome, type StoredUserNews } from './sign-in/stored-user.ts';

/** What all Visual Guard servers of a process share. */
export interface VisualGuardShared {
  system: System;
  guard: Guard;
  challenges: Challenges;
  sessions: Sessions;
}

/** What a server shares with other replicas. */
interface Replicas {
  store: Store;
  challenges: SharedChallenges;
}

type Homes = SignInHome & StoredUserHome & SharedChallengesHome;

/** A VG Identity Server: signs people in, and keeps the sessions that come of it. */
export class VisualGuardServer implements Homes, ChallengeFinder {
  readonly wire: VisualGuardWire;
  readonly transport: ReplaceableTransport;
  readonly system: System;
  readonly guard: Guarding;
  /** What the connection is known by in a store. */
  readonly connection: string;
  readonly storedUser: StoredUser;
  readonly meter = new Meter();
  readonly #challenges: Challenges;
  readonly #sessions: ServerSessions;
  readonly #signIn = new SignIn(this);
  readonly #replicas: Replicas | undefined;
  #closed = false;

  /**
   * @param coordinator by which its replicas agree
   * @param store where challenges are shared and kept; without one they stay in this process
   */
  constructor(
    settings: VisualGuardSettings,
    transport: Transport,
    shared: VisualGuardShared,
    coordinator: Coordinator = new LocalCoordinator(shared.system),
    store?: Store,
  ) {
    this.system = shared.system;
    this.#challenges = shared.challenges;
    this.transport = new ReplaceableTransport(transport);
    const metered = new MeteredTransport(this.transport, settings.tokenUrl, this.meter, shared.system);
    this.wire = new VisualGuardWire(settings, metered, shared.system);
    this.connection = connectionDigest(settings);
    const { wire, system, meter, connection } = this;
    const context = { wire, system, meter, coordinator, connection };
    this.#sessions = new ServerSessions(context, shared.sessions);
    this.#sessions.gone.add((session) => this.storedUser.signedOut(session));
    this.guard = store ? new SharedGuard(shared.guard, store, this) : shared.guard;
    this.storedUser = new StoredUser(this, context, this.#sessions, store);
    this.#replicas = store && {
      store,
      challenges: new SharedChallenges(store, this),
    };
  }

  get host(): string {
    return this.transport.host;
  }

  /** Where sessions and challenges are shared and kept, if anywhere. */
  get store(): Store | undefined {
    return this.#replicas?.store;
  }

  /** Tells when the stored user signs in or out. */
  get changes(): Listeners<StoredUserNews> {
    return this.storedUser.changes;
  }

  /** The stored user of the config node. Undefined where none is stored. */
  get storedPerson(): Person | undefined {
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
  signIn(person: Person, wishes: SignInWishes): Promise<Outcome> {
    this.meter.counts.waits += 1;
    return this.#signIn.put(person, wishes, false);
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
    if (user !== '' && user === this.wire.stored.user) await this.storedUser.findChallenge();
    for (const challenge of this.#challenges.of(this)) if (challenge.user === user) challenge.cancel();
    const refreshToken = (await ending) ?? '';
    const revoked = refreshToken !== '' && (await this.revoke(refreshToken)) ? ['refresh_token'] : [];
    this.meter.tell({ what: 'sign-out', user, revoked });
    return revoked;
  }

  /** Ends everything in this process: the config node was changed or removed. What is in a store stays, for other replicas. */
  close(): void {
    this.#closed = true;
    for (const challenge of this.#challenges.of(this)) this.forgetChallenge(challenge);
    this.#sessions.close();
    this.storedUser.close();
    this.transport.close();
  }

  /** @returns whether the server took it; one that does not answer did not */
  revoke(refreshToken: string): Promise<boolean> {
    return this.wire.revoke(refreshToken).catch(() => false);
  }

  guardName(user: string): string {
    return `${this.wire.tokenUrl} ${foldUser(user)}`;
  }

  challengeAnswered(grant: Grant, challenge: Challenge): SignedIn | Promise<SignedIn> {
    return this.begin(grant, challenge.user, challenge.stored);
  }

  forgetChallenge(challenge: Challenge): void {
    this.#challenges.remove(this, challenge);
    this.storedUser.forgetChallenge(challenge);
  }

  has(what: Session | Challenge): boolean {
    return what instanceof Session ? !what.ended && this.#sessions.has(what) : this.#challenges.has(what);
  }

  takeUpChallenge(content: ChallengeContent, id: string): Challenge | undefined {
    const person = this.#personOf(content);
    if (!person || this.#closed) return undefined;
    const challenge = new Challenge(content, person, this, id);
    this.#challenges.add(this, challenge);
    return challenge;
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
    return this.#challenges.find(this, id);
  }

  async storedChallenge(
    id: string,
    isOthers?: (connection: string) => void,
  ): Promise<Challenge | 'challenge-expired' | undefined> {
    return this.#replicas?.challenges.find(id, isOthers);
  }

  async challengeOfStoredUser(): Promise<Challenge | undefined> {
    if (!this.storedPerson) return undefined;
    return this.storedUser.challenge ?? this.findStoredChallenge();
  }

  findStoredSession(): Promise<Session | undefined> {
    return this.storedUser.findSession();
  }

  async findStoredChallenge(): Promise<Challenge | undefined> {
    return this.#replicas?.challenges.findStored();
  }

  /** Puts a name and password to the server, for the stored user. */
  put(person: Person, wishes: SignInWishes, stored: boolean): Promise<Outcome> {
    return this.#signIn.put(person, wishes, stored);
  }

  async open(challenge: Challenge): Promise<void> {
    if (challenge.stored) this.storedUser.challenged(challenge);
    if (this.#closed) return;
    this.#challenges.add(this, challenge);
    await this.#replicas?.challenges.begin(challenge);
  }

  async begin(grant: Grant, user: string, stored: boolean): Promise<SignedIn> {
    const { token, refreshToken, reading } = grant;
    const login = reading && loginOf(reading);
    const content = { user, stored, login, renewals: 0, refreshToken, token };
    const { session, written } = this.#sessions.begin(content);
    await Promise.all([written, stored && this.storedUser.signedIn(session)]);
    this.meter.tell({ what: 'sign-in', user });
    return { state: 'signed-in', session, token, fromLogin: false };
  }

  /** Who answers a challenge that was set elsewhere. A password is never kept in a store: only the stored user's is known here. */
  #personOf({ user, stored }: ChallengeContent): Person | undefined {
    const { mfaCredentials, passwordless } = this.wire;
    if (mfaCredentials !== 'username+password' || passwordless) return { user, password: '' };
    return stored && user === this.wire.stored.user ? this.wire.stored : undefined;
  }
}
