import { asAuthError } from './errors.ts';
import type { AuthErrorCode, Fault } from './faults.ts';

/** A test without a result. Its parts are those of an `AuthError`. */
export interface FailedCheck {
  state: 'failed';
  /** The cause. The catalog has a message for each. */
  fault: Fault;
  code: AuthErrorCode;
  /** The values of the sentence, without a secret. */
  values: Readonly<Record<string, string | number>>;
  /** When another try can help, in ms since 1970. */
  retryAt?: number;
}

/** The result of a test that has thrown something. */
export function failedCheck(thrown: unknown): FailedCheck {
  const { fault, code, values, retryAt } = asAuthError(thrown);
  return { state: 'failed', fault, code, values, ...(retryAt ? { retryAt } : {}) };
}
