import { Listeners } from '../listeners.ts';
import type { Store } from '../store/store.ts';
import type { System } from '../system.ts';
import { MESSAGE_WAIT } from '../token-endpoint.ts';
import { ReplaceableTransport } from '../transport/replaceable.ts';
import type { Transport } from '../transport/transport.ts';
import { waitIsOver, within } from '../waiting.ts';
import { type AutomaticAnswer, AutomaticSignIn } from './automatic-sign-in.ts';
import { Challenge } from './challenge.ts';
import type { ChallengeHome } from './challenge-home.ts';
import type { Challenges } from './challenges.ts';
import type { Guard } from './guard.ts';
import { findMethod } from './methods.ts';
import { type Outcome, type Refused, refusedBy, type SignedIn } from './outcome.ts';
import { saysWrongPassword, setsChallenge } from './reply.ts';
import { Session, type SessionHome } from './session.ts';
import type { Sessions } from './sessions.ts';
import { type Grant, type Heard, type Person, type VisualGuardSettings, VisualGuardWire } from './wire.ts';

/** What all Visual Guard servers of a process share. */
export interface VisualGuardShared {
  system: System;
  guard: Guard;
  challenges: Challenges;
  sessions: Sessions;
}

/** What a flow asks for with a sign-in. */
export interface SignInWishes {
  /** `ask`, `first`, or a preference; a preference that is not offered falls back to asking. */
  method: string;
  /** Try a password again that is held back. */
  reset: boolean;
}

/** What is told when the stored user signs in or out. */
export type StoredUserNews = { session: Session | undefined };

/** A VG Identity Server: signs people in, and keeps the sessions that come of it. */
export class VisualGuardServer implements SessionHome, ChallengeHome {
  readonly wire: VisualGuardWire;
  readonly transport: ReplaceableTransport;
  readonly store: Store | undefined;
  readonly system: System;
  readonly guard: Guard;
  readonly changes = new Listeners<StoredUserNews>();
  readonly #challenges: Challenges;
  readonly #sessions: Sessions;
  readonly #automatic: AutomaticSignIn;
  #stored: Session | undefined;
  #storedChallenge: Challenge | undefined;
  #storedFlight: Promise<Outcome> | undefined;
  #closed = false;

  /** @param store where sessions and challenges are shared and kept; without one they stay in this process */
  constructor(settings: VisualGuardSettings, transport: Transport, shared: VisualGuardShared, store?: Store) {
    this.store = store;
    this.system = shared.system;
    this.guard = shared.guard;
    this.#challenges = shared.challenges;
    this.#sessions = shared.sessions;
    this.transport = new ReplaceableTransport(transport);
    this.wire = new VisualGuardWire(settings, this.transport, shared.system);
    this.#automatic = new AutomaticSignIn(shared.system, () => this.#signInStored({ method: 'ask', reset: false }));
  }

  /** The stored user of the config node. Undefined where none is stored. */
  get storedPerson(): Person | undefined {
    const { stored, passwordless } = this.wire;
    return stored.user === '' || (stored.password === '' && !passwordless) ? undefined : stored;
  }

  /** The stored user's session, if there is one. */
  get storedSession(): Session | undefined {
    // Asked for by its handle, so that the bound on sessions sees it used.
    return this.#stored && this.#sessions.withHandle(this, this.#stored.handle);
  }

  /** The stored user's open challenge, if there is one. */
  get storedChallenge(): Challenge | undefined {
    return this.#storedChallenge && this.#challenges.has(this.#storedChallenge) ? this.#storedChallenge : undefined;
  }

  /** The newest session of a user of this server. Names match exactly. */
  sessionOf(user: string): Session | undefined {
    return this.#sessions.ofUser(this, user);
  }

  /** The session with this handle, if it belongs to this server. */
  sessionWith(handle: string): Session | undefined {
    return this.#sessions.withHandle(this, handle);
  }

  /**
   * Signs in with what came on a message: always put to the server, and a challenge of its own.
   *
   * @throws AuthError where the server gives no answer that makes sense
   */
  signIn(person: Person, wishes: SignInWishes): Promise<Outcome> {
    return this.#put(person, wishes, false);
  }

  /**
   * Signs the stored user in: from the live session, else by the open challenge, else at the server.
   *
   * @throws AuthError where the server gives no answer that makes sense
   */
  async signInStored(wishes: SignInWishes): Promise<Outcome> {
    const kept = await this.#askStoredSession();
    if (kept) return kept;
    const challenge = this.storedChallenge;
    return challenge ? this.#join(challenge, wishes) : this.#signInStored(wishes);
  }

