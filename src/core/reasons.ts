/**
 * The reasons of Visual Guard in `msg.auth.reason`, the most useful first. If a response has several, the first of this list
 * is given.
 */
export const VISUAL_GUARD_REASONS = [
  'mfa-enrollment-required',
  'contact-missing',
  'mfa-delivery-failed',
  'mfa-timeout',
  'code-invalid',
  'password-change-required',
  'password-expired',
  'account-locked',
  'account-disabled',
  'account-expired',
  'account-not-yet-available',
  'account-not-approved',
  'last-attempt',
  'credentials-invalid',
  'user-not-authorized',
  'canceled',
  'version-not-compatible',
  'group-selection-invalid',
  'role-selection-invalid',
  'provider-error',
  'unknown',
] as const;

export type VisualGuardReason = (typeof VISUAL_GUARD_REASONS)[number];

/** The reasons that do not come from Visual Guard: OAuth errors, and the lifetime of a token, session or challenge. */
export const OWN_REASONS = [
  'challenge-expired',
  'challenge-unknown',
  'method-not-offered',
  'outcome-unknown',
  'client-invalid',
  'scope-invalid',
  'grant-not-allowed',
  'session-expired',
  'no-session',
  'token-missing',
  'token-expired',
  'token-rejected',
  'held-back',
  'scope-insufficient',
] as const;

export type Reason = VisualGuardReason | (typeof OWN_REASONS)[number];

/** What can be wrong with a sign-in that succeeded (`msg.auth.warnings`). */
export const WARNINGS = [
  'password-expired',
  'password-weak',
  'mfa-grace-login',
  'last-grace-logon',
  'scope-missing',
  'authorization-failed',
] as const;

export type Warning = (typeof WARNINGS)[number];
