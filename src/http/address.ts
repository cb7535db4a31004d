import type { LookupFunction } from 'node:net';
import { AuthError } from '../core/errors.ts';

/**
 * Whether a host name means this machine: `localhost`, 127.0.0.0/8 or ::1. No other name does, not even a subdomain of
 * `localhost`: a name server resolves it, perhaps to another machine.
 *
 * @param hostname as in `URL`: in lower case, an IPv6 address in brackets
 */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname) || hostname === '[::1]';
}

/** Resolves `localhost` without a name server (RFC 6761 6.3): http to it is unencrypted, so it must be this machine. */
export const lookUpLoopback: LookupFunction = (_, { all, family }, callback) => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ].filter((each) => !family || each.family === family);
  if (all) callback(null, addresses);
  else callback(null, addresses[0]?.address ?? '127.0.0.1', addresses[0]?.family);
};

/**
 * A path without the slashes at its end. A regular expression would take time that grows with the square of its length.
 */
export function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}

/**
 * Reads the address of a server. Blanks and line breaks around it are dropped.
 *
 * @param property the name of the property, for the error
 * @param insecureHttp whether http is allowed for other hosts than this machine
 * @throws AuthError `AUTH_CONFIG` if it is empty, no web address, has a blank or a user in it, or has http and that is not
 *   allowed
 */
export function readAddress(text: string, property: string, insecureHttp: boolean): URL {
  const trimmed = text.trim();
  if (trimmed === '') throw new AuthError('property-missing', { property });
  let url: URL;
  // A URL parser encodes blanks, and drops line breaks.
  if (/\s/.test(trimmed)) throw new AuthError('address-invalid', { property });
  try {
    url = new URL(trimmed);
  } catch {
    throw new AuthError('address-invalid', { property });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new AuthError('address-invalid', { property });
  // Neither protocol has a user in the address, and the address is shown in errors.
  if (url.username || url.password) throw new AuthError('address-user', { property });
  if (url.protocol === 'http:' && !insecureHttp && !isLoopback(url.hostname)) {
    throw new AuthError('address-insecure', { property, host: url.host });
  }
  url.hash = '';
  return url;
}