  /**
   * A token of the stored user for `attach-bearer`, which signs in by itself where that needs no human.
   *
   * @param reset try again in spite of an earlier refusal (`msg.reset`)
   * @throws AuthError where the server gives no answer that makes sense
   */
  async tokenOfStored(reset: boolean): Promise<AutomaticAnswer> {
    const before = this.#stored;
    const kept = await this.#askStoredSession();
    if (kept) return kept.state === 'signed-in' ? { token: kept.token } : { outcome: kept };
    const challenge = this.storedChallenge;
    if (challenge) return { outcome: challenge.where() };
    // Without a password the login itself may send a code, so a person has to begin it.
    if (this.wire.passwordless) return { needed: { reason: before ? 'session-expired' : 'no-session' } };
    const person = this.storedPerson;
    if (reset && person) {
      this.guard.release(this.guardName(person.user), person.password);
      this.#automatic.release();
    }
    return within(
      this.system,
      this.#automatic.ask((open) => this.#challenges.has(open)),
      this.transport.host,
    );
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
    for (const challenge of this.#challenges.of(this)) if (challenge.user === user) this.forgetChallenge(challenge);
    if (!session) return [];
    const { refreshToken } = session;
    session.end();
    if (refreshToken === '') return [];
    const revoked = await this.wire.revoke(refreshToken).catch(() => false);
    return revoked ? ['refresh_token'] : [];
  }

  /** Ends everything: the config node was changed or removed. */
  close(): void {
    this.#closed = true;
    for (const challenge of this.#challenges.of(this)) this.forgetChallenge(challenge);
    for (const session of this.#sessions.of(this)) session.end();
    this.transport.close();
  }

  guardName(user: string): string {
    return `${this.wire.tokenUrl} ${user}`;
  }

  challengeAnswered(grant: Grant, challenge: Challenge): SignedIn {
    return this.#begin(grant, challenge.user, challenge.stored);
  }

  forgetChallenge(challenge: Challenge): void {
    this.#challenges.remove(challenge);
    if (this.#storedChallenge === challenge) this.#storedChallenge = undefined;
  }

  forgetSession(session: Session): void {
    this.#sessions.remove(this, session);
    if (this.#stored !== session) return;
    this.#stored = undefined;
    this.changes.tell({ session: undefined });
  }

  async #askStoredSession(): Promise<SignedIn | Refused | undefined> {
    const session = this.storedSession;
    if (!session) return undefined;
    const asked = await session.ask();
    if (asked.token) return { state: 'signed-in', session, token: asked.token, fromLogin: true };
    if (asked.failed) throw asked.failed;
    return session.ended ? undefined : { state: 'refused', user: session.user, ...asked.refused };
  }

  /** All who sign the stored user in at the same time get the same answer; a link is told to the first alone. */
  async #signInStored(wishes: SignInWishes): Promise<Outcome> {
    const person = this.wire.stored;
    if (this.#storedFlight) {
      const outcome = await this.#storedFlight;
      return outcome.state === 'link-sent' ? outcome.challenge.where(outcome.reason) : outcome;
    }
    this.#storedFlight = this.#put(person, wishes, true).finally(() => {
      this.#storedFlight = undefined;
    });
    return this.#storedFlight;
  }

  async #join(challenge: Challenge, { method }: SignInWishes): Promise<Outcome> {
    const isFirstChoice = challenge.method === undefined && !challenge.hasChosen && method !== 'ask';
    return isFirstChoice && findMethod(challenge.methods, method) ? challenge.choose(method) : challenge.where();
  }

  #put(person: Person, wishes: SignInWishes, stored: boolean): Promise<Outcome> {
    const { user, password } = person;
    const name = this.guardName(user);
    const askedAt = this.system.now();
    const turn = this.guard.inTurn(name, password, async (): Promise<Outcome> => {
      // Who waited so long has given up: nothing is sent for them any more.
      if (this.system.now() - askedAt >= MESSAGE_WAIT) throw waitIsOver(this.transport.host);
      if (wishes.reset) this.guard.release(name, password);
      const heldUntil = this.guard.heldUntil(name, password) ?? this.guard.deliveryHeldUntil(loginOf(name));
      if (heldUntil !== undefined) return { state: 'refused', user, reason: 'held-back', retryAt: heldUntil };
      return this.#settle(await this.wire.login(person), person, wishes, stored);
    });
    return within(this.system, turn, this.transport.host);
  }

  #settle(heard: Heard, person: Person, wishes: SignInWishes, stored: boolean): Outcome | Promise<Outcome> {
    const { user, password } = person;
    const name = this.guardName(user);
    if (heard.grant) return this.#begin(heard.grant, user, stored);
    if (heard.refusal) {
      if (heard.refusal.reason === 'credentials-invalid') this.#refuse(name, password);
      return refusedBy(heard.refusal, user);
    }
    const { reading } = heard;
    if (setsChallenge(reading)) {
      if (reading.waiting) {
        this.guard.deliver(name);
        this.guard.deliver(loginOf(name));
      }
      return this.#open(new Challenge(person, stored, reading, this), wishes, reading.blocking.length > 0);
    }
    if (saysWrongPassword(reading)) this.#refuse(name, password);
    return refusedBy({ reason: reading.reasons[0] ?? 'unknown' }, user, reading);
  }

  /** Where there is no password, there is none to hold back. */
  #refuse(name: string, password: string): void {
    if (!this.wire.passwordless) this.guard.refuse(name, password);
  }

  #open(challenge: Challenge, { method }: SignInWishes, notDelivered: boolean): Outcome | Promise<Outcome> {
    if (!this.#closed) this.#challenges.add(challenge);
    if (challenge.stored) this.#storedChallenge = challenge;
    if (notDelivered) return challenge.where('mfa-delivery-failed');
    const wished = method !== 'ask' && challenge.state === 'mfa-required' && findMethod(challenge.methods, method);
    return wished ? challenge.choose(method) : challenge.where();
  }

  #begin(grant: Grant, user: string, stored: boolean): SignedIn {
    const session = new Session(user, grant, this);
    if (!this.#closed) this.#sessions.add(this, session);
    if (stored) {
      this.#stored = session;
      this.#automatic.release();
      this.changes.tell({ session });
    }
    return { state: 'signed-in', session, token: grant.token, fromLogin: false };
  }
}

/** What a login without a password sends counts by itself: a way that is chosen later sends something else. */
function loginOf(guardName: string): string {
  return `${guardName} login`;
}
