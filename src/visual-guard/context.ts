import type { ConnectionContext } from './connection-context.ts';
import type { Guard } from './sign-in/guard.ts';
import type { WrongCodes } from './sign-in/wrong-codes.ts';

/** What all parts of a Visual Guard server have in common. */
export interface ServerContext extends ConnectionContext {
  readonly guard: Guard;
  /** The guesses of each user, over all challenges. */
  readonly wrongCodes: WrongCodes;
}
