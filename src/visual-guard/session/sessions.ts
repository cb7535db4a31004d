import { LRUCache } from 'lru-cache';
import type { Session } from './session.ts';

/** The live sessions of this process. A handle finds one alone; a user name needs the server it belongs to. */
export class Sessions {
  readonly #byHandle: LRUCache<string, Session>;
  /** The newest session of each user, by server and exact name. */
  readonly #byUser = new Map<object, Map<string, Session>>();

  /** @param max how many are kept; the ones longest unused go first */
  constructor(max: number) {
    this.#byHandle = new LRUCache({ max, disposeAfter: (session) => session.end() });
  }

  /** Keeps a session, which is found by its handle. */
  add(session: Session): void {
    this.#byHandle.set(session.handle, session);
  }

  /** From now on this session is meant by its user's name. */
  setName(server: object, session: Session): void {
    const users = this.#byUser.get(server) ?? new Map<string, Session>();
    this.#byUser.set(server, users.set(session.user, session));
  }

  withHandle(server: object, handle: string): Session | undefined {
    const session = this.#byHandle.get(handle);
    return session?.belongsTo(server) ? session : undefined;
  }

  ofUser(server: object, user: string): Session | undefined {
    const session = this.#byUser.get(server)?.get(user);
    // Asked for by its handle, so that the bound sees it used.
    return session && this.withHandle(server, session.handle);
  }

  /** All sessions of a server. */
  of(server: object): Session[] {
    return [...this.#byHandle.values()].filter((session) => session.belongsTo(server));
  }

  remove(server: object, session: Session): void {
    this.forgetName(server, session);
    if (this.#byHandle.peek(session.handle) === session) this.#byHandle.delete(session.handle);
  }

  /** From now on the session is found by its handle alone. */
  forgetName(server: object, session: Session): void {
    const users = this.#byUser.get(server);
    if (users?.get(session.user) === session) users.delete(session.user);
    if (users?.size === 0) this.#byUser.delete(server);
  }

  get size(): number {
    return this.#byHandle.size;
  }
}
