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

/** Told of every failure of an open connection. */
export type OnSocketError = (failure: unknown) => void;

/** A kept connection is not used any more after this, in ms, nor is one kept open that nobody uses. */
export const KEPT_AT_MOST = 60_000;

/**
 * The route to `url` as a function that makes undici dispatchers. They share no connection, only the TLS sessions.
 * An http address of this machine is never sent to a proxy: the secret would leave the machine in the clear.
 *
 * With TLS 1.3 a server turns a client down only after the handshake, and undici reports no more than that the other side
 * has closed: that is what the failures of open connections are for.
 *
 * @returns makes a dispatcher. @throws AuthError `AUTH_CONFIG` if the proxy's address cannot be used
 */
export function dispatchersTo(url: URL, route: Route): (onSocketError: OnSocketError) => Dispatcher {
  const isLocal = url.protocol === 'http:' && isLoopback(url.hostname);
  const connect = buildConnector({ ...route.tls, ...(isLocal ? { lookup: lookUpLoopback } : {}) });
  return (onSocketError) => {
    const factory = (origin: string | URL, options: object): Dispatcher => {
      // The route is to one server: any other host is the proxy, which plain http goes to as it is.
      const mend = new URL(origin).host === url.host ? watching(onSocketError) : marking;
      const { connect: connector } = options as { connect: buildConnector.connector };
      return new Pool(origin, { ...options, connect: mend(connector) });
    };
    const shared = { connect, factory, keepAliveMaxTimeout: KEPT_AT_MOST };
    return isLocal ? new Agent(shared) : throughProxy(shared, route);
  };
}

function throughProxy(options: Agent.Options, route: Route): Dispatcher {
  const shared = {
    ...options,
    ...(route.tls ? { requestTls: { ...route.tls } } : {}),
    proxyTunnel: false,
    clientFactory: (origin: URL, poolOptions: object) => new PoolToProxy(origin, poolOptions),
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
function watching(onSocketError: OnSocketError) {
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
