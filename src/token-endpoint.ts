import { AuthError } from './errors.ts';
import type { Reason } from './reasons.ts';
import { delay, type System } from './system.ts';
import { isBearer } from './token.ts';
import { type FormRequest, REQUEST_TIMEOUT, type Reply, type Transport, withoutEcho } from './transport/transport.ts';

/** The longest that a message waits for a token, in ms. */
export const MESSAGE_WAIT = 30_000;

/** A token endpoint said no. */
export interface Refusal {
  reason: Reason;
  /** The server's own error word (RFC 6749 5.2), where it gave one. */
  error?: string;
}

/** The error words of RFC 6749 4.1.2.1 and 5.2. */
const STANDARD_WORDS = new Set([
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

/**
 * A refusal with its error word only where the standard has that word. For requests that do not carry all the secrets
 * that the server has seen before: a hostile one could repeat one of those, and nothing sent would give it away.
 */
export function withStandardWord({ reason, error }: Refusal): Refusal {
  return error !== undefined && STANDARD_WORDS.has(error) ? { reason, error } : { reason };
}

/** What a token endpoint's answer becomes. Faults are thrown. */
export type Answer =
  | { granted: Readonly<Record<string, unknown>>; accessToken: string; refused?: never }
  | { refused: Refusal; granted?: never };

/**
 * Reads a token endpoint's answer (RFC 6749 5.1 and 5.2). Descriptions are not read,
 * but for one: Keycloak and others use `unauthorized_client` both for a wrong secret and for a grant that is switched off.
 *
 * @param request what was sent, so that no secret of it is repeated
 * @throws AuthError `AUTH_UNAVAILABLE` (408, 429, 5xx) or `AUTH_BAD_RESPONSE` (anything that makes no sense)
 */
export function readAnswer(reply: Reply, host: string, request: FormRequest): Answer {
  const { status, body } = reply;
  const about = { host, status, contentType: reply.contentType };
  if (status >= 300 && status < 400) throw new AuthError('reply-redirect', about);
  const token = body?.access_token;
  if (isBearer(token) && body) {
    if (!isBearerType(body.token_type)) throw new AuthError('token-unusable', about);
    return { granted: body, accessToken: token };
  }
  const refused = readRefusal(reply, request);
  if (refused) return { refused };
  if (isTransient(status)) throw new AuthError('unavailable', about);
  throw new AuthError(token === undefined ? 'reply-senseless' : 'token-unusable', about);
}

/** A server may leave the type out; any other type is one that `Bearer` must not be written before (RFC 6749 7.1). */
function isBearerType(type: unknown): boolean {
  return type === undefined || type === null || (typeof type === 'string' && type.toLowerCase() === 'bearer');
}

/** Whether a status means "not now": the request may be sent again later. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function readRefusal({ status, body, empty }: Reply, request: FormRequest): Refusal | undefined {
  if (status === 401 && empty) return { reason: 'client-invalid' };
  if (status !== 400 && status !== 401 && status !== 403) return undefined;
  const word = body?.error;
  if (typeof word !== 'string' || word === '') return undefined;
  const reason = reasonOf(word, status, body?.error_description);
  const error = /^[\w.-]{1,64}$/.test(word) ? withoutEcho(word, request) : undefined;
  return error === undefined ? { reason } : { reason, error };
}

function reasonOf(word: string, status: number, description: unknown): Reason {
  switch (word) {
    case 'invalid_client':
      return status === 403 ? 'unknown' : 'client-invalid';
    case 'unauthorized_client':
      if (/\bgrant|service account/i.test(String(description ?? ''))) return 'grant-not-allowed';
      return status === 403 ? 'unknown' : 'client-invalid';
    case 'invalid_scope':
      return 'scope-invalid';
    case 'unsupported_grant_type':
      return 'grant-not-allowed';
    case 'invalid_grant':
      return 'credentials-invalid';
    case 'access_denied':
      return 'user-not-authorized';
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
export async function askRepeatedly(
  transport: Transport,
  request: FormRequest,
  system: System,
  most: number = MOST_TRIES,
): Promise<{ answer: Answer; reply: Reply }> {
  const end = system.now() + MESSAGE_WAIT;
  for (let tries = 1; ; tries += 1) {
    let retryAfter: number | undefined;
    try {
      const reply = await transport.send({
        ...request,
        timeout: Math.min(REQUEST_TIMEOUT, Math.max(1, end - system.now())),
      });
      retryAfter = isTransient(reply.status) ? reply.retryAfter : undefined;
      return { answer: readAnswer(reply, transport.host, request), reply };
    } catch (failure) {
      if (!(failure instanceof AuthError) || !mayRepeat(failure)) throw failure;
      const pause = retryAfter ?? pauseBefore(tries, system.random());
      const fits = system.now() + pause < end;
      if (tries < most && fits) {
        await delay(system, pause);
      } else if (retryAfter === undefined) {
        throw failure;
      } else {
        throw askedToWait(failure, retryAfter, system.now());
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

/** What was thrown, with the time that a busy server asked for, where it named one. */
export function withTimeAsked(thrown: unknown, reply: Reply | undefined, now: number): unknown {
  const isBusy = thrown instanceof AuthError && thrown.fault === 'unavailable';
  return isBusy && reply?.retryAfter !== undefined ? askedToWait(thrown, reply.retryAfter, now) : thrown;
}

/** The same fault with the time that the server asked for. */
function askedToWait(failure: AuthError, retryAfter: number, now: number): AuthError {
  const host = failure.values.host ?? '';
  return new AuthError(
    'retry-later',
    { host, status: failure.status ?? 0, seconds: Math.ceil(retryAfter / 1000) },
    now + retryAfter,
  );
}

/**
 * The scopes of a reply. Where it names none, they are the ones asked for (RFC 6749 5.1).
 *
 * @param show lets a word of the server through, or not
 * @returns `scope`: what was granted; `missingScope`: what was asked for and not granted
 */
export function readScope(
  named: unknown,
  asked: readonly string[],
  show: (word: string) => string | undefined,
): { scope: readonly string[]; missingScope: readonly string[] } {
  const words = typeof named === 'string' ? splitScope(named).filter((word) => show(word) !== undefined) : [];
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
