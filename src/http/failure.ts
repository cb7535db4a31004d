import { AuthError, type Fault } from '../core/errors.ts';
import { ProxyFailure } from './dispatcher.ts';

/** What a failed connection says of itself. */
interface SystemFailure {
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  errors?: unknown;
}

const CERTIFICATE_UNKNOWN = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);
const CERTIFICATE_EXPIRED = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const NOT_CONNECTED = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
/** undici's own limit for a connection, in s. */
const CONNECT_SECONDS = 10;

const CUT = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/**
 * Why a request got no reply, as an `AuthError` that names the host and the next step.
 * Of the failure itself only its code is kept: its text may hold addresses, headers or more.
 *
 * @param host the server's host, for the sentence
 * @param seconds the time limit that was set
 */
export function readFailure(failure: unknown, host: string, seconds: number): AuthError {
  if (failure instanceof AuthError) return failure;
  if (failure instanceof ProxyFailure) return readProxyFailure(failure.failure, host);
  const code = codeOf(failure);
  const tunnel = /^Proxy response \((\d{3})\)/.exec(messageOf(failure));
  if (tunnel) {
    const status = Number(tunnel[1]);
    return status === 407
      ? new AuthError('proxy-login', { host, status })
      : new AuthError('proxy-refused', { host, status });
  }
  if (messageOf(failure).startsWith('Proxy Authentication Required'))
    return new AuthError('proxy-login', { host, status: 407 });
  if (NOT_CONNECTED.has(code))
    return new AuthError('no-connection', { host, seconds: Math.min(seconds, CONNECT_SECONDS) });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new AuthError('host-unknown', { host });
  if (code === 'ECONNREFUSED') return new AuthError('connection-refused', { host });
  const malformation = malformationOf(failure, false);
  if (malformation) return new AuthError('reply-malformed', { host, cause: malformation });
  if (CUT.has(code)) return new AuthError('connection-cut', { host });
  const certificate = certificateFault(code);
  if (certificate) return new AuthError(certificate, { host, cause: code });
  return new AuthError('network-failed', { host, cause: code });
}

/** What undici calls headers that are too large, or that give a body two lengths. */
const MALFORMED = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/**
 * What is wrong with an answer that is not HTTP, or that breaks its rules: its parser says so, or undici does about what
 * nobody asked for (`bad response`: 100, `bad upgrade`: 101).
 *
 * @param hasBegun whether its headers were right. Then another length than they give only means that it was cut.
 * @returns undefined if no answer came, or it was cut
 */
export function malformationOf(failure: unknown, hasBegun: boolean): string | undefined {
  const name = (failure as Error | undefined)?.name;
  const code = codeOf(failure);
  if (name === 'HTTPParserError' || code.startsWith('HPE_')) return code === 'unknown' ? 'HTTP_PARSER' : code;
  if (!hasBegun && MALFORMED.has(code)) return code;
  return /^bad (response|upgrade)$/.test(messageOf(failure)) ? 'UNEXPECTED_STATUS' : undefined;
}

function certificateFault(code: string): Extract<Fault, `certificate-${string}` | 'tls-failed'> | undefined {
  if (CERTIFICATE_UNKNOWN.has(code)) return 'certificate-unknown';
  if (CERTIFICATE_EXPIRED.has(code)) return 'certificate-expired';
  if (code.endsWith('ALERT_CERTIFICATE_REQUIRED')) return 'certificate-wanted';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'certificate-name';
  if (/^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|CRL_|UND_ERR_PRX_TLS|EPROTO|UNABLE_TO|INVALID_CA|HOSTNAME_MISMATCH)/.test(code))
    return 'tls-failed';
  return undefined;
}

function readProxyFailure(failure: unknown, host: string): AuthError {
  return new AuthError('proxy-unreachable', { host, cause: codeOf(failure) });
}

function messageOf(failure: unknown): string {
  const message = (failure as SystemFailure | undefined)?.message;
  return typeof message === 'string' ? message : '';
}

/** The code of a failure, looked for in what it wraps as well, as one word. */
export function codeOf(failure: unknown): string {
  let at: unknown = failure;
  for (let depth = 0; depth < 4 && typeof at === 'object' && at !== null; depth += 1) {
    const { code, cause, errors } = at as SystemFailure;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_/]{1,63}$/.test(code)) return code;
    at = Array.isArray(errors) ? errors[0] : cause;
  }
  return 'unknown';
}
