import type { Cancel } from '../../core/clock.ts';
import { Listeners } from '../../core/listeners.ts';
import { isWithin } from '../../core/time-window.ts';
import { contentOf, type Found, REMOVED, type RecordWrite, type SharedRecord } from '../../store/coordinator.ts';
import { isStoreFault } from '../../store/store-locks.ts';
import type { ServerChallenges } from '../challenge/server-challenges.ts';
import type { ServerContext } from '../context.ts';
import type { OpenChallenge, Outcome } from '../outcome.ts';
import { endIf, pointAgain } from '../session/pointer-records.ts';
import type { ServerSessions } from '../session/server-sessions.ts';
import type { Session } from '../session/session.ts';
import { type FailedSignIn, pauseAfter } from './automatic-sign-in.ts';
import { type StoredUserState, storedUserRecords } from './stored-user-record.ts';

/** The session and the challenge of the stored user, in this process or at another replica. */
export interface KnownSignIn {
  session?: Session | undefined;
  challenge?: OpenChallenge | undefined;
  failed?: FailedSignIn | undefined;
}

/**
 * The session and the challenge of the stored user: in memory, and in a record that replicas share. A file or a vault may name
 * another user at any time, at one replica before another, so each session and challenge is compared with the present name.
 */
export class StoredUserMemory {
  /** Called when the stored user signs in, with the session, or out. */
  readonly changes = new Listeners<{ session: Session | undefined }>();
  readonly #context: ServerContext;
  readonly #sessions: ServerSessions;
  readonly #challenges: ServerChallenges;
  readonly #record: SharedRecord<StoredUserState>;
  readonly #cancels: Cancel[];
  #isClosed = false;
  #session: Session | undefined;
  #challenge: OpenChallenge | undefined;
  /** The user whose sign-in is remembered. */
  #user: string | undefined;

