import { Listeners } from '../../listeners.ts';
import type { Meter } from '../../meter.ts';
import { contentOf, type Found, type SharedRecord } from '../../store/coordinator.ts';
import { type Pointer, pointers } from '../../store/pointer.ts';
import { isStoreFault, SharedRecord as OldRecord } from '../../store/shared-record.ts';
import type { Store } from '../../store/store.ts';
import type { Cancel, System } from '../../system.ts';
import { within } from '../../waiting.ts';
import type { Challenge } from '../challenge/challenge.ts';
import type { ServerContext } from '../context.ts';
import { findMethod } from '../dialect/methods.ts';
import type { Person, VisualGuardWire } from '../dialect/wire.ts';
import type { Outcome, Refused, SignedIn } from '../outcome.ts';
import { SESSION_LIFE } from '../session/record.ts';
import { type ServerSessions, writeAgain } from '../session/server-sessions.ts';
import type { Session } from '../session/session.ts';
import { type AutomaticAnswer, AutomaticSignIn, pauseAfter } from './automatic-sign-in.ts';
import type { Guarding } from './guard.ts';
import { type SharedHold, sharedHold } from './shared-hold.ts';
import type { SignInWishes } from './sign-in.ts';

/** A sign-in that nobody asked for but a message without a token: no code is sent. */
const BY_ITSELF: SignInWishes = { method: 'ask', reset: false };

/** What is told when the stored user signs in or out. */
export type StoredUserNews = { session: Session | undefined };

/** What the stored user's sign-in needs of its server. */
export interface StoredUserHome {
  readonly wire: VisualGuardWire;
  readonly system: System;
  readonly host: string;
  readonly guard: Guarding;
  readonly meter: Meter;
  /** What the connection is known by in the store. */
  readonly connection: string;
  guardName(user: string): string;
  /** Signs in at the server. */
  put(person: Person, wishes: SignInWishes, stored: boolean): Promise<Outcome>;
  /** Whether these are still kept in this process. */
  has(what: Session | Challenge): boolean;
  /** What another replica, or an earlier process, has begun. It throws if the store does not answer. */
  findStoredChallenge(): Promise<Challenge | undefined>;
}

/** The stored user of a config node: signed in once for all who mean it, by itself where that needs no human. */
export class StoredUser {
  readonly changes = new Listeners<StoredUserNews>();
  readonly #home: StoredUserHome;
  readonly #store: Store | undefined;
  readonly #hold: SharedHold | undefined;
  readonly #automatic: AutomaticSignIn;
  readonly #sessions: ServerSessions;
  /** Leads to the session of the stored user. */
  readonly #pointer: SharedRecord<Pointer>;
  readonly #unwatch: Cancel;
  #isClosed = false;
  #session: Session | undefined;
  #challenge: Challenge | undefined;
  #flight: Promise<Outcome> | undefined;

