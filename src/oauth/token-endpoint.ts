import { type Clock, delay } from '../core/clock.ts';
import { AuthError, asAuthError } from '../core/errors.ts';
import type { Reason } from '../core/reasons.ts';
import { MESSAGE_WAIT } from '../core/timeout.ts';
import type { ReplyObject } from '../http/reply-object.ts';
import {
  type FormRequest,
  type HttpResponse,
  REQUEST_TIMEOUT,
  type TokenRequestOutcome,
  type Transport,
} from '../http/transport.ts';
import type { OAuthError } from './oauth-error.ts';
import { isBearer } from './token.ts';

/** The error codes of RFC 6749 4.1.2.1 and 5.2. They are shown even if a secret has the same text. */
const STANDARD_WORDS: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'access_denied',
  'unsupported_response_type',
  'server_error',
  'temporarily_unavailable',
]);

/** The meaning of a token endpoint's response. Any other failure is thrown. */
export type TokenEndpointResult =
  | { granted: ReplyObject; accessToken: string; refused?: never }
  | { refused: OAuthError; granted?: never };

/** The properties of a request that matter for its response. */
export interface RequestContext {
  /** The server's host, for errors. */
  host: string;
  /** Whether it is for a user; if not, it is a client credentials request (RFC 6749 4.4). */
  isForUser: boolean;
  /**
   * Whether all secrets that the server has received are known. If not, a hostile server could repeat another one, so that
   * only the error codes of the standard are shown.
   */
  mayQuote: boolean;
}

/**
 * Reads the response of a token endpoint (RFC 6749 5.1 and 5.2). The description decides nothing, with one exception: Keycloak
 * and others answer `unauthorized_client` both for a wrong secret and for a grant that is switched off.
 *
 * @throws AuthError `AUTH_UNAVAILABLE` (408, 429, 5xx) or `AUTH_BAD_RESPONSE` (any other response)
 */
export function readTokenResponse(reply: HttpResponse, request: RequestContext): TokenEndpointResult {
  const { status, body } = reply;
  const about = { host: request.host, status, contentType: reply.contentType };
  if (status >= 300 && status < 400) throw new AuthError('reply-redirect', about);
  const accessToken = body?.token('access_token') ?? '';
  if (body && isBearer(accessToken)) {
    if (!isBearerType(body)) throw new AuthError('token-unusable', about);
    return { granted: body, accessToken };
  }
  const refused = readRefusal(reply, request);
  if (refused) return { refused };
  const isPage = /^(text\/html|application\/xhtml\+xml)$/.test(reply.contentType);
  if (status === 429 && isPage) throw new AuthError('unavailable-in-front', about);
  if (isTransient(status)) throw new AuthError('unavailable', about);
  if (status === 403 && isPage) throw new AuthError('reply-in-front', about);
  if (reply.unread) throw reply.unread;
  if (body?.has('access_token')) throw new AuthError('token-unusable', about);
  const words = body && request.mayQuote ? wordsOf(body) : '';
  throw words === '' ? new AuthError('reply-senseless', about) : new AuthError('reply-words', { ...about, words });
}

/** A response may have no token type. A token of another type must not be sent as a bearer token (RFC 6749 7.1). */
function isBearerType(body: ReplyObject): boolean {
  return !body.has('token_type') || /^bearer$/i.test(body.token('token_type'));
}

/** Whether a status says that the request may be sent again later. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function readRefusal(
  { status, body, empty }: HttpResponse,
  { isForUser, mayQuote }: RequestContext,
): OAuthError | undefined {
  if (status === 401 && empty) return { reason: 'client-invalid' };
  if (!body?.isWord('error') || (status !== 400 && status !== 401 && status !== 403)) return undefined;
  const standard = body.oneOf('error', STANDARD_WORDS);
  const error = standard ?? (mayQuote ? body.word('error') : undefined);
  const errorDescription = mayQuote ? describe(body) : '';
  return {
    reason: reasonOf(standard, status, isForUser, body.description('error_description')),
    ...(error === undefined ? {} : { error }),
    ...(errorDescription === '' ? {} : { errorDescription }),
  };
}

/** The description; empty for a response of Visual Guard. Its states are more precise, and its texts may reveal a user. */
function describe(body: ReplyObject): string {
  return body.has('VGResponse') || body.has('VGAuthenticationStatus') ? '' : body.description('error_description');
}

/** The error texts of a response that is no OAuth response, such as Keycloak's on a wrong path. */
function wordsOf(body: ReplyObject): string {
  return [body.description('error'), describe(body)].filter((text) => text !== '').join(': ');
}

