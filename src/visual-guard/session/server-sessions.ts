import type { Cancel } from '../../core/clock.ts';
import { Listeners } from '../../core/listeners.ts';
import type { Token } from '../../oauth/token.ts';
import { contentOf, type Found, type RecordKind, type SharedRecord } from '../../store/coordinator.ts';
import { isId, type Pointer, pointers } from '../../store/id-record.ts';
import type { ServerContext } from '../context.ts';
import { Endings } from './endings.ts';
import { SESSION_LIFE, type SessionContent, sessionRecords } from './record.ts';
import { ENDED_TTL, Session, type SessionKeeper } from './session.ts';
import type { Sessions } from './sessions.ts';

/** What is needed of a session to end it. */
type EndingSession = Pick<Session, 'handle' | 'refreshToken' | 'isRefreshing' | 'end' | 'writeEnd'>;

const DAY = 24 * 3_600_000;

/**
 * The sessions of one server. Those of this process are in memory; one that another replica, or an earlier process, began
 * is found by its record. What leads from a user to the newest session is a record, too.
 */
export class ServerSessions implements SessionKeeper {
  /** Told of each session that has ended, or that this process forgets. */
  readonly gone = new Listeners<Session>();
  /** Told of each session when it is renewed for the first time on a day: then what leads to it is written again. */
  readonly renewedToday = new Listeners<Session>();
  readonly context: ServerContext;
  readonly #memory: Sessions;
  readonly #records: RecordKind<SessionContent>;
  readonly #users: RecordKind<Pointer>;
  readonly #finding = new Map<string, Promise<Session | undefined>>();
  readonly #endings = new Endings((handle, refreshToken) => this.#endAgain(handle, refreshToken));
  readonly #unfollow: Cancel;
  #isClosed = false;

  /** @param memory the sessions of all servers of this process, which are bounded together */
  constructor(context: ServerContext, memory: Sessions) {
    const { connection, wire, coordinator } = context;
    this.context = context;
    this.#memory = memory;
    this.#records = sessionRecords(context);
    this.#users = pointers(`user ${connection}`, wire.transport.host, SESSION_LIFE);
    const isBack = (): boolean => !this.#isClosed && !coordinator.isCutOff;
    this.#unfollow = coordinator.restored.add(() => void this.#endings.catchUp(isBack));
  }

  /** The newest session of a user that is in memory. Names match exactly. */
  ofUser(user: string): Session | undefined {
    return this.#memory.ofUser(this, user);
  }

  /** The session with this handle that is in memory. */
  withHandle(handle: string): Session | undefined {
    return this.#memory.withHandle(this, handle);
  }

  /** Whether this session is kept in memory. Who asks uses it. */
  has(session: Session): boolean {
    return this.#memory.has(session);
  }

