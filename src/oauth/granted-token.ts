import type { Clock } from '../core/clock.ts';
import type { ReplyObject } from '../http/reply-object.ts';
import type { HttpResponse } from '../http/transport.ts';
import { createToken, lifetimeOf, type Token } from './token.ts';

/** The parameters of a request for a token. */
export interface TokenRequestDetails {
  readonly scope: readonly string[];
  /** Whether it was a refresh. */
  readonly isRefresh?: boolean;
  /** Visual Guard's own token, which is not part of an OAuth response. */
  readonly VGToken?: string | undefined;
}

/**
 * The token of a response that grants one (RFC 6749 5.1).
 *
 * @param response the values that `readTokenResponse` has found in it
 * @param reply when the request was sent, from which the lifetime counts
 */
export function grantedToken(
  { granted, accessToken }: { granted: ReplyObject; accessToken: string },
  { sentAt }: Pick<HttpResponse, 'sentAt'>,
  { scope, isRefresh = false, VGToken }: TokenRequestDetails,
  clock: Pick<Clock, 'random'>,
): Token {
  const lifetime = lifetimeOf(granted.number('expires_in'), accessToken);
  return createToken({ accessToken, sentAt, lifetime, ...readScope(granted, scope, isRefresh), VGToken }, clock);
}

/**
 * The scopes of a response. If it names none, they are the requested ones (RFC 6749 5.1).
 *
 * @param isRefresh a refresh grants no scope that was not granted before (RFC 6749 6), so that any other one is ignored
 * @returns `scope`: the granted words; `missingScope`: the words that were requested and not granted
 */
export function readScope(
  granted: ReplyObject,
  requested: readonly string[],
  isRefresh: boolean,
): { scope: readonly string[]; missingScope: readonly string[] } {
  const all = granted.scope('scope', requested);
  const words = isRefresh ? all.filter((word) => requested.includes(word)) : all;
  const missing = words.length > 0 ? requested.filter((word) => !words.includes(word)) : [];
  // All sessions that got what they requested share these lists, which saves memory.
  const isAsRequested = words.length === 0 || (missing.length === 0 && words.length === requested.length);
  return { scope: isAsRequested ? requested : words, missingScope: missing.length > 0 ? missing : NONE };
}

const NONE: readonly string[] = [];
