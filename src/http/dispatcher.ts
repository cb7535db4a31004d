import type { Socket } from 'node:net';
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { lookUpLoopback } from './address.ts';
import { ProxyFailure } from './failure.ts';
import type { ProxyServer } from './proxy.ts';
import type { PlannedRoute } from './route.ts';

/** Is called for every failure of an open connection. */
export type OnSocketError = (failure: unknown) => void;

/**
 * How a request of plain http passes a proxy: through a tunnel, or forwarded by the proxy. https is always in a tunnel.
 */
export type PlainPath = 'tunnel' | 'forwarded';

/** Makes a dispatcher. Dispatchers share no connection, only TLS sessions. */
export type OpenDispatcher = (onSocketError: OnSocketError, plain?: PlainPath) => Dispatcher;

/** How long a connection is kept after it was opened, and how long an unused one is kept, in ms. */
export const KEPT_AT_MOST = 60_000;

/**
 * Makes the dispatchers of undici to one server.
 *
 * With TLS 1.3 a server refuses a client after the handshake, and undici reports only that the other side closed the
 * connection. `OnSocketError` gets the cause.
 *
 * @param tls the TLS options of the connections
 */
export function dispatchersTo({ url, proxy, isLocal }: PlannedRoute, tls: object | undefined): OpenDispatcher {
  const connect = buildConnector({ ...tls, ...(isLocal ? { lookup: lookUpLoopback } : {}) });
  return (onSocketError, plain = 'tunnel') => {
    const factory = (origin: string | URL, options: object): Dispatcher => {
      // Any other host than the server's is the proxy, which gets forwarded requests.
      const mend = new URL(origin).host === url.host ? watching(onSocketError) : marking;
      const { connect: connector } = options as { connect: buildConnector.connector };
      return new Pool(origin, { ...options, connect: mend(connector) });
    };
    const shared = { connect, factory, keepAliveMaxTimeout: KEPT_AT_MOST };
    return proxy ? throughProxy(shared, proxy, tls, plain) : new Agent(shared);
  };
}

function throughProxy(
  options: Agent.Options,
  { url, authorization }: ProxyServer,
  tls: object | undefined,
  plain: PlainPath,
): Dispatcher {
  return new ProxyAgent({
    ...options,
    uri: url.href,
    ...(authorization ? { token: authorization } : {}),
    ...(tls ? { requestTls: { ...tls } } : {}),
    proxyTunnel: plain === 'tunnel',
    clientFactory: (origin: URL, poolOptions: object) => new PoolToProxy(origin, poolOptions),
  });
}

/** Reports the failures of a connection after it was opened. */
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

/** Marks a failure to connect to the proxy. */
function marking(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[failure, socket]) =>
      failure ? callback(new ProxyFailure(failure), null) : callback(null, socket as Socket),
    );
}

/** Opens tunnels through a proxy, and marks their failures, so that nobody looks for the fault at the server. */
class PoolToProxy extends Pool {
  // biome-ignore lint/suspicious/noExplicitAny: undici overloads this method; only its promise form is used by its proxy agent.
  override connect(...args: any[]): any {
    return (super.connect as (...args: unknown[]) => Promise<unknown>).apply(this, args).catch((failure: unknown) => {
      throw new ProxyFailure(failure);
    });
  }
}