  /**
   * A session begins. It is the user's newest.
   *
   * @returns `written` comes when its record is written. Nobody is told of it before that
   */
  begin(content: SessionContent): { session: Session; written: Promise<unknown> } {
    const session = new Session(content, this);
    if (this.#isClosed) return { session, written: Promise.resolve() };
    this.#keep(session);
    this.#memory.setName(this, session);
    // Together, and in this order: who follows what leads to it finds it.
    const written = Promise.all([session.write(), this.#user(session.user).write({ id: session.handle })]);
    return { session, written };
  }

  /**
   * The session with this handle, whichever replica began it.
   *
   * @throws AuthError `AUTH_STORE` if it is not in memory and the store does not answer
   */
  async find(handle: string): Promise<Session | undefined> {
    const known = this.withHandle(handle);
    if (known || !isId(handle) || this.#endings.has(handle)) return known;
    let finding = this.#finding.get(handle);
    if (!finding) {
      finding = this.#takeUp(handle).finally(() => this.#finding.delete(handle));
      this.#finding.set(handle, finding);
    }
    return finding;
  }

  /** The newest session of a user, whichever replica began it. @throws AuthError as `find` */
  async findOfUser(user: string): Promise<Session | undefined> {
    const known = this.ofUser(user);
    if (known) return known;
    const pointer = contentOf(await this.#user(user).read());
    const session = pointer && (await this.find(pointer.id));
    if (session && !session.ended && !this.#isClosed) this.#memory.setName(this, session);
    return session;
  }

  /**
   * Ends a session for all replicas. A renewal that is under way at another replica comes first, so nothing of it lives on.
   * What one in this process brings is revoked.
   *
   * @returns the refresh token that is left to be revoked; empty if there is none
   */
  async end(session: EndingSession): Promise<string> {
    const { handle, refreshToken, isRefreshing } = session;
    session.end();
    if (!isRefreshing || this.context.coordinator.isCutOff) return this.#end(handle, refreshToken);
    await session.writeEnd();
    return refreshToken;
  }

  /** Forgets all sessions in this process. */
  close(): void {
    this.#isClosed = true;
    for (const session of this.#memory.of(this)) session.forget();
    this.#unfollow();
  }

  left(session: Session): void {
    this.#memory.remove(this, session);
    this.gone.tell(session);
  }

  /** What leads to a session has to live as long as it does, so it is written again each day. What leads to another one is left alone. */
  renewed(session: Session, before: Token): void {
    const { token } = session.content;
    if (dayOf(before) === dayOf(token)) return;
    void writeAgain(this.#user(session.user), session);
    this.renewedToday.tell(session);
  }

  recordOf(handle: string): SharedRecord<SessionContent> {
    return this.context.coordinator.record(this.#records, handle);
  }

  #user(user: string): SharedRecord<Pointer> {
    return this.context.coordinator.record(this.#users, user);
  }

  async #takeUp(handle: string): Promise<Session | undefined> {
    const content = contentOf(await this.recordOf(handle).read());
    const known = this.withHandle(handle);
    if (known || !content || this.#isClosed) return known;
    const session = new Session(content, this, handle);
    this.#keep(session);
    return session;
  }

  /** Keeps a session in memory, and follows what other replicas make of it and of its user. */
  #keep(session: Session): void {
    this.#memory.add(this, session);
    session.follow(this.#user(session.user).watch((found) => this.#followUser(session, found)));
  }

  /** @returns what to write again: the store has lost what leads to the newest session */
  #followUser(session: Session, found: Found<Pointer>): Pointer | undefined {
    const id = contentOf(found)?.id;
    // Another session is the user's newest. This one is found by its handle alone.
    if (id !== undefined && id !== session.handle) this.#memory.forgetName(this, session);
    return found === undefined && this.ofUser(session.user) === session ? { id: session.handle } : undefined;
  }

  async #end(handle: string, known: string): Promise<string> {
    const record = this.recordOf(handle);
    try {
      return await record.update<string>({
        settle: (found) => {
          if (found !== 'ended') return undefined;
          this.#endings.delete(handle);
          return '';
        },
        run: async (found, lock) => {
          lock.end(ENDED_TTL);
          if (lock.isCutOff) this.#endings.add(handle, known);
          else this.#endings.delete(handle);
          return contentOf(found)?.refreshToken ?? known;
        },
      });
    } catch {
      // Another replica does not come to its end. What it writes after this ends at its next look.
      await record.end(ENDED_TTL);
      return known;
    }
  }

  async #endAgain(handle: string, known: string): Promise<void> {
    const left = await this.#end(handle, known);
    // What another replica made of it meanwhile is not known at the server as ended.
    if (left !== '' && left !== known) await this.context.wire.revoke(left).catch(() => false);
  }
}

/** The day on which a token was obtained, in days since 1970. */
function dayOf({ obtainedAt }: Token): number {
  return Math.floor(obtainedAt / DAY);
}

/** Writes again what leads to this session, so it lives as long. What leads to another one is left alone. */
export async function writeAgain(record: SharedRecord<Pointer>, { handle }: Session): Promise<void> {
  const found = await record.read().catch(() => undefined);
  if (contentOf(found)?.id === handle) await record.write({ id: handle });
}
