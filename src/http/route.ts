import { isLoopback } from './address.ts';
import { type ProxyRoute, type ProxyServer, proxyFor } from './proxy.ts';
import type { ProxyOptions } from './proxy-choice.ts';
import type { TlsFiles } from './tls-files.ts';

/** How to reach a server. */
export interface Route {
  /**
   * TLS options as node:tls takes them: `ca`, `cert`, `key`, `pfx`, `servername`, `rejectUnauthorized`, …; or such whose
   * files may be replaced.
   */
  tls?: object | TlsFiles | undefined;
  /** The proxy. If it is absent, the variables of the environment apply. */
  proxy?: ProxyRoute | undefined;
  /** How a proxy is chosen. */
  proxyOptions?: ProxyOptions | undefined;
}

/** A route whose proxy was chosen. */
export interface PlannedRoute {
  url: URL;
  tls: object | TlsFiles | undefined;
  /** Undefined for a direct connection. */
  proxy: ProxyServer | undefined;
  /** Whether it is plain http to this machine. */
  isLocal: boolean;
  /** Whether a proxy that opens no tunnel may forward the requests: plain http through an http proxy. */
  mayForward: boolean;
}

/**
 * Chooses the proxy to a server. An http address of this machine is never sent to a proxy, because the secret would leave
 * the machine unencrypted.
 *
 * @throws AuthError `AUTH_CONFIG` if the proxy cannot be used
 */
export function planRoute(url: URL, route: Route): PlannedRoute {
  const isLocal = url.protocol === 'http:' && isLoopback(url.hostname);
  const proxy = isLocal ? undefined : proxyFor(url, route.proxy, route.proxyOptions);
  const mayForward = url.protocol === 'http:' && proxy?.url.protocol === 'http:';
  return { url, tls: route.tls, proxy, isLocal, mayForward };
}
