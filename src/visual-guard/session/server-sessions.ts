import type { Cancel } from '../../core/clock.ts';
import { Listeners } from '../../core/listeners.ts';
import type { Token } from '../../oauth/token.ts';
import {
  contentOf,
  type Found,
  type RecordKind,
  type RecordWrite,
  type SharedRecord,
} from '../../store/coordinator.ts';
import { isId, type Pointer, pointers } from '../../store/id-record.ts';
import type { ServerContext } from '../context.ts';
import { type EndingSession, endAll, type SignedOutUser } from './end-all.ts';
import { endInStore } from './end-in-store.ts';
import { Endings } from './endings.ts';
import type { SessionKeeper } from './keeper.ts';
import { endIf, isOfSameDay, pointAgain, writeAgain } from './pointer-records.ts';
import { SESSION_LIFE, type SessionContent, sessionRecords } from './record.ts';
import { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import { UserSessions } from './user-sessions.ts';

/**
 * The sessions of one server. Those of this process are in memory. One that began elsewhere is found by its record, and the
 * references from a user to the newest session and to all sessions are records, too.
 */
export class ServerSessions implements SessionKeeper<Session> {
  /** Called for each session that has ended, or is forgotten in this process. */
  readonly gone = new Listeners<Session>();
  /** Called for each session that is renewed for the first time on a day. Then the records that refer to it are written again. */
  readonly renewedToday = new Listeners<Session>();
  /** Called for each session that becomes the newest one of its user in this process. */
  readonly named = new Listeners<Session>();
  /** Called for each session that has ended for all replicas. */
  readonly over = new Listeners<Pick<Session, 'handle'>>();
  readonly context: ServerContext;
  readonly #memory: Sessions;
  readonly #records: RecordKind<SessionContent>;
  readonly #users: RecordKind<Pointer>;
  readonly #lists: UserSessions;
  readonly #finding = new Map<string, Promise<Session | undefined>>();
  readonly #endings = new Endings((handle, refreshToken) => this.#endAgain(handle, refreshToken));
  readonly #unfollow: Cancel;
  #isClosed = false;

  /** @param memory the sessions of all servers of this process, which have common limits */
  constructor(context: ServerContext, memory: Sessions) {
    const { connection, wire, coordinator } = context;
    this.context = context;
    this.#memory = memory;
    this.#records = sessionRecords(context);
    this.#users = pointers(`user ${connection}`, wire.transport.host, SESSION_LIFE);
    this.#lists = new UserSessions(coordinator, connection, wire.transport.host, (...of) => this.#makeRoom(...of));
    const isBack = (): boolean => !this.#isClosed && !coordinator.isCutOff;
    this.#unfollow = coordinator.restored.add(() => {
      this.#lists.catchUp();
      void this.#endings.catchUp(isBack);
    });
  }

  /** The newest session of a user that is in memory. Names match exactly. */
  ofUser(user: string): Session | undefined {
    return this.#memory.ofUser(this, user);
  }

  /** The session with this handle that is in memory. */
  withHandle(handle: string): Session | undefined {
    return this.#memory.withHandle(this, handle);
  }

  /** The sessions of this server that are in memory. */
  all(): Session[] {
    return this.#memory.of(this);
  }

  /** Whether no session of this server is in memory. */
  get isEmpty(): boolean {
    return !this.#memory.hasAny(this);
  }

  /** Whether this session is in memory. The call counts as a use. */
  has(session: Session): boolean {
    return this.#memory.has(session);
  }

  /**
   * Begins a session, which is the newest one of its user.
   *
   * @returns `records` are written by the caller, in this order: a record that refers to the session comes after it
   */
  begin(content: SessionContent): { session: Session; records: readonly RecordWrite[] } {
    const session = new Session(content, this);
    if (this.#isClosed) return { session, records: [] };
    // The same record writes and watches, so that the session does not read what was written for it.
    const pointer = this.#user(session.user);
    this.#keep(session, pointer);
    this.#setName(session);
    return { session, records: [session.toWrite, { record: pointer, content: { id: session.handle } }] };
  }

  /** The records of a new session are written: from now on it ends with all others of its user. */
  begun = ({ user, handle }: Session): void => this.#lists.add(user, handle);

  /**
   * Finds the session with this handle, at whichever replica it began.
   *
   * @throws AuthError `AUTH_STORE` if it is not in memory and the store does not answer
   */
  async find(handle: string): Promise<Session | undefined> {
    const known = this.withHandle(handle);
    if (known || !isId(handle) || this.#endings.has(handle)) return known;
    let finding = this.#finding.get(handle);
    if (!finding) {
      finding = this.#load(handle).finally(() => this.#finding.delete(handle));
      this.#finding.set(handle, finding);
    }
    return finding;
  }

  /** Finds the newest session of a user, at whichever replica it began. @throws AuthError as `find` */
  async findOfUser(user: string): Promise<Session | undefined> {
    const known = this.ofUser(user);
    if (known) return known;
    const pointer = contentOf(await this.#user(user).read());
    const session = pointer && (await this.find(pointer.id));
    if (session && !session.ended && !this.#isClosed) this.#setName(session);
    return session;
  }

  /** Finds each session that another replica begins for a user, until the returned function is called. */
  watchUser(user: string): Cancel {
    const find = (): void => void this.findOfUser(user).catch(() => undefined);
    const unwatch = this.#user(user).watch((found) => {
      if (contentOf(found)) find();
      return undefined;
    });
    // It may have begun just before.
    find();
    return unwatch;
  }

  /**
   * Ends a session for all replicas. If another replica is renewing it, this waits for the result, which is to be revoked.
   * If this process is renewing it, the result is revoked when it arrives.
   *
   * @returns the refresh token that is to be revoked; empty if there is none
   */
  end(session: EndingSession): Promise<string> {
    return this.endHere(session)();
  }

  /** Ends a session in memory. @returns ends it for all replicas, as `end` does */
  endHere(session: EndingSession): () => Promise<string> {
    const { handle, refreshToken, isRefreshing } = session;
    session.end();
    return async () => {
      const isOwn = isRefreshing && !this.context.coordinator.isCutOff;
      const ending = isOwn ? session.writeEnd().then(() => refreshToken) : this.#end(handle, refreshToken);
      return (await Promise.all([ending, this.ended(session)]))[0];
    };
  }

  /**
   * Ends all sessions of a user for all replicas, at whichever they began, and revokes their refresh tokens. A failure for
   * one session does not stop the others. Names match exactly. Never throws.
   */
  endAll(user: string): Promise<SignedOutUser> {
    const known = this.all().filter((session) => session.user === user);
    const isKnown = (handle: string): boolean => known.some((session) => session.handle === handle);
    return endAll({
      here: known.map((session) => () => this.end(session)),
      there: async () => {
        const others = (await this.#handlesOf(user)).filter((handle) => !isKnown(handle) && !this.#endings.has(handle));
        return others.map((handle) => () => this.#endListed(handle, user));
      },
      revoke: (refreshToken) => this.context.wire.revoke(refreshToken),
    });
  }

  /** A session has ended for all replicas. The records that refer to it end, too, so that no data of its user stay. */
  async ended(session: Pick<Session, 'handle' | 'user'>): Promise<void> {
    this.over.tell(session);
    this.#lists.remove(session.user, session.handle);
    await endIf(this.#user(session.user), ({ id }) => id === session.handle);
  }

  /** Forgets all sessions in this process. */
  close(): void {
    this.#isClosed = true;
    for (const session of this.#memory.of(this)) session.forget();
    this.#unfollow();
  }

  lost({ user, handle }: Session): void {
    this.#lists.add(user, handle);
  }

  left(session: Session): void {
    this.#memory.remove(this, session);
    this.gone.tell(session);
  }

  /** Writes the record that refers to the session again each day, so that it is kept as long as the session. */
  renewed(session: Session, before: Token): void {
    if (isOfSameDay(before, session.content.token)) return;
    void writeAgain(this.#user(session.user), session);
    this.#lists.add(session.user, session.handle);
    this.renewedToday.tell(session);
  }

  recordOf(handle: string): SharedRecord<SessionContent> {
    return this.context.coordinator.record(this.#records, handle);
  }

  #user(user: string): SharedRecord<Pointer> {
    return this.context.coordinator.record(this.#users, user);
  }

  /** The name of the user refers to this session from now on. */
  #setName(session: Session): void {
    this.#memory.setName(this, session);
    this.named.tell(session);
  }

  /** The handles of all sessions of a user that the store knows. An earlier release has listed the newest one only. */
  async #handlesOf(user: string): Promise<readonly string[]> {
    const [pointer, listed] = await Promise.all([this.#user(user).read(), this.#lists.read(user)]);
    const newest = contentOf(pointer)?.id;
    return [...new Set(newest === undefined ? listed : [newest, ...listed])];
  }

  /** Ends a session that is not in memory. @returns the refresh token that is to be revoked; undefined if it had ended before */
  async #endListed(handle: string, user: string): Promise<string | undefined> {
    const content = contentOf(await this.recordOf(handle).read());
    if (content?.user !== user) return void this.#lists.remove(user, handle);
    return (await Promise.all([this.#end(handle, content.refreshToken), this.ended({ handle, user })]))[0];
  }

  /** Ends one of too many sessions of a user, and revokes its refresh token. @returns whether it stays, as the stored user's do */
  async #makeRoom(user: string, handle: string): Promise<boolean> {
    if (contentOf(await this.recordOf(handle).read())?.stored) return true;
    const known = this.withHandle(handle);
    const left = await (known ? this.end(known) : this.#endListed(handle, user));
    if (left !== undefined) this.context.metrics.madeRoom();
    if (left) await this.context.wire.revoke(left).catch(() => false);
    return false;
  }

  async #load(handle: string): Promise<Session | undefined> {
    const content = contentOf(await this.recordOf(handle).read());
    const known = this.withHandle(handle);
    if (known || !content || this.#isClosed) return known;
    const session = new Session(content, this, handle);
    this.#keep(session);
    return session;
  }

  /** Keeps a session in memory, and follows the actions of other replicas on it and on its user. */
  #keep(session: Session, pointer = this.#user(session.user)): void {
    this.#memory.add(this, session);
    session.follow(pointer.watch((found) => this.#followUser(session, found)));
  }

  /** @returns the content to write again, because the store has lost it */
  #followUser(session: Session, found: Found<Pointer>): Pointer | undefined {
    const id = contentOf(found)?.id;
    // Another session is the user's newest. This one is found only by its handle.
    if (id !== undefined && id !== session.handle) this.#memory.forgetName(this, session);
    if (id !== undefined || this.ofUser(session.user) !== session) return undefined;
    const pointer = { id: session.handle };
    if (found === 'ended') void pointAgain(this.#user(session.user), pointer, this.recordOf(session.handle));
    return found === undefined ? pointer : undefined;
  }

  #end(handle: string, refreshToken: string): Promise<string> {
    return endInStore(
      this.recordOf(handle),
      { handle, refreshToken },
      {
        endings: this.#endings,
        clock: this.context.clock,
        restored: () => void this.#endAgain(handle, refreshToken),
      },
    );
  }

  async #endAgain(handle: string, known: string): Promise<void> {
    const left = await this.#end(handle, known);
    // Another replica has renewed it meanwhile: that refresh token is not revoked yet.
    if (left !== '' && left !== known) await this.context.wire.revoke(left).catch(() => false);
  }
}
