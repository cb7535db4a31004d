import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import type { Engine, Reference } from '../../../src/engine/engine.ts';
import type { ProxyRoute, Route } from '../../../src/http/dispatcher.ts';
import { HttpTransport, type Transport } from '../../../src/http/transport.ts';
import type { PracticeServer } from '../../../src/practice/server.ts';
import { PRACTICE_URL_VARIABLE } from '../runtime.ts';

/** The core `tls-config` node. Its fields differ between Node-RED 4 and 5, so only its method is used. */
interface TlsNode extends Node {
  valid?: boolean;
  addTLSOptions(options: object): object;
}

/** The core `http proxy` node. */
interface ProxyNode extends Node<{ username?: string; password?: string }> {
  url?: string;
  noproxy?: unknown;
}

/** The properties of a config node that say how its server is reached. */
export interface RouteConfig {
  tls?: string;
  proxy?: string;
  practice?: boolean;
}

/** How a config node reaches its server. */
export interface ServerConnection {
  transport: Transport;
  /** What makes this connection another one than the same address by another way. */
  via: string;
  /** The practice server, where it is used. */
  practice: Reference<PracticeServer> | undefined;
}

/**
 * Makes the transport of a config node from the core `tls-config` and `http proxy` nodes that it names.
 *
 * @throws AuthError `AUTH_CONFIG` where one of them is missing or cannot be used
 */
export function connectTo(RED: NodeAPI, engine: Engine, config: RouteConfig, address: URL): ServerConnection {
  if (config.practice === true) {
    const practice = engine.holdPractice();
    announce(practice.value);
    return { transport: practice.value.transport(), via: 'practice', practice };
  }
  const route: Route = { tls: tlsOf(RED, config.tls), proxy: proxyOf(RED, config.proxy) };
  const transport = new HttpTransport(address, route, engine.clock);
  return { transport, via: `tls ${config.tls ?? ''} proxy ${config.proxy ?? ''}`, practice: undefined };
}

/** Lets flows find the practice server: its port is another one each time. */
function announce(practice: PracticeServer): void {
  practice.start().then(
    (origin) => {
      process.env[PRACTICE_URL_VARIABLE] = origin;
    },
    () => {
      // The first request says what is wrong.
    },
  );
}

/**
 * The TLS options of a core `tls-config` node; undefined where none is chosen.
 *
 * @throws AuthError `AUTH_CONFIG` where it is missing or cannot be used
 */
export function tlsOf(RED: NodeAPI, id: string | undefined): object | undefined {
  if (!id) return undefined;
  const node = RED.nodes.getNode(id) as TlsNode | null;
  if (!node) throw new AuthError('config-node-missing', { property: 'tls' });
  if (typeof node.addTLSOptions !== 'function') throw new AuthError('config-node-wrong', { property: 'tls' });
  if (node.valid === false) throw new AuthError('tls-invalid', { property: 'tls' });
  return node.addTLSOptions({});
}

function proxyOf(RED: NodeAPI, id: string | undefined): ProxyRoute | undefined {
  if (!id) return undefined;
  const node = RED.nodes.getNode(id) as ProxyNode | null;
  if (!node) throw new AuthError('config-node-missing', { property: 'proxy' });
  if (typeof node.url !== 'string' || node.url === '') throw new AuthError('proxy-invalid', { property: 'proxy' });
  return {
    url: node.url,
    noProxy: Array.isArray(node.noproxy) ? node.noproxy.filter((each): each is string => typeof each === 'string') : [],
    username: node.credentials?.username,
    password: node.credentials?.password,
  };
}