  constructor(context: ServerContext, sessions: ServerSessions, challenges: ServerChallenges) {
    this.#context = context;
    this.#sessions = sessions;
    this.#challenges = challenges;
    this.#record = context.coordinator.record(storedUserRecords(context), '');
    this.#cancels = [
      this.#record.watch((found) => this.#follow(found)),
      context.wire.settings.changes.add(({ username }) => this.#setUser(username)),
      sessions.gone.add((session) => this.#signedOut(session)),
      sessions.over.add(({ handle }) => void endIf(this.#record, ({ session }) => session === handle)),
      sessions.renewedToday.add((session) => session.stored && void this.#prolong(session)),
    ];
  }

  /** The newest session, ended or not. */
  get last(): Session | undefined {
    return this.#session;
  }

  /** The session, if it is in memory. */
  get session(): Session | undefined {
    const session = this.#session;
    return session && this.#isOurs(session) && this.#sessions.has(session) ? session : undefined;
  }

  /** The open challenge, if it is in memory. */
  get challenge(): OpenChallenge | undefined {
    const challenge = this.#challenge;
    return challenge && this.#isOurs(challenge) && this.#challenges.has(challenge) ? challenge : undefined;
  }

  /** The session, at whichever replica it began. @throws AuthError `AUTH_STORE` if the store does not answer, and as `askStored` */
  async findSession(): Promise<Session | undefined> {
    return this.session ?? this.#sessionOf(await this.#read());
  }

  /** The open challenge, at whichever replica it began. @throws AuthError as `findSession` */
  async findChallenge(): Promise<OpenChallenge | undefined> {
    return this.challenge ?? this.#challengeOf(await this.#read());
  }

  /** Finds both. While the store is not available, only those in memory: a service user has to be signed in nevertheless. */
  async find(): Promise<KnownSignIn> {
    const { session } = this;
    if (session) return { session };
    // The user and the refused password may have changed.
    await this.#context.wire.settings.askStored();
    try {
      const state = contentOf(await this.#record.read());
      const found = await this.#sessionOf(state);
      if (found && !found.ended) return { session: found };
      const challenge = this.challenge ?? (await this.#challengeOf(state));
      return { challenge, failed: this.#failureOf(state) };
    } catch (thrown) {
      if (!isStoreFault(thrown)) throw thrown;
      return { challenge: this.challenge };
    }
  }

  /** The record by which other replicas find the session. None if it is the session of an earlier stored user. */
  recordsOf(session: Session): readonly RecordWrite[] {
    if (this.#isClosed || !this.#isOurs(session)) return [];
    return [{ record: this.#record, content: { session: session.handle } }];
  }

  /** The stored user has this session from now on, unless it is the session of an earlier one. */
  signedIn(session: Session): void {
    if (this.#session === session || !this.#isOurs(session)) return;
    this.#user = session.user;
    this.#session = session;
    this.#challenge = undefined;
    this.changes.tell({ session });
  }

  /** Remembers how a sign-in ended, for other replicas, too. A session is written when it begins. */
  async remember(outcome: Outcome, isAutomatic: boolean): Promise<void> {
    if (outcome.state === 'signed-in' || !this.#isOurs(outcome.state === 'refused' ? outcome : outcome.challenge))
      return;
    const { clock, wire } = this.#context;
    this.#user = wire.settings.user;
    const pause = pauseAfter(outcome, clock.now());
    const { version } = wire.settings;
    if (outcome.state === 'refused') {
      if (isAutomatic) await this.#record.write({ refused: outcome, held: pause, version });
      return;
    }
    this.#challenge = outcome.challenge;
    await this.#record.write({ challenge: outcome.challenge.id, held: isAutomatic ? pause : undefined, version });
  }

  /** Forgets that a sign-in has failed, at all replicas. */
  forgetFailure(): Promise<void> {
    return this.#record.end(REMOVED);
  }

  /** The record stays, for other replicas. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
  }

  /** A file or a vault may name another user. Then session and challenge no longer belong to the stored user. */
  #setUser(user: string): void {
    if (this.#user === undefined || user === this.#user) return;
    this.#user = undefined;
    this.#session = undefined;
    this.#challenge = undefined;
    this.changes.tell({ session: undefined });
  }

  /** @param found the content that belongs to a user; a refusal may be without a user */
  #isOurs({ user }: { readonly user?: string | undefined }): boolean {
    return user === undefined || user === this.#context.wire.settings.user;
  }

  /** The record. Before, the name of the user is known. */
  async #read(): Promise<StoredUserState | undefined> {
    await this.#context.wire.settings.askStored();
    return contentOf(await this.#record.read());
  }

  #signedOut(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.changes.tell({ session: undefined });
  }

  async #sessionOf(state: StoredUserState | undefined): Promise<Session | undefined> {
    const found = state?.session === undefined ? undefined : await this.#sessions.find(state.session);
    if (!found || !this.#isOurs(found)) return undefined;
    if (!found.ended && !this.#isClosed) this.signedIn(found);
    return found;
  }

  async #challengeOf(state: StoredUserState | undefined): Promise<OpenChallenge | undefined> {
    const found = state?.challenge === undefined ? undefined : await this.#challenges.find(state.challenge);
    if (typeof found !== 'object' || !this.#isOurs(found)) return undefined;
    this.#user = found.user;
    this.#challenge = found;
    return found;
  }

  /** The failed sign-in of another replica that still counts. */
  #failureOf(state: StoredUserState | undefined): FailedSignIn | undefined {
    if (!state) return undefined;
    const { refused, held, version } = state;
    if (!isWithin(held, this.#context.clock.now()) || !this.#isOurs(refused ?? {})) return undefined;
    return { outcome: refused, pause: held, version };
  }

  /** @returns the content to write again, because the store has lost it */
  #follow(found: Found<StoredUserState>): StoredUserState | undefined {
    const { session } = this;
    const pointer = session && { session: session.handle };
    if (found === undefined) return pointer;
    if (found === 'ended' && pointer) void pointAgain(this.#record, pointer, this.#sessions.recordOf(pointer.session));
    const state = contentOf(found);
    if (state?.session !== session?.handle) void this.#sessionOf(state).catch(() => undefined);
    return undefined;
  }

  /** Writes the record again, so that it is kept as long as the session. A record that names another session stays as it is. */
  async #prolong({ handle }: Session): Promise<void> {
    const found = await this.#record.read().catch(() => undefined);
    if (contentOf(found)?.session === handle) await this.#record.write({ session: handle });
  }
}
