import hashSum from 'hash-sum';

/** The headers of a message for the core `http request` node. */
export type Headers = Record<string, unknown>;

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
 * The headers that a request is sent with, without any authorization yet. Always an object of its own:
 * the one that was given may be shared, frozen, or wanted back as it was.
 *
 * The headers of an earlier response are no wish of the flow: untouched (the marker matches) all of them are dropped,
 * touched (it does not) only those that a response alone has.
 */
export function requestHeaders(found: unknown): Headers {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return {};
  const headers = RESPONSE_MARKER in found ? withoutResponse(found as Headers) : (found as Headers);
  const kept: Headers = {};
  for (const name in headers) if (!isAuthorization(name)) kept[name] = headers[name];
  return kept;
}

function withoutResponse(headers: Headers): Headers {
  const { [RESPONSE_MARKER]: marker, ...rest } = headers;
  if (hashSum(rest) === marker) return {};
  const kept: Headers = {};
  for (const name of Object.keys(rest)) if (!RESPONSE_ONLY.has(name.toLowerCase())) kept[name] = rest[name];
  return kept;
}

/** A copy without `authorization`, in whatever case it is written. */
export function withoutAuthorization(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isAuthorization(name)));
}

/** In whatever case it is written: two of them would be sent both. */
function isAuthorization(name: string): boolean {
  return name.length === 13 && name.toLowerCase() === 'authorization';
}
