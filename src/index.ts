/**
 * The engine for programs without Node-RED: `import { createVgsAccount } from '@vg-auth/node-red-vg-auth/engine'`.
 * The nodes use the same engine. Anything that is not exported here may change at any time.
 *
 * If the server answers whether a user or account may sign in, the answer is a value. Any other failure is thrown as an `AuthError`.
 */

export { AuthError } from './core/errors.ts';
export type { AuthErrorCode, Fault } from './core/faults.ts';
export type { Reason, Warning } from './core/reasons.ts';
export type { MessageToken } from './core/redaction.ts';
export { type Practice, practice } from './library/practice.ts';
export type { ConnectionSettings, VgsAccountSettings, VisualGuardSettings } from './library/settings.ts';
export type {
  Challenge,
  Challenged,
  Outcome,
  Session,
  SignedIn,
  SignInOptions,
  TokenAnswer,
  TokenKeeper,
  VgsAccount,
  VisualGuard,
} from './library/types.ts';
export { createVgsAccount } from './library/vgs-account.ts';
export { createVisualGuard } from './library/visual-guard.ts';
export type { Counts } from './oauth/counts.ts';
export type { OAuthError, Refusal } from './oauth/oauth-error.ts';
export type { MergedState, OfferedMethod, Refused, VisualGuardStatus } from './visual-guard/outcome-data.ts';
