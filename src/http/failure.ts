import { AuthError } from '../core/errors.ts';
import type { Fault } from '../core/faults.ts';

/** A connection to the proxy failed, or the proxy opened no tunnel. The server itself was not involved. */
export class ProxyFailure extends Error {
  readonly failure: unknown;
  constructor(failure: unknown) {
    super('proxy');
    this.failure = failure;
  }
}

/** The properties of an error of Node.js or undici. */
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
/** undici's connect timeout, in s. */
const CONNECT_SECONDS = 10;

const CUT = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/**
 * The error of a request without a reply, with the host and the next step. It has only the code of the failure, because
 * the text of a failure may contain addresses and headers.
 *
 * @param host the host of the server, for the sentence
 * @param seconds the timeout of the request, in s
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

/**
 * Whether a proxy opened no tunnel, so that nothing was sent to the server. A proxy that wants a login is another case.
 */
export function isTunnelRefused(failure: unknown): boolean {
  if (!(failure instanceof AuthError)) return false;
  const { fault, values } = failure;
  return fault === 'proxy-refused' || (fault === 'proxy-unreachable' && CUT.has(String(values.cause)));
}

/** undici's codes for headers that are too large, and for two different lengths of a body. */
const MALFORMED = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/**
 * The code of a reply that is not HTTP or breaks its rules. The parser reports most of them; undici reports a status that
 * was not requested (`bad response`: 100, `bad upgrade`: 101).
 *
 * @param hasBegun whether the headers were valid. Then a wrong length only means that the body was cut off
 * @returns undefined if there was no reply, or it was cut off
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

/** The code of an error or of its causes. `unknown` if there is none. */
export function codeOf(failure: unknown): string {
  let at: unknown = failure;
  for (let depth = 0; depth < 4 && typeof at === 'object' && at !== null; depth += 1) {
    const { code, cause, errors } = at as SystemFailure;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_/]{1,63}$/.test(code)) return code;
    at = Array.isArray(errors) ? errors[0] : cause;
  }
  return 'unknown';
}
