import { isId, pointerRecord, readPointer } from '../../store/pointer.ts';
import { recordOf, SharedRecord } from '../../store/shared-record.ts';
import type { Store } from '../../store/store.ts';
import type { Cancel, System } from '../../system.ts';
import { SESSION_LIFE, type SessionContent } from './record.ts';
import type { Session } from './session.ts';
import { END_LIFE, recordOfSession, SharedSession } from './shared-session.ts';

/** What finds a session is written again after so long, in ms: it has to live as long as the session. */
const POINTER_PAUSE = 24 * 3_600_000;

/** How many endings are remembered while the store is gone, and how many are told at once when it is back. */
const MOST_ENDINGS = 10_000;
const PORTION = 50;

/** Where the sessions of a connection live in this process. */
export interface SharedSessionsHome {
  readonly system: System;
  readonly host: string;
  /** Takes up a session that another replica, or an earlier process, has begun. */
  takeUp(content: SessionContent, handle: string): Session;
  /** The session with this handle that is in memory. */
  sessionWith(handle: string): Session | undefined;
  /** This session is the user's newest. */
  setName(session: Session): void;
  /** Another session is the user's newest. This one is found by its handle alone. */
  forgetName(session: Session): void;
  /** This session is the stored user's now. */
  setStored(session: Session): void;
  /** The newest session of a user that is in memory. */
  sessionOf(user: string): Session | undefined;
  /** Tells the server that a refresh token is not wanted any more. */
  revoke(refreshToken: string): Promise<unknown>;
}

/** The sessions of one connection in a store: how one is found that this process does not know, and how it ends for all. */
export class SharedSessions {
  readonly #store: Store;
  readonly #connection: string;
  readonly #home: SharedSessionsHome;
  readonly #finding = new Map<string, Promise<Session | undefined>>();
  /** Ended while the store was gone: the others learn of it when it is back. */
  readonly #endings = new Map<string, string>();
  readonly #cancels: Cancel[];
  #closed = false;
  /** The newest round of catching up. */
  #round = 0;

