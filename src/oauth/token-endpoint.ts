import { type Clock, delay } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import type { Reason } from '../core/reasons.ts';
import { MESSAGE_WAIT } from '../core/timeout.ts';
import type { ReplyObject } from '../http/reply-object.ts';
import { type FormRequest, type HttpResponse, REQUEST_TIMEOUT, type Transport } from '../http/transport.ts';
import { isBearer } from './token.ts';

/** A token endpoint said no. */
export interface OAuthError {
  reason: Reason;
  /** The server's own error word (RFC 6749 5.2), if it gave one. */
  error?: string;
  /** The server's own sentence for it (RFC 6749 5.2), if it gave one: 200 characters at most, without secrets. */
  errorDescription?: string;
}

/** The error words of RFC 6749 4.1.2.1 and 5.2. They are shown whatever a secret is like. */
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

/** What a token endpoint's answer becomes. Faults are thrown. */
export type TokenEndpointResult =
  | { granted: ReplyObject; accessToken: string; refused?: never }
  | { refused: OAuthError; granted?: never };

/** What a request tells of how its answer is to be read. */
export interface Asking {
  /** The server's host, for sentences. */
  host: string;
  /** Whether a user is to be signed in, or stays signed in; else a client signs in on its own (RFC 6749 4.4). */
  isForUser: boolean;
  /**
   * Whether all secrets that the server has seen are known. If not, a hostile one could repeat another, so that of its
   * own words only the error words of the standard are shown.
   */
  mayQuote: boolean;
}

/**
 * Reads a token endpoint's answer (RFC 6749 5.1 and 5.2). Of the description nothing is concluded, with one exception:
 * Keycloak and others use `unauthorized_client` both for a wrong secret and for a grant that is switched off.
 *
 * @throws AuthError `AUTH_UNAVAILABLE` (408, 429, 5xx) or `AUTH_BAD_RESPONSE` (anything that makes no sense)
 */
export function readTokenResponse(reply: HttpResponse, asking: Asking): TokenEndpointResult {
  const { status, body } = reply;
  const about = { host: asking.host, status, contentType: reply.contentType };
  if (status >= 300 && status < 400) throw new AuthError('reply-redirect', about);
  const accessToken = body?.token('access_token') ?? '';
  if (body && isBearer(accessToken)) {
    if (!isBearerType(body)) throw new AuthError('token-unusable', about);
    return { granted: body, accessToken };
  }
  const refused = readRefusal(reply, asking);
  if (refused) return { refused };
  const isPage = /^(text\/html|application\/xhtml\+xml)$/.test(reply.contentType);
  if (status === 429 && isPage) throw new AuthError('unavailable-in-front', about);
  if (isTransient(status)) throw new AuthError('unavailable', about);
  if (status === 403 && isPage) throw new AuthError('reply-in-front', about);
  if (reply.unread) throw reply.unread;
  if (body?.has('access_token')) throw new AuthError('token-unusable', about);
  const words = body && asking.mayQuote ? wordsOf(body) : '';
  throw words === '' ? new AuthError('reply-senseless', about) : new AuthError('reply-words', { ...about, words });
}

/** A server may leave the type out; any other type is one that `Bearer` must not be written before (RFC 6749 7.1). */
function isBearerType(body: ReplyObject): boolean {
  return !body.has('token_type') || /^bearer$/i.test(body.token('token_type'));
}

/** Whether a status means "not now": the request may be sent again later. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function readRefusal({ status, body, empty }: HttpResponse, { isForUser, mayQuote }: Asking): OAuthError | undefined {
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

/** The description; empty for a reply of Visual Guard, whose states say more, and whose texts may tell whether a user exists. */
function describe(body: ReplyObject): string {
  return body.has('VGResponse') || body.has('VGAuthenticationStatus') ? '' : body.description('error_description');
}

/** What a server says that answers with something else than OAuth, as Keycloak does to a wrong path. */
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
      // Keycloak: the realm is disabled. Without a user there is nobody who could be denied access.
      return isForUser ? 'user-not-authorized' : 'account-disabled';
    case 'invalid_request':
      // Keycloak: the service account of this client is gone or disabled.
      return status === 401 ? 'account-disabled' : 'unknown';
    default:
      return 'unknown';
  }
}

/** How often one attempt sends a request that may be repeated. */
export const MOST_TRIES = 3;
const FIRST_PAUSE = 500;

/**
 * Sends a request that may be repeated, because repeating it changes nothing at the server: client credentials only.
 * Tries it again after network errors, 408, 429 and 5xx, with exponential pauses and half jitter.
 * `Retry-After` is honoured while it fits into the wait of a message.
 *
 * @param most how often it is sent at most
 * @throws AuthError of the last try; with `retryAt` where the server named a time
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
      return { answer: readTokenResponse(reply, { host: transport.host, isForUser: false, mayQuote: true }), reply };
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

function mayRepeat(failure: AuthError): boolean {
  return (
    failure.code === 'AUTH_NETWORK' ||
    failure.code === 'AUTH_TIMEOUT' ||
    failure.code === 'AUTH_UNAVAILABLE' ||
    failure.fault === 'reply-cut'
  );
}

/** Exponential, and by chance between half and the whole of it. */
function pauseBefore(tries: number, chance: number): number {
  const whole = FIRST_PAUSE * 2 ** (tries - 1);
  return whole / 2 + (whole / 2) * chance;
}

/** What was thrown, with the time that a busy server asked for, if it named one. */
export function withRetryAfter(thrown: unknown, reply: HttpResponse | undefined, now: number): unknown {
  const isBusy = thrown instanceof AuthError && thrown.code === 'AUTH_UNAVAILABLE';
  return isBusy && reply?.retryAfter !== undefined ? askedToWait(thrown, reply.retryAfter, now) : thrown;
}

/** The same fault with the time that the server asked for. */
function askedToWait(failure: AuthError, retryAfter: number, now: number): AuthError {
  const { fault, status = 0, values } = failure;
  if (fault !== 'unavailable') return failure.withRetryAt(now + retryAfter);
  const about = { host: values.host ?? '', status, seconds: Math.ceil(retryAfter / 1000) };
  return new AuthError('retry-later', about, now + retryAfter);
}

/**
 * The scopes of a reply. If it names none, they are the ones asked for (RFC 6749 5.1).
 *
 * @param isRenewal a refresh grants no scope that was not granted before (RFC 6749 6), so no other one is taken from it
 * @returns `scope`: what was granted; `missingScope`: what was asked for and not granted
 */
export function readScope(
  granted: ReplyObject,
  asked: readonly string[],
  isRenewal = false,
): { scope: readonly string[]; missingScope: readonly string[] } {
  const all = granted.scope('scope', asked);
  const words = isRenewal ? all.filter((word) => asked.includes(word)) : all;
  const missing = words.length > 0 ? asked.filter((word) => !words.includes(word)) : [];
  // All sessions that got what they asked for share these lists.
  const isAsAsked = words.length === 0 || (missing.length === 0 && words.length === asked.length);
  return { scope: isAsAsked ? asked : words, missingScope: missing.length > 0 ? missing : NONE };
}

const NONE: readonly string[] = [];

/** The words of a scope parameter (RFC 6749 3.3), each once. */
export function splitScope(scope: string): string[] {
  return [...new Set(scope.split(/\s+/).filter((word) => word !== ''))];
}
