import hashSum from 'hash-sum';
import type { NodeMessage } from 'node-red';
import { type Headers, HiddenHeader } from '../../../src/core/redaction.ts';

/** The header by which `http request` marks the headers of a response. Its value is a hash of them. */
const RESPONSE_MARKER = 'x-node-red-request-node';

/**
 * Headers that only a response has. In a request they do harm: a wrong `content-length` makes it hang.
 * (RFC 9110 and 9111 response fields, fields of one connection, and those that servers and gateways add.)
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
 * Copies the headers with which a request is sent, without any authorization. The original headers stay
 * unchanged: they may be shared or frozen, or the flow may need them again.
 *
 * The headers of an earlier response are not meant for a request. If the flow has not changed them (the marker matches),
 * all of them are dropped. If it has, only those are dropped that no request has.
 *
 * @param found `msg.headers`
 * @param into new headers that get the copies
 */
export function requestHeaders(found: unknown, into: Headers = {}): Headers {
  if (!areHeaders(found)) return into;
  const isResponse = RESPONSE_MARKER in found;
  if (isResponse && isUnchanged(found)) return into;
  for (const name in found) {
    if (isForbidden(name) || (isResponse && isOfResponse(name))) continue;
    into[name] = found[name];
  }
  return into;
}

/** A copy of `msg.headers` without any authorization. A value that is not an object is returned as it is. */
export function withoutAuthorization(found: unknown): unknown {
  if (!areHeaders(found)) return found;
  const kept: Headers = {};
  for (const name in found) if (!isForbidden(name)) kept[name] = found[name];
  return kept;
}

/** The same headers; if another `attach bearer` gave them a hidden header, a copy without it. */
export function withoutHiddenHeader(found: unknown): unknown {
  return areHeaders(found) && HiddenHeader.isIn(found) ? withoutAuthorization(found) : found;
}

function areHeaders(found: unknown): found is Headers {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}

/** A response has fewer headers. */
const MAX_HEADERS = 200;

/** Names and values of a response are shorter in total, in characters: Node.js reads 16 KiB, if it is not configured. */
const MAX_LENGTH = 65_536;

/**
 * Whether the marker matches the headers. Headers that no response can have are not hashed: the time for the hash grows
 * with the square of the number of nested values and with the length, and anyone may have sent them.
 */
function isUnchanged(headers: Headers): boolean {
  const { [RESPONSE_MARKER]: marker, ...rest } = headers;
  return typeof marker === 'string' && isOfResponseSize(rest) && hashSum(rest) === marker;
}

function isOfResponseSize(headers: Headers): boolean {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) return false;
  let length = 0;
  for (const [name, value] of entries) {
    const values = Array.isArray(value) ? value : [value];
    if (values.length > MAX_HEADERS) return false;
    length += name.length;
    for (const each of values) {
      if (typeof each !== 'string') return false;
      length += each.length;
    }
  }
  return length <= MAX_LENGTH;
}

/**
 * Removes properties from a message with which the token could reach another server than `msg.url` names: a `host` header, and
 * a `rejectUnauthorized` by which the core `http request` node accepts any certificate.
 *
 * @param headers the headers that the request is sent with
 */
export function keepToHost(msg: NodeMessage, headers: Headers): void {
  for (const name in headers) if (name.length === 4 && name.toLowerCase() === 'host') delete headers[name];
  if ('rejectUnauthorized' in msg && isFalse(msg.rejectUnauthorized)) delete msg.rejectUnauthorized;
}

/** As `http request` reads it: false, or the word in any case. It ignores everything else, with a warning. */
function isFalse(value: unknown): boolean {
  return value === false || (typeof value === 'string' && value.toLowerCase() === 'false');
}

function isOfResponse(name: string): boolean {
  return name === RESPONSE_MARKER || RESPONSE_ONLY.has(name.toLowerCase());
}

/**
 * `authorization` in any spelling, because two of them would both be sent; and `__proto__`, which a message from JSON can
 * have as a property of its own: an assignment to it would replace the prototype, which has the token.
 */
function isForbidden(name: string): boolean {
  return (name.length === 13 && name.toLowerCase() === 'authorization') || name === '__proto__';
}
