import type { Reason } from '../../../src/core/reasons.ts';

/** The next steps after a refusal: the keys of the messages in the catalog. */
export const NEXT_STEPS = [
  'check-client',
  'check-scope',
  'allow-grant',
  'ask-administrator',
  'unlock-account',
  'enter-password',
  'change-password',
  'enroll',
  'answer-challenge',
  'sign-in',
  'wait',
] as const;

export type NextStep = (typeof NEXT_STEPS)[number];

const STEPS: { readonly [R in Reason]?: NextStep } = {
  'client-invalid': 'check-client',
  'scope-invalid': 'check-scope',
  'grant-not-allowed': 'allow-grant',
  'credentials-invalid': 'enter-password',
  'last-attempt': 'enter-password',
  'password-change-required': 'change-password',
  'password-expired': 'change-password',
  'account-locked': 'unlock-account',
  'account-disabled': 'unlock-account',
  'account-expired': 'unlock-account',
  'account-not-yet-available': 'unlock-account',
  'account-not-approved': 'unlock-account',
  'mfa-enrollment-required': 'enroll',
  'contact-missing': 'enroll',
  'code-invalid': 'sign-in',
  'mfa-timeout': 'sign-in',
  'challenge-expired': 'sign-in',
  'no-session': 'sign-in',
  'session-expired': 'sign-in',
  'mfa-delivery-failed': 'answer-challenge',
  'held-back': 'wait',
};

/** @returns the next step after a refusal; to ask the server's administrator, if nobody else can change the cause */
export function nextStepAfter(reason: Reason | undefined): NextStep {
  return reason === undefined ? 'answer-challenge' : (STEPS[reason] ?? 'ask-administrator');
}
