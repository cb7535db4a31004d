import { AuthError } from '../errors.ts';

/** Whether a host name means this machine: `localhost`, its subdomains, 127.0.0.0/8 and ::1. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname) ||
    hostname === '[::1]'
  );
}

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
