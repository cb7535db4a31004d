import hashSum from 'hash-sum';
import type { NodeMessage } from 'node-red';
import { type Headers, HiddenHeader } from '../../../src/core/redaction.ts';

/** How `http request` marks the headers of a response: a hash of them. */
const RESPONSE_MARKER = 'x-node-red-request-node';

/**
 * Headers that only a response has. Sent back in a request they do harm: a wrong `content-length` makes the next request hang.
 * (RFC 9110 and 9111 response fields, fields of one connection, and what servers and gateways add.)
 */
const RESPONSE_ONLY = new Set(
  `accept-ranges access-control-allow-credentials access-control-allow-headers access-control-allow-methods
  access-control-allow-origin access-control-expose-headers access-control-max-age age allow alt-svc cf-cache-status cf-ray
  connection content-encoding content-length content-location content-range content-security-policy
  content-security-policy-report-only cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy
  date etag expect-ct expires keep-alive last-modified location nel p3p permissions-policy proxy-authenticate
  proxy-connection ratelimit-limit ratelimit-remaining ratelimit-reset referrer-policy report-to retry-after server
  server-timing set-cookie strict-transport-security timing-allow-origin trailer transfer-encoding vary www-authenticate
  x-cache x-content-type-options x-dns-prefetch-control x-frame-options x-permitted-cross-domain-policies x-powered-by
  x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset x-request-id x-runtime x-xss-protection`.split(/\s+/),
);

/**
 * Copies the headers that a request is sent with, without any authorization.
 * What was found stays as it was: it may be shared, frozen, or wanted back.
 *
 * The headers of an earlier response are no wish of the flow: untouched (the marker matches) all of them are dropped,
 * touched (it does not) only those that a response alone has.
 *
 * @param found `msg.headers`
 * @param into new headers that get the copies
 */
export function requestHeaders(found: unknown, into: Headers = {}): Headers {
  if (!areHeaders(found)) return into;
  const isResponse = RESPONSE_MARKER in found;
  if (isResponse && isUntouched(found)) return into;
  for (const name in found) {
    if (isForbidden(name) || (isResponse && isOfResponse(name))) continue;
    into[name] = found[name];
  }
  return into;
}

/** A copy of `msg.headers` without any authorization; what is no headers stays what it is. */
export function withoutAuthorization(found: unknown): unknown {
  if (!areHeaders(found)) return found;
  const kept: Headers = {};
  for (const name in found) if (!isForbidden(name)) kept[name] = found[name];
  return kept;
}

/** As it is, unless an `attach bearer` before gave it a hidden header: then a copy without it. */
export function withoutHiddenHeader(found: unknown): unknown {
  return areHeaders(found) && HiddenHeader.isIn(found) ? withoutAuthorization(found) : found;
}

function areHeaders(found: unknown): found is Headers {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}

/** A response has fewer headers than this. */
const MOST_HEADERS = 200;

/**
 * Whether the marker matches the headers. Only what a response can have is hashed: the hash takes a time that grows with
 * the square of the number of nested values, and a stranger may have sent these.
 */
function isUntouched(headers: Headers): boolean {
  const { [RESPONSE_MARKER]: marker, ...rest } = headers;
  const values = Object.values(rest);
  return values.length <= MOST_HEADERS && values.every(isHeaderValue) && hashSum(rest) === marker;
}

function isHeaderValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length <= MOST_HEADERS && value.every((each) => typeof each === 'string');
  return typeof value === 'string';
}

/**
 * Takes off a message what lets a request with the token reach another server than `msg.url` names: a `host` header, and
 * `rejectUnauthorized`, with which the core `http request` node takes any certificate.
 *
 * @param headers the headers that the request is sent with
 */
export function keepToHost(msg: NodeMessage, headers: Headers): void {
  for (const name in headers) if (name.length === 4 && name.toLowerCase() === 'host') delete headers[name];
  if ('rejectUnauthorized' in msg) delete msg.rejectUnauthorized;
}

function isOfResponse(name: string): boolean {
  return name === RESPONSE_MARKER || RESPONSE_ONLY.has(name.toLowerCase());
}

/**
 * `authorization` in whatever case it is written, because two of them would both be sent; and `__proto__`, which a message
 * from JSON can have as a property of its own: to set it would replace the prototype, which has the token.
 */
function isForbidden(name: string): boolean {
  return (name.length === 13 && name.toLowerCase() === 'authorization') || name === '__proto__';
}
