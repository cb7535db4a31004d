import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import type { Engine, Reference } from '../../../src/engine/engine.ts';
import type { ProxyRoute } from '../../../src/http/proxy.ts';
import type { ProxyOptions } from '../../../src/http/proxy-choice.ts';
import type { Route } from '../../../src/http/route.ts';
import { MovingTransport } from '../../../src/http/switchable-transport.ts';
import { TlsFiles, type TlsPaths } from '../../../src/http/tls-files.ts';
import { HttpTransport, type Transport } from '../../../src/http/transport.ts';
import type { Practice } from '../../../src/practice/practice.ts';
import { textOf } from '../catalogue.ts';
import { isPracticeForAll } from '../practice-setting.ts';
import { PRACTICE_URL_VARIABLE } from '../runtime.ts';
import { definitionOf, nodeFrom, type Placed } from './running-flow.ts';
import { variableIn } from './variables.ts';

/** The core `tls-config` node. Its properties differ between Node-RED 4 and 5, so only its method is used. */
interface TlsNode extends Node {
  valid?: boolean;
  addTLSOptions(options: object): object;
}

/** The core `http proxy` node. */
interface ProxyNode extends Node<{ username?: string; password?: string }> {
  url?: string;
  noproxy?: unknown;
}

/** The properties of a config node that select how it connects to its server. */
export interface RouteConfig {
  tls?: string;
  proxy?: string;
  practice?: boolean;
  /** The stored user. */
  user?: string | undefined;
}

/** How a config node connects to its server. */
export interface ServerConnection {
  transport: Transport;
  /** The TLS configuration and proxy, as a part of the key of the connection. */
  via: string;
  /** The practice server, if it is used. */
  practice: Reference<Practice> | undefined;
}

/**
 * Makes the transport of a config node from the core `tls-config` and `http proxy` nodes that it refers to.
 *
 * @param user the config node. Its flow decides which of these nodes are in reach
 * @param address if it is a text, the variable with the address. Then each request names its own address
 * @throws AuthError `AUTH_CONFIG` if one of them is missing or cannot be used
 */
export function connectTo(
  RED: NodeAPI,
  engine: Engine,
  user: Placed,
  config: RouteConfig,
  address: URL | string,
): ServerConnection {
  if (config.practice === true) {
    const practice = engine.holdPractice();
    announce(RED, practice.value);
    const real = isPracticeForAll(RED) ? { user: config.user ?? '' } : undefined;
    return { transport: practice.value.transport(real), via: 'practice', practice };
  }
  const { proxyOptions } = RED.settings as { proxyOptions?: ProxyOptions };
  const route: Route = {
    tls: tlsOf(RED, user, config.tls),
    proxy: proxyOf(RED, user, config.proxy),
    proxyOptions,
  };
  const open = (url: URL): Transport => new HttpTransport(url, route, engine.clock);
  const transport = typeof address === 'string' ? new MovingTransport(address, open) : open(address);
  return { transport, via: `tls ${config.tls ?? ''} proxy ${config.proxy ?? ''}`, practice: undefined };
}

/** The addresses that were announced, by practice server. */
const announced = new WeakMap<Practice, string>();

/**
 * Sets the environment variable with the address of the practice server, and writes the address to the log. Its port
 * changes with each start.
 */
function announce(RED: NodeAPI, practice: Practice): void {
  practice.start().then(
    (origin) => {
      process.env[PRACTICE_URL_VARIABLE] = origin;
      if (announced.get(practice) === origin) return;
      announced.set(practice, origin);
      RED.log.info(textOf(RED, PRACTICE_ADDRESS, { address: origin }));
    },
    () => {
      // The first request reports the error.
    },
  );
}

/** The key of the log line with the address of the practice server. */
const PRACTICE_ADDRESS = 'practice.address';

/**
 * The TLS options of a core `tls-config` node, with the contents of files that are replaced on the disk: Node-RED reads them
 * at a deploy only. Undefined if none is selected.
 *
 * @throws AuthError `AUTH_CONFIG` if it is missing or cannot be used
 */
export function tlsOf(RED: NodeAPI, user: Placed, id: string | undefined): TlsFiles | undefined {
  const node = tlsNodeOf(RED, user, id);
  return node && new TlsFiles(node.addTLSOptions({}), pathsOf(RED, node));
}

function tlsNodeOf(RED: NodeAPI, user: Placed, id: string | undefined): TlsNode | undefined {
  if (!id) return undefined;
  const node = nodeFrom(RED, user, id) as TlsNode | undefined;
  if (!node) throw new AuthError('config-node-missing', { property: 'tls' });
  if (typeof node.addTLSOptions !== 'function') throw new AuthError('config-node-wrong', { property: 'tls' });
  if (node.valid === false) throw new AuthError('tls-invalid', { property: 'tls' });
  return node;
}

/** The paths in the properties of a `tls-config` node: the running node keeps only the contents. */
function pathsOf(RED: NodeAPI, node: TlsNode): TlsPaths {
  const written = definitionOf(RED, node);
  const pathIn = (property: string): string => {
    const value = written[property];
    const variable = variableIn(value);
    const path: unknown = variable === undefined ? value : RED.util.getSetting(node, variable);
    return typeof path === 'string' ? path.trim() : '';
  };
  return { ca: pathIn('ca'), cert: pathIn('cert'), key: pathIn('key'), pfx: pathIn('p12') };
}

function proxyOf(RED: NodeAPI, user: Placed, id: string | undefined): ProxyRoute | undefined {
  if (!id) return undefined;
  const node = nodeFrom(RED, user, id) as ProxyNode | undefined;
  if (!node) throw new AuthError('config-node-missing', { property: 'proxy' });
  if (typeof node.url !== 'string' || node.url === '') throw new AuthError('proxy-invalid', { property: 'proxy' });
  return {
    url: node.url,
    noProxy: Array.isArray(node.noproxy) ? node.noproxy.filter((each): each is string => typeof each === 'string') : [],
    username: node.credentials?.username,
    password: node.credentials?.password,
  };
}
