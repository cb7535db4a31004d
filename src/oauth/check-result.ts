import type { Clock } from '../core/clock.ts';
import type { Reason } from '../core/reasons.ts';
import type { HttpResponse } from '../http/transport.ts';
import type { Token } from './token.ts';

/** The most scopes that a test shows. */
const MOST_SCOPES = 100;

/** The server, or a rule of this package, refused the sign-in. */
export interface RefusedCheck {
  state: 'refused';
  reason: Reason;
  /** The `error` of the reply (RFC 6749 5.2). */
  error?: string;
  /** The `error_description` of the reply. */
  errorDescription?: string;
  /** When another try can help, in ms since 1970. */
  retryAt?: number;
}

/** The data of a token that a test shows, without the token. */
export interface TokenSummary {
  /** The requested scopes. Empty if the server chose them. */
  asked: string[];
  /** The granted scopes, 100 at most. */
  granted: string[];
  /** The requested scopes that were not granted. */
  missing: string[];
  /** In s. 0 if the server does not say. */
  lifetime: number;
}

/** @param asked the requested scopes */
export function tokenSummary(token: Token, asked: readonly string[]): TokenSummary {
  return {
    asked: [...asked],
    granted: token.scope.slice(0, MOST_SCOPES),
    missing: [...token.missingScope],
    lifetime: Math.round((token.expiresAt - token.obtainedAt) / 1000),
  };
}

/**
 * The difference between the server's clock and this one. The `date` header has whole seconds, and the request took
 * some time: a difference that these explain counts as 0.
 *
 * @returns in s, positive if the server's clock is ahead. Undefined if the reply has no `date` header
 */
export function clockDifference(
  { date, sentAt }: Pick<HttpResponse, 'date' | 'sentAt'>,
  clock: Clock,
): number | undefined {
  if (date === undefined) return undefined;
  const receivedAt = clock.now();
  if (date < sentAt - 1000) return Math.round((date + 500 - sentAt) / 1000);
  if (date > receivedAt + 1000) return Math.round((date + 500 - receivedAt) / 1000);
  return 0;
}
