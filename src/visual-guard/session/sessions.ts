import { Bound } from '../bound.ts';
import type { Session } from './session.ts';

/** How many sessions are kept for a user of a server. */
const MOST_OF_A_USER = 20;

/** The sessions of one server. */
interface ServerSessionMaps {
  readonly byHandle: Map<string, Session>;
  /** The newest session of each user, by exact name. */
  readonly byUser: Map<string, Session>;
}

/** The sessions of this process. Each belongs to a server: two servers may have the same session of a store. */
export class Sessions {
  readonly #bound: Bound<Session, object>;
  readonly #known = new Map<object, ServerSessionMaps>();

  /** @param max how many are kept in all; the one that was not used for the longest time is evicted first */
  constructor(max: number) {
    this.#bound = new Bound(max, MOST_OF_A_USER, (session) => session.makeRoom());
  }

  /** Keeps a session of a server, which is found by its handle. No other session of the server with this handle may be kept. */
  add(server: object, session: Session): void {
    const known = this.#known.get(server) ?? { byHandle: new Map(), byUser: new Map() };
    this.#known.set(server, known);
    known.byHandle.set(session.handle, session);
    this.#bound.add(session, server);
  }

  /** The user's name finds this session from now on. */
  setName(server: object, session: Session): void {
    this.#known.get(server)?.byUser.set(session.user, session);
  }

  withHandle(server: object, handle: string): Session | undefined {
    return this.#used(this.#known.get(server)?.byHandle.get(handle));
  }

  ofUser(server: object, user: string): Session | undefined {
    return this.#used(this.#known.get(server)?.byUser.get(user));
  }

  /** Whether this session is kept. The call counts as a use. */
  has(session: Session): boolean {
    return this.#bound.use(session);
  }

  /** Whether any session of a server is kept. */
  hasAny(server: object): boolean {
    return this.#known.has(server);
  }

  /** All sessions of a server. */
  of(server: object): Session[] {
    return [...(this.#known.get(server)?.byHandle.values() ?? [])];
  }

  remove(server: object, session: Session): void {
    this.forgetName(server, session);
    const known = this.#known.get(server);
    if (known?.byHandle.get(session.handle) === session) known.byHandle.delete(session.handle);
    if (known?.byHandle.size === 0) this.#known.delete(server);
    this.#bound.remove(session);
  }

  /** Only the handle finds the session from now on. */
  forgetName(server: object, session: Session): void {
    const users = this.#known.get(server)?.byUser;
    if (users?.get(session.user) === session) users.delete(session.user);
  }

  get size(): number {
    return this.#bound.size;
  }

  /** Counts as a use. @returns undefined if the session is no longer kept */
  #used(session: Session | undefined): Session | undefined {
    return session && this.#bound.use(session) ? session : undefined;
  }
}
