/**
 * The engine for programs without Node-RED: `import { createVgsAccount } from '@vg-auth/node-red-vg-auth/engine'`.
 * It is what the nodes use. What is not exported here may change at any time.
 *
 * An answer about who may sign in is a value. What is none, as no answer or one that makes no sense, is thrown as an `AuthError`.
 */

export { AuthError, type AuthErrorCode, type Fault } from './core/errors.ts';
export type { Reason, Warning } from './core/reasons.ts';
export { type Practice, practice } from './library/practice.ts';
export type { ConnectionSettings, VgsAccountSettings, VisualGuardSettings } from './library/settings.ts';
export type {
  Challenge,
  Challenged,
  Outcome,
  Refusal,
  Refused,
  Session,
  SignedIn,
  SignInWishes,
  StateOf,
  Status,
  Token,
  TokenAnswer,
  TokenKeeper,
  VgsAccount,
  VisualGuard,
  Way,
} from './library/types.ts';
export { createVgsAccount } from './library/vgs-account.ts';
export { createVisualGuard } from './library/visual-guard.ts';
export type { Counts } from './oauth/counts.ts';
