import type { Topology } from './redis-address.ts';

/** The codes at the beginning of a Redis error that are used unchanged. */
const CODES =
  /\b(NOAUTH|WRONGPASS|READONLY|LOADING|MISCONF|MASTERDOWN|NOREPLICAS|BUSY|OOM|CLUSTERDOWN|TRYAGAIN|DENIED)\b/;

/** The error of ioredis for a command that was lost together with its connection. */
const CONNECTION_LOST = /^(Connection is closed|Reached the max retries|Stream isn't writeable|Cluster isn't ready)/;

/** The text of OpenSSL about a certificate, if the code was lost on the way. */
const CERTIFICATES: readonly (readonly [RegExp, string])[] = [
  [/self[- ]signed certificate in/i, 'SELF_SIGNED_CERT_IN_CHAIN'],
  [/self[- ]signed certificate/i, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [/unable to verify the first/i, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [/altnames/i, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/certificate has expired/i, 'CERT_HAS_EXPIRED'],
];

/**
 * The cause for which Redis cannot be used: a word for which the catalog has a message, and after a space the missing part, such
 * as `NOPERM DEL`. Only known words are taken from a server's text, because the rest may contain anything.
 *
 * @param thrown an error of ioredis, of Node.js or of the store; undefined if a connection was closed without one
 */
export function causeOf(thrown: unknown, topology: Topology = 'single'): string {
  // A cluster without slots closes the connection.
  if (thrown === undefined) return topology === 'cluster' ? 'CLUSTERDOWN' : 'ECONNRESET';
  const { code, message, values } = (thrown ?? {}) as {
    code?: unknown;
    message?: unknown;
    values?: { cause?: unknown };
  };
  if (typeof values?.cause === 'string') return values.cause;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code === 'ETIMEDOUT' ? 'timeout' : code;
  const text = typeof message === 'string' ? message : '';
  if (CONNECTION_LOST.test(text)) return 'ECONNRESET';
  if (/(Command|Socket) timeout|Command timed out|ETIMEDOUT/.test(text)) return 'timeout';
  return sentinelCause(text) ?? permissionCause(text) ?? topologyCause(text, topology) ?? textCause(text);
}

/** Whether the cause is in the network, so that another server may give a more precise one. */
export function isNetworkCause(cause: string): boolean {
  return cause === 'timeout' || cause === 'error' || /^E[A-Z]/.test(cause);
}

/** The error of ioredis for a Sentinel that it could not use, or for all of them. */
function sentinelCause(text: string): string | undefined {
  if (/^connected to sentinel .* invalid reply|No such master/.test(text)) return 'primary-unknown';
  if (!/^(failed to connect to sentinel|All sentinels are unreachable)/.test(text)) return undefined;
  if (/WRONGPASS|NOAUTH|invalid password/i.test(text)) return 'sentinel-password';
  if (/unknown command/i.test(text)) return 'not-sentinel';
  return undefined;
}

/** Redis 6 and 7 word the same refusals differently, and again within scripts. */
function permissionCause(text: string): string | undefined {
  if (!/NOPERM|no permissions|can't (run|access|publish)/i.test(text)) return undefined;
  const command = /permissions to run the '([\w|]{1,40})' command/i.exec(text)?.[1];
  if (command !== undefined) return `NOPERM ${command.toUpperCase()}`;
  if (/channel/i.test(text)) return 'NOPERM channel';
  return /\bkeys?\b/i.test(text) ? 'NOPERM key' : 'NOPERM';
}

function topologyCause(text: string, topology: Topology): string | undefined {
  if (/cluster support disabled/i.test(text)) return 'not-cluster';
  if (topology === 'cluster') {
    if (/unknown command/i.test(text)) return /cluster/i.test(text) ? 'not-cluster' : 'scripts';
    return /MOVED|CROSSSLOT|None of startup nodes/.test(text) ? 'CLUSTERDOWN' : undefined;
  }
  if (/\b(MOVED|CROSSSLOT|ASK)\b/.test(text)) return 'cluster';
  return /unknown command/i.test(text) ? 'scripts' : undefined;
}

function textCause(text: string): string {
  const known = CODES.exec(text)?.[1] ?? CERTIFICATES.find(([words]) => words.test(text))?.[1];
  if (known) return known;
  if (/max number of clients/i.test(text)) return 'maxclients';
  if (/DB index is out of range/i.test(text)) return 'database';
  return /\b(ECONN[A-Z]+|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|EPROTO)\b/.exec(text)?.[1] ?? 'error';
}
