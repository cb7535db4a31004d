import { Bound } from '../bound.ts';
import type { Session } from './session.ts';

/** How many sessions are kept for a user of a server. */
const MOST_OF_A_USER = 20;

/** The sessions of one server. */
interface Known {
  readonly byHandle: Map<string, Session>;
  /** The newest session of each user, by exact name. */
  readonly byUser: Map<string, Session>;
}

/** The live sessions of this process. Each belongs to a server: two servers may know the same session of a store. */
export class Sessions {
  readonly #bound: Bound<Session, object>;
  readonly #known = new Map<object, Known>();

  /** @param max how many are kept; the ones longest unused go first */
  constructor(max: number) {
    this.#bound = new Bound(max, MOST_OF_A_USER, (session) => session.makeRoom());
  }

  /** Keeps a session of a server, which is found by its handle. One of the same handle that was there is forgotten. */
  add(server: object, session: Session): void {
    const known = this.#known.get(server) ?? { byHandle: new Map(), byUser: new Map() };
    this.#known.set(server, known);
    const before = known.byHandle.get(session.handle);
    known.byHandle.set(session.handle, session);
    if (before && before !== session) before.forget();
    this.#bound.add(session, server);
  }

  /** From now on this session is meant by its user's name. */
  setName(server: object, session: Session): void {
    this.#known.get(server)?.byUser.set(session.user, session);
  }

  withHandle(server: object, handle: string): Session | undefined {
    return this.#used(this.#known.get(server)?.byHandle.get(handle));
  }

  ofUser(server: object, user: string): Session | undefined {
    return this.#used(this.#known.get(server)?.byUser.get(user));
  }

  /** Whether this session is kept. Who asks uses it. */
  has(session: Session): boolean {
    return this.#bound.use(session);
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

  /** From now on the session is found by its handle alone. */
  forgetName(server: object, session: Session): void {
    const users = this.#known.get(server)?.byUser;
    if (users?.get(session.user) === session) users.delete(session.user);
  }

  get size(): number {
    return this.#bound.size;
  }

  /** The bound sees it used. Undefined where it is not kept any more. */
  #used(session: Session | undefined): Session | undefined {
    return session && this.#bound.use(session) ? session : undefined;
  }
}
