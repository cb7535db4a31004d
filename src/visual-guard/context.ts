import type { ConnectionContext } from './connection-context.ts';
import type { Guard } from './sign-in/guard.ts';
import type { WrongCodes } from './sign-in/wrong-codes.ts';

/** The objects that all parts of a Visual Guard server use. */
export interface ServerContext extends ConnectionContext {
  readonly guard: Guard;
  /** The refused codes of each user, over all challenges. */
  readonly wrongCodes: WrongCodes;
}
