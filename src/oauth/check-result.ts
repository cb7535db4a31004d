import type { Clock } from '../core/clock.ts';
import type { Reason } from '../core/reasons.ts';
import type { HttpResponse } from '../http/transport.ts';
import type { Token } from './token.ts';

/** The most scopes that a verdict names: nobody reads more. */
const MOST_SCOPES = 100;

/** The server, or a rule of ours, said no. */
export interface RefusedCheck {
  state: 'refused';
  reason: Reason;
  /** The server's own error word. */
  error?: string;
  /** The server's own sentence for it. */
  errorDescription?: string;
  /** When trying again can help, in ms since 1970. */
  retryAt?: number;
}

/** What a token is good for, without the token. */
export interface TokenSummary {
  /** Scopes asked for; empty where the server was left to choose. */
  asked: string[];
  /** Scopes of the token, 100 at most. */
  granted: string[];
  /** Scopes that were asked for and not granted. */
  missing: string[];
  /** In seconds; 0 where the server did not say. */
  lifetime: number;
}

/** What may be told of a token to who tested it. @param asked the scopes that were asked for */
export function tokenSummary(token: Token, asked: readonly string[]): TokenSummary {
  return {
    asked: [...asked],
    granted: token.scope.slice(0, MOST_SCOPES),
    missing: [...token.missingScope],
    lifetime: Math.round((token.expiresAt - token.obtainedAt) / 1000),
  };
}

/**
 * How far the server's clock is ahead of ours, in whole seconds. The header has whole seconds,
 * and the reply took its time, so anything that this explains counts as 0.
 *
 * @returns undefined where the server does not say
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
