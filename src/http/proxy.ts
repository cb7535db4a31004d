import { AuthError } from '../core/errors.ts';
import { chooseProxy, type ProxyOptions } from './proxy-choice.ts';

/** A proxy that somebody has named. */
export interface ProxyRoute {
  url: string;
  /** Hosts that are reached directly, in the form of `NO_PROXY`. */
  noProxy: readonly string[];
  username?: string | undefined;
  password?: string | undefined;
}

/** A proxy as requests use it. */
export interface ProxyServer {
  /** Without user and password. */
  url: URL;
  /** The header `proxy-authorization`. */
  authorization: string | undefined;
}

/**
 * The proxy for an address: the one that is named, or one from the environment.
 *
 * @returns undefined for a direct connection
 * @throws AuthError `AUTH_CONFIG` if it is no http or https proxy. It names the property or the variable
 */
export function proxyFor(
  url: URL,
  named: ProxyRoute | undefined,
  options: ProxyOptions | undefined,
): ProxyServer | undefined {
  if (named && named.url.trim() === '') throw new AuthError('proxy-invalid', { property: 'proxy' });
  // A named proxy takes the place of the environment, as in the core `http request` node.
  const env = named && { no_proxy: named.noProxy.join(','), http_proxy: named.url, https_proxy: named.url };
  const chosen = chooseProxy(url, env ? { ...options, env } : options);
  if (!chosen) return undefined;
  const address = readProxy(chosen.address, named ? 'proxy' : chosen.variable);
  const hasOwnUser = Boolean(named?.username || named?.password);
  const authorization = hasOwnUser ? basic(named?.username ?? '', named?.password ?? '') : authorizationIn(address);
  address.username = '';
  address.password = '';
  return { url: address, authorization };
}

function readProxy(address: string, property: string): URL {
  const text = address.trim();
  if (/^socks\w*:/i.test(text)) throw new AuthError('proxy-socks', { property });
  // As with curl. The core node takes the scheme of the request, so that it wants TLS of a proxy that has none.
  const hasScheme = text.includes('://');
  const whole = hasScheme ? text : `http://${text}`;
  // Programs disagree about the port of a proxy that has neither.
  if (!URL.canParse(whole) || (!hasScheme && !/:\d+\/?$/.test(text)))
    throw new AuthError('proxy-invalid', { property });
  const url = new URL(whole);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new AuthError('proxy-invalid', { property });
  return url;
}

function authorizationIn({ username, password }: URL): string | undefined {
  return username || password ? basic(decoded(username), decoded(password)) : undefined;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