function reasonOf(word: string | undefined, status: number, isForUser: boolean, description: string): Reason {
  switch (word) {
    case 'invalid_client':
      return status === 403 ? 'unknown' : 'client-invalid';
    case 'unauthorized_client':
      if (/\bgrant|service account/i.test(description)) return 'grant-not-allowed';
      return status === 403 ? 'unknown' : 'client-invalid';
    case 'invalid_scope':
      return 'scope-invalid';
    case 'unsupported_grant_type':
      return 'grant-not-allowed';
    case 'invalid_grant':
      return 'credentials-invalid';
    case 'access_denied':
      // Keycloak, for a disabled realm. Without a user in the request, access_denied cannot concern a user.
      return isForUser ? 'user-not-authorized' : 'account-disabled';
    case 'invalid_request':
      // Keycloak, if the service account of this client is deleted or disabled.
      return status === 401 ? 'account-disabled' : 'unknown';
    default:
      return 'unknown';
  }
}

/** How many times a request is sent at most, if it may be repeated. */
export const MOST_TRIES = 3;
const FIRST_PAUSE = 500;

/**
 * Sends a client credentials request. It may be repeated, because that changes nothing at the server: after network errors,
 * 408, 429 and 5xx, with an exponential backoff and half jitter. `Retry-After` is obeyed if it fits into the wait of a message.
 *
 * @param most how many times it is sent at most
 * @throws AuthError of the last try; with `retryAt` if the server gave a time
 */
export async function sendWithRetries(
  transport: Transport,
  request: FormRequest,
  clock: Clock,
  most: number = MOST_TRIES,
): Promise<{ answer: TokenEndpointResult; reply: HttpResponse }> {
  const end = clock.now() + MESSAGE_WAIT;
  for (let tries = 1; ; tries += 1) {
    let retryAfter: number | undefined;
    try {
      const reply = await transport.send({
        ...request,
        isRepeated: tries < most,
        timeout: Math.min(REQUEST_TIMEOUT, Math.max(1, end - clock.now())),
      });
      retryAfter = isTransient(reply.status) ? reply.retryAfter : undefined;
      const about = { host: transport.host, isForUser: false, mayQuote: true };
      return { answer: readSettled(transport, reply, () => readTokenResponse(reply, about), kindOf), reply };
    } catch (failure) {
      if (!(failure instanceof AuthError) || !mayRepeat(failure)) throw failure;
      const pause = Math.max(retryAfter ?? 0, pauseBefore(tries, clock.random()));
      const fits = clock.now() + pause < end;
      if (tries < most && fits) {
        await delay(clock, pause);
      } else if (retryAfter === undefined) {
        throw failure;
      } else {
        throw askedToWait(failure, retryAfter, clock.now());
      }
    }
  }
}

/**
 * Reads a response, and reports its kind to the transport.
 *
 * @param kindOf the kind of what `read` returns
 * @throws the error of `read`
 */
export function readSettled<T>(
  transport: Transport,
  reply: HttpResponse,
  read: () => T,
  kindOf: (answer: T) => TokenRequestOutcome,
): T {
  try {
    const answer = read();
    transport.settled?.(reply, kindOf(answer));
    return answer;
  } catch (thrown) {
    transport.settled?.(reply, asAuthError(thrown).code);
    throw thrown;
  }
}

function kindOf(answer: TokenEndpointResult): TokenRequestOutcome {
  return answer.granted ? 'token' : 'refused';
}

function mayRepeat(failure: AuthError): boolean {
  if (failure.fault === 'connection-closed') return false;
  return (
    failure.code === 'AUTH_NETWORK' ||
    failure.code === 'AUTH_TIMEOUT' ||
    failure.code === 'AUTH_UNAVAILABLE' ||
    failure.fault === 'reply-cut'
  );
}

/** Exponential, and a random part between a half and the whole of it, in ms. */
function pauseBefore(tries: number, chance: number): number {
  const whole = FIRST_PAUSE * 2 ** (tries - 1);
  return whole / 2 + (whole / 2) * chance;
}

/** The error, with the time for which a busy server asked, if it gave one. */
export function withRetryAfter(thrown: unknown, reply: HttpResponse | undefined, now: number): unknown {
  const isBusy = thrown instanceof AuthError && thrown.code === 'AUTH_UNAVAILABLE';
  return isBusy && reply?.retryAfter !== undefined ? askedToWait(thrown, reply.retryAfter, now) : thrown;
}

/** The same failure with the time for which the server asked. */
function askedToWait(failure: AuthError, retryAfter: number, now: number): AuthError {
  const { fault, status = 0, values } = failure;
  if (fault !== 'unavailable') return failure.withRetryAt(now + retryAfter);
  const about = { host: values.host ?? '', status, seconds: Math.ceil(retryAfter / 1000) };
  return new AuthError('retry-later', about, now + retryAfter);
}

/** The words of a scope parameter (RFC 6749 3.3), each once. */
export function splitScope(scope: string): string[] {
  return [...new Set(scope.split(/\s+/).filter((word) => word !== ''))];
}
