import type { Token } from '../../oauth/token.ts';
import type { SharedRecord } from '../../store/coordinator.ts';
import type { ServerContext } from '../context.ts';
import type { SessionContent } from './record.ts';

/** Keeps the sessions of a server. `S` is the class of the sessions. */
export interface SessionKeeper<S> {
  readonly context: ServerContext;
  recordOf(handle: string): SharedRecord<SessionContent>;
  /** The session has a new token, which is in its record. @param before the token that it had */
  renewed(session: S, before: Token): void;
  /** The store has lost its record, which is written again. */
  lost(session: S): void;
  /** The session has ended for all replicas. Never throws. */
  ended(session: S): Promise<void>;
  /** The session has ended, or is forgotten in this process. */
  left(session: S): void;
}
