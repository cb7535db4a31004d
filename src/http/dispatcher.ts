import type { Socket } from 'node:net';
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { AuthError } from '../core/errors.ts';
import { isLoopback, lookUpLoopback } from './address.ts';

/** How to reach a server. */
export interface Route {
  /** TLS options as node:tls takes them: `ca`, `cert`, `key`, `pfx`, `servername`, `rejectUnauthorized`, … */
  tls?: object | undefined;
  /** A proxy. Where none is named, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment count. */
  proxy?: ProxyRoute | undefined;
}

export interface ProxyRoute {
  url: string;
  /** Hosts that are reached without it, as in `NO_PROXY`. */
  noProxy: readonly string[];
  username?: string | undefined;
  password?: string | undefined;
}

/** Something failed on the way to the proxy, before the server itself was involved. */
export class ProxyFailure extends Error {
  readonly failure: unknown;
  constructor(failure: unknown) {
    super('proxy');
    this.failure = failure;
  }
}

/**
 * The undici dispatcher that reaches `url` by this route.
 * An http address of this machine is never sent to a proxy: the secret would leave the machine in the clear.
 *
 * @param onSocketError told of every failure of an open connection. With TLS 1.3 a server turns a client down only after
 *   the handshake, and undici reports no more than that the other side has closed.
 * @throws AuthError `AUTH_CONFIG` where the proxy's address cannot be used
 */
export function createDispatcher(url: URL, route: Route, onSocketError: (failure: unknown) => void): Dispatcher {
  const isLocal = url.protocol === 'http:' && isLoopback(url.hostname);
  const connect = buildConnector({ ...route.tls, ...(isLocal ? { lookup: lookUpLoopback } : {}) });
  const factory = (origin: string | URL, options: object): Dispatcher => {
    // A transport is the way to one server: any other host is the proxy, which plain http goes to as it is.
    const mend = new URL(origin).host === url.host ? watching(onSocketError) : marking;
    return new Pool(origin, { ...options, connect: mend((options as { connect: buildConnector.connector }).connect) });
  };
  if (isLocal) return new Agent({ connect, factory });
  const shared = {
    connect,
    factory,
    ...(route.tls ? { requestTls: { ...route.tls } } : {}),
    proxyTunnel: false,
    clientFactory: (origin: URL, options: object) => new PoolToProxy(origin, options),
  };
  try {
    if (!route.proxy) return new EnvHttpProxyAgent(shared);
    const { url: proxy, noProxy, username, password } = route.proxy;
    return new EnvHttpProxyAgent({
      ...shared,
      httpProxy: proxy,
      httpsProxy: proxy,
      noProxy: noProxy.join(','),
      ...(username ? { token: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` } : {}),
    });
  } catch {
    throw new AuthError('proxy-invalid', { property: route.proxy ? 'proxy' : 'HTTPS_PROXY' });
  }
}

/** Tells of what goes wrong on a connection after it was made. */
function watching(onSocketError: (failure: unknown) => void) {
  return (connect: buildConnector.connector): buildConnector.connector =>
    (options, callback) =>
      connect(options, (...result) => {
        result[1]?.on('error', (failure: NodeJS.ErrnoException) => {
          if (!failure.code?.startsWith('UND_ERR')) onSocketError(failure);
        });
        callback(...result);
      });
}

/** Marks a connection to a proxy that does not come about. */
function marking(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[failure, socket]) =>
      failure ? callback(new ProxyFailure(failure), null) : callback(null, socket as Socket),
    );
}

/** Tunnels through a proxy. It marks what goes wrong there, so that nobody looks for the fault at the server. */
class PoolToProxy extends Pool {
  // biome-ignore lint/suspicious/noExplicitAny: undici overloads this method; only its promise form is used by its proxy agent.
  override connect(...args: any[]): any {
    return (super.connect as (...args: unknown[]) => Promise<unknown>).apply(this, args).catch((failure: unknown) => {
      throw new ProxyFailure(failure);
    });
  }
}