  constructor(home: StoredUserHome, context: ServerContext, sessions: ServerSessions, store: Store | undefined) {
    this.#home = home;
    this.#sessions = sessions;
    const { coordinator, connection, wire } = context;
    this.#pointer = coordinator.record(pointers(`stored ${connection}`, wire.transport.host, SESSION_LIFE), '');
    const cancels = [
      this.#pointer.watch((found) => this.#follow(found)),
      sessions.renewedToday.add((session) => session.stored && void writeAgain(this.#pointer, session)),
    ];
    this.#unwatch = () => {
      for (const cancel of cancels) cancel();
    };
    this.#store = store;
    this.#hold = store && sharedHold(store, `automatic ${home.connection}`, home);
    this.#automatic = new AutomaticSignIn(home.system, () => this.#signIn(BY_ITSELF), this.#hold);
  }

  /** Undefined where none is stored. */
  get person(): Person | undefined {
    const { stored, passwordless } = this.#home.wire;
    return stored.user === '' || (stored.password === '' && !passwordless) ? undefined : stored;
  }

  get session(): Session | undefined {
    return this.#session && this.#home.has(this.#session) ? this.#session : undefined;
  }

  /** The open challenge, if there is one. */
  get challenge(): Challenge | undefined {
    return this.#challenge && this.#home.has(this.#challenge) ? this.#challenge : undefined;
  }

  /** The session, whichever replica began it. @throws AuthError `AUTH_STORE` if the store does not answer */
  async findSession(): Promise<Session | undefined> {
    const { session } = this;
    if (session) return session;
    const pointer = contentOf(await this.#pointer.read());
    const found = pointer && (await this.#sessions.find(pointer.id));
    if (found && !found.ended && !this.#isClosed) this.#become(found);
    return found;
  }

  /** From now on this is the stored user's session. It comes when other replicas can find it. */
  async signedIn(session: Session): Promise<void> {
    if (!this.#isClosed) await this.#pointer.write({ id: session.handle });
    this.#become(session);
  }

  /** What is in a store stays. */
  close(): void {
    this.#isClosed = true;
    this.#unwatch();
  }

  #become(session: Session): void {
    if (this.#session === session) return;
    this.#session = session;
    this.#automatic.release();
    this.changes.tell({ session });
  }

  /** @returns what to write again: the store has lost it */
  #follow(found: Found<Pointer>): Pointer | undefined {
    const { session } = this;
    if (found === undefined) return session && { id: session.handle };
    const id = contentOf(found)?.id;
    if (id !== undefined && id !== session?.handle) void this.#takeUp(id).catch(() => undefined);
    return undefined;
  }

  async #takeUp(id: string): Promise<void> {
    const session = await this.#sessions.find(id);
    if (session && !session.ended && !this.#isClosed) this.#become(session);
  }

  signedOut(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.changes.tell({ session: undefined });
  }

  /** From now on this is the stored user's challenge. */
  challenged(challenge: Challenge): void {
    this.#challenge = challenge;
  }

  forgetChallenge(challenge: Challenge): void {
    if (this.#challenge === challenge) this.#challenge = undefined;
  }

  /** From the live session, else by the open challenge, else at the server. @throws AuthError as the server's `signIn` */
  async signIn(wishes: SignInWishes): Promise<Outcome> {
    return (await this.#serveSession()) ?? (await this.#joinOpen(wishes)) ?? this.#waitFor(this.#signIn(wishes));
  }

  /** A token for `attach-bearer`, which signs in by itself where that needs no human. */
  async token(reset: boolean): Promise<AutomaticAnswer> {
    const before = this.#session;
    const kept = await this.#serveSession();
    if (kept) return kept.state === 'signed-in' ? { token: kept.token } : { outcome: kept };
    const challenge = await this.findChallenge();
    if (challenge) return { outcome: challenge.where() };
    const { wire, guard, system, host } = this.#home;
    // Without a password the login itself may send a code, so a person has to begin it.
    if (wire.passwordless) return { needed: { reason: before ? 'session-expired' : 'no-session' } };
    const { person } = this;
    if (reset && person) {
      await guard.release(this.#home.guardName(person.user), person.password);
      await this.#automatic.release();
    }
    const asked = this.#automatic.ask((open) => this.#home.has(open));
    return within(system, this.#automatic.isUnderWay ? this.#waitFor(asked) : asked, host);
  }

  #waitFor<T>(answer: Promise<T>): Promise<T> {
    this.#home.meter.counts.waits += 1;
    return answer;
  }

  async #serveSession(): Promise<SignedIn | Refused | undefined> {
    const session = this.session ?? (await this.#orNothing(() => this.findSession()));
    if (!session) return undefined;
    const asked = await session.ask();
    if (asked.token) return { state: 'signed-in', session, token: asked.token, fromLogin: true };
    if (asked.failed) throw asked.failed;
    return session.ended ? undefined : { state: 'refused', user: session.user, ...asked.refused };
  }

  /** The open challenge, also one that another replica has begun. Undefined where the store does not answer. */
  async findChallenge(): Promise<Challenge | undefined> {
    const found = this.challenge ?? (await this.#orNothing(() => this.#home.findStoredChallenge()));
    if (found) this.#challenge = found;
    return found;
  }

  async #joinOpen({ method }: SignInWishes): Promise<Outcome | undefined> {
    const challenge = await this.findChallenge();
    if (!challenge) return undefined;
    const isFirstChoice = challenge.method === undefined && !challenge.hasChosen && method !== 'ask';
    return isFirstChoice && findMethod(challenge.methods, method) ? challenge.choose(method) : challenge.where();
  }

  /** All who sign the stored user in at the same time get the same answer; a link is told to the first alone. */
  async #signIn(wishes: SignInWishes): Promise<Outcome> {
    if (this.#flight) {
      const outcome = await this.#flight;
      return outcome.state === 'link-sent' ? outcome.challenge.where(outcome.reason) : outcome;
    }
    this.#flight = this.#fly(wishes).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /** One sign-in for all replicas: who comes second finds the session, the challenge, or what came of the first try. */
  #fly(wishes: SignInWishes): Promise<Outcome> {
    const { system, host, connection, wire } = this.#home;
    const hold = wishes === BY_ITSELF ? this.#hold : undefined;
    const signIn = (): Promise<Outcome> => this.#home.put(wire.stored, wishes, true);
    if (!this.#store) return signIn();
    const turn = new OldRecord<object>(this.#store, `sign-in ${connection}`, () => undefined, { system, host });
    const outcome = turn.inTurn<Outcome>({
      adopt: async () =>
        (await this.#serveSession()) ?? (await this.#joinOpen(wishes)) ?? (await hold?.read())?.refused,
      act: async () => {
        const came = await signIn();
        if (came.state === 'refused') {
          const { since, until } = pauseAfter(came, system.now());
          await hold?.write({ refused: came, left: until - since });
        }
        return came;
      },
      mayGoAlone: () => true,
    });
    return within(system, outcome, host);
  }

  /** Where the store cannot be asked, this replica goes on without it: a service user has to be signed in all the same. */
  async #orNothing<T>(find: () => Promise<T | undefined>): Promise<T | undefined> {
    if (!this.#store) return undefined;
    try {
      return await find();
    } catch (thrown) {
      if (isStoreFault(thrown)) return undefined;
      throw thrown;
    }
  }
}