  /** @param connection what the connection is known by in the store */
  constructor(store: Store, connection: string, home: SharedSessionsHome) {
    this.#store = store;
    this.#connection = connection;
    this.#home = home;
    this.#cancels = [
      store.watch(this.#nameOfStored, () => this.findStored()),
      store.changes.add(({ at }) => at === 'ready' && void this.#catchUp()),
    ];
  }

  /** A session has begun here: it is written before anybody is told of it. */
  async begin(session: Session): Promise<void> {
    const shared = this.#share(session, this.#record(session.handle), session.system.now());
    // Together, and in this order: who follows what leads to it finds it.
    await Promise.all([
      shared.write(),
      this.#point(this.#nameOfUser(session.user), session.handle),
      session.stored && this.#point(this.#nameOfStored, session.handle),
    ]);
  }

  /**
   * The session with this handle, which another replica may have begun.
   *
   * @throws AuthError `AUTH_STORE` where the store does not answer
   */
  async find(handle: string): Promise<Session | undefined> {
    const known = this.#home.sessionWith(handle);
    if (known || !isId(handle) || this.#endings.has(handle)) return known;
    let finding = this.#finding.get(handle);
    if (!finding) {
      finding = this.#read(handle).finally(() => this.#finding.delete(handle));
      this.#finding.set(handle, finding);
    }
    return finding;
  }

  /** The newest session of a user. @throws as `find` */
  async findUser(user: string): Promise<Session | undefined> {
    const session = await this.#follow(this.#nameOfUser(user));
    if (session && !session.ended && !this.#closed) this.#home.setName(session);
    return session;
  }

  /** The stored user's session; from now on it is so here, too. @throws as `find` */
  async findStored(): Promise<Session | undefined> {
    const session = await this.#follow(this.#nameOfStored);
    if (session && !session.ended && !this.#closed) this.#home.setStored(session);
    return session;
  }

  /**
   * Ends a session for all. A renewal that is under way elsewhere comes first, so that nothing of it lives on.
   *
   * @param known the refresh token as this process knows it
   * @returns the refresh token that is left to be revoked; empty where there is none
   */
  async end(handle: string, known: string): Promise<string> {
    const record = this.#record(handle);
    try {
      return await record.inTurn<string>({
        adopt: (found) => {
          if (found !== 'over') return undefined;
          this.#endings.delete(handle);
          return '';
        },
        act: async (found, turn) => {
          await turn.end(END_LIFE);
          if (turn.isAlone) this.#remember(handle, known);
          else this.#endings.delete(handle);
          return recordOf(found)?.refreshToken ?? known;
        },
        mayGoAlone: () => true,
      });
    } catch {
      // Another replica does not come to its end. What it writes after this ends at its next look.
      await record.end(END_LIFE);
      return known;
    }
  }

  /** Nothing is watched any more. What is in the store stays. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancels) cancel();
  }

  get #nameOfStored(): string {
    return `stored ${this.#connection}`;
  }

  #nameOfUser(user: string): string {
    return `user ${this.#connection} ${user}`;
  }

  #record(handle: string): SharedRecord<SessionContent> {
    return recordOfSession(this.#store, `session ${this.#connection} ${handle}`, this.#home);
  }

  async #read(handle: string): Promise<Session | undefined> {
    const record = this.#record(handle);
    const content = recordOf(await record.read());
    const known = this.#home.sessionWith(handle);
    if (known || !content || this.#closed) return known;
    const session = this.#home.takeUp(content, handle);
    // When its pointers were written is not known: its first renewal writes them again.
    this.#share(session, record, -Infinity);
    return session;
  }

  /** The session that a pointer leads to. */
  async #follow(name: string): Promise<Session | undefined> {
    const pointer = recordOf(await this.#pointer(name).read());
    return pointer && this.find(pointer.id);
  }

  #pointer(name: string): SharedRecord<{ id: string }> {
    return new SharedRecord(this.#store, name, readPointer, this.#home);
  }

  async #point(name: string, handle: string): Promise<void> {
    await this.#store.put(name, pointerRecord(handle), { life: SESSION_LIFE, fence: 0 });
  }

  /** @param pointedAt when what leads to it was written, in ms since 1970 */
  #share(session: Session, record: SharedRecord<SessionContent>, pointedAt: number): SharedSession {
    const name = this.#nameOfUser(session.user);
    return new SharedSession(this.#store, record, session, {
      lost: () => void this.#keepPointers(session, true),
      renewed: () => {
        const now = session.system.now();
        if (Math.abs(now - pointedAt) < POINTER_PAUSE) return;
        pointedAt = now;
        void this.#keepPointers(session, false);
      },
      closed: this.#store.watch(name, () => this.#checkName(session, name)),
    });
  }

  /** Writes again what leads to this session, so that it lives as long. What leads to another one is left alone. */
  async #keepPointers(session: Session, wereLost: boolean): Promise<void> {
    const isNewest = wereLost && this.#home.sessionOf(session.user) === session;
    const names = [this.#nameOfUser(session.user), ...(session.stored ? [this.#nameOfStored] : [])];
    for (const name of names) {
      const id = await this.#idAt(name);
      if (id === undefined ? isNewest : id === session.handle) await this.#point(name, session.handle);
    }
  }

  async #checkName(session: Session, name: string): Promise<void> {
    const id = await this.#idAt(name);
    if (id !== undefined && id !== session.handle) this.#home.forgetName(session);
  }

  async #idAt(name: string): Promise<string | undefined> {
    const found = await this.#pointer(name)
      .read()
      .catch(() => undefined);
    return recordOf(found)?.id;
  }

  /** The store is back: what was ended meanwhile ends for all. */
  async #catchUp(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const all = [...this.#endings];
    for (let at = 0; at < all.length; at += PORTION) {
      // Where it went away again, the next return begins anew.
      if (this.#closed || round !== this.#round || this.#store.state.at === 'gone') return;
      await Promise.all(all.slice(at, at + PORTION).map(([handle, known]) => this.#endAgain(handle, known)));
    }
  }

  async #endAgain(handle: string, known: string): Promise<void> {
    const left = await this.end(handle, known);
    // What another replica made of it meanwhile is not known at the server as ended.
    if (left !== '' && left !== known) await this.#home.revoke(left).catch(() => false);
  }

  /** The newest ones: a store may be gone for long. */
  #remember(handle: string, known: string): void {
    this.#endings.delete(handle);
    this.#endings.set(handle, known);
    const [oldest] = this.#endings.keys();
    if (this.#endings.size > MOST_ENDINGS && oldest !== undefined) this.#endings.delete(oldest);
  }
}
