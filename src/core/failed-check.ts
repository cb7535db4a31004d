import { type AuthErrorCode, asAuthError, type Fault } from './errors.ts';

/** Nobody can say, as something went wrong on the way. The words are those of an `AuthError`. */
export interface FailedCheck {
  state: 'failed';
  /** What went wrong, in one word: the catalogue has a sentence for each. */
  fault: Fault;
  code: AuthErrorCode;
  /** What is put into the sentence. No secret is among them. */
  values: Readonly<Record<string, string | number>>;
  /** When trying again can help, in ms since 1970. */
  retryAt?: number;
}

/** What was thrown, as a verdict. Whatever is no `AuthError` becomes one that tells nothing of it. */
export function failedCheck(thrown: unknown): FailedCheck {
  const { fault, code, values, retryAt } = asAuthError(thrown);
  return { state: 'failed', fault, code, values, ...(retryAt ? { retryAt } : {}) };
}
