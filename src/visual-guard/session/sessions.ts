import { LRUCache } from 'lru-cache';
import type { Session } from './session.ts';

/** The live sessions of this process. A handle finds one alone; a user name needs the server it belongs to. */
export class Sessions {
  /** By server and handle: two servers may know the same session of a store. */
  readonly #byHandle: LRUCache<string, Session>;
  readonly #numbers = new WeakMap<object, number>();
  #servers = 0;
  /** The newest session of each user, by server and exact name. */
  readonly #byUser = new Map<object, Map<string, Session>>();

  /** @param max how many are kept; the ones longest unused go first */
  constructor(max: number) {
    this.#byHandle = new LRUCache({ max, disposeAfter: (session) => session.forget() });
  }

  /** Keeps a session of a server, which is found by its handle. */
  add(server: object, session: Session): void {
    this.#byHandle.set(this.#keyOf(server, session.handle), session);
  }

  /** From now on this session is meant by its user's name. */
  setName(server: object, session: Session): void {
    const users = this.#byUser.get(server) ?? new Map<string, Session>();
    this.#byUser.set(server, users.set(session.user, session));
  }

  withHandle(server: object, handle: string): Session | undefined {
    return this.#byHandle.get(this.#keyOf(server, handle));
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
    const key = this.#keyOf(server, session.handle);
    if (this.#byHandle.peek(key) === session) this.#byHandle.delete(key);
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

  /** A server has a number of its own, which no other one gets: a handle that begins with digits finds nothing else. */
  #keyOf(server: object, handle: string): string {
    let number = this.#numbers.get(server);
    if (number === undefined) {
      this.#servers += 1;
      number = this.#servers;
      this.#numbers.set(server, number);
    }
    return `${number} ${handle}`;
  }
}
