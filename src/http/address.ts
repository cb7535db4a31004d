import type { LookupFunction } from 'node:net';
import { AuthError } from '../core/errors.ts';

/**
 * Whether a host name means this machine: `localhost`, 127.0.0.0/8 or ::1. No other name does, not even a subdomain of
 * `localhost`: its address comes from a name server, which may say any other machine.
 *
 * @param hostname as `URL` has it: in lower case, an IPv6 address in brackets
 */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname) || hostname === '[::1]';
}

/** Resolves `localhost` without a name server (RFC 6761 6.3): http goes there unencrypted, so it must be this machine. */
export const lookUpLoopback: LookupFunction = (_, { all, family }, callback) => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ].filter((each) => !family || each.family === family);
  if (all) callback(null, addresses);
  else callback(null, addresses[0]?.address ?? '127.0.0.1', addresses[0]?.family);
};

/**
 * Reads the address of a server.
 *
 * @param property the name of the property that it stands in, for the error
 * @param insecureHttp whether http is allowed for another host than this machine
 * @throws AuthError `AUTH_CONFIG`: empty, no web address, or http where that is not allowed
 */
export function readAddress(text: string, property: string, insecureHttp: boolean): URL {
  const trimmed = text.trim();
  if (trimmed === '') throw new AuthError('property-missing', { property });
  let url: URL;
  try {
    url = new URL(trimmed);
  } catch {
    throw new AuthError('address-invalid', { property });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new AuthError('address-invalid', { property });
  // A user in an address is no part of either protocol, and would show up wherever the address does.
  if (url.username || url.password) throw new AuthError('address-invalid', { property });
  if (url.protocol === 'http:' && !insecureHttp && !isLoopback(url.hostname)) {
    throw new AuthError('address-insecure', { property, host: url.host });
  }
  url.hash = '';
  return url;
}
