import type { Reason } from '../core/reasons.ts';

/** A refusal of a token endpoint. */
export interface OAuthError {
  reason: Reason;
  /** The server's error code (RFC 6749 5.2), if it gave one. */
  error?: string;
  /** The server's description of the error (RFC 6749 5.2), if it gave one: 200 characters at most, without secrets. */
  errorDescription?: string;
}

/** A refusal, by the server or by a rule of the engine (`held-back`: no automatic repetition may lock an account). */
export interface Refusal extends OAuthError {
  /** When another try can help, in ms since 1970. */
  retryAt?: number;
}
