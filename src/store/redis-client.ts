import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { RedisTarget } from './redis-address.ts';
import { SCRIPTS, type ScriptName } from './redis-scripts.ts';
import { loadSentinelConnector } from './sentinel-connector.ts';
import { STORE_TIMEOUT } from './store.ts';

/** A client of ioredis, with the scripts of the store as methods. */
export type RedisClient = (Redis | Cluster) & Record<ScriptName, (...args: (string | number)[]) => Promise<unknown>>;

/** How soon a lost connection to a Sentinel that reports fail-overs is made again, in ms. */
const SENTINEL_PAUSE = 2_000;

/** Nothing is queued or repeated: a command without an answer has failed at once, and the store decides what to do. */
const OPTIONS = {
  lazyConnect: true,
  protocol: 2,
  disableClientInfo: true,
  connectTimeout: STORE_TIMEOUT,
  commandTimeout: STORE_TIMEOUT,
  // A server that answers slowly is not lost. One that owes an answer and sends nothing at all is.
  socketTimeout: STORE_TIMEOUT,
  disconnectTimeout: 1,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // ioredis does not handle errors of a subscription that it repeats: a missing permission would end Node-RED.
  autoResubscribe: false,
  // INFO is not among the permissions that a user needs. The store has its own check.
  enableReadyCheck: false,
} as const satisfies RedisOptions & { replyMapping?: never };

/**
 * Makes a client that connects again automatically. `connect` starts it.
 *
 * @param pause how long it waits before it connects again, in ms
 */
export async function createClient(target: RedisTarget, pause: () => number): Promise<RedisClient> {
  const { Cluster, Redis } = await import('ioredis');
  const { topology, database, primary, sentinelPassword } = target;
  const servers = target.servers.map(endpointOf);
  const common = { ...OPTIONS, ...loginOf(target) };
  if (topology === 'cluster') {
    const cluster = new Cluster(servers, {
      scripts: SCRIPTS,
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      slotsRefreshTimeout: STORE_TIMEOUT,
      // The name stays, because a certificate belongs to it.
      dnsLookup: (name, found) => found(null, name),
      clusterRetryStrategy: pause,
      redisOptions: common,
    });
    cluster.on('+node', (node) => handleErrors(node, cluster));
    return cluster as unknown as RedisClient;
  }
  const options = { ...common, scripts: SCRIPTS, db: database, retryStrategy: pause };
  if (topology === 'single') return new Redis({ ...options, ...servers[0] }) as unknown as RedisClient;
  return new Redis({
    ...options,
    Connector: await loadSentinelConnector(),
    sentinels: servers,
    name: primary,
    ...(sentinelPassword === '' ? {} : { sentinelPassword }),
    ...(target.isSecure ? { enableTLSForSentinelMode: true, sentinelTLS: target.tls } : {}),
    // After a fail-over the old primary accepts writes for some 10 s, all of which are lost.
    failoverDetector: true,
    sentinelCommandTimeout: STORE_TIMEOUT,
    sentinelRetryStrategy: () => null,
    sentinelReconnectStrategy: () => SENTINEL_PAUSE,
  }) as unknown as RedisClient;
}

/**
 * Makes the client that subscribes. It does not connect again: if it is lost, notifications may have been missed.
 *
 * @throws Error if no primary of the cluster is known
 */
export function createSubscriber(client: RedisClient): Redis {
  if (!isCluster(client)) return client.duplicate({ retryStrategy: null, failoverDetector: false });
  // Each node of a cluster forwards messages that are published at any other.
  const nodes = client.nodes('master');
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  if (!node) throw new Error('CLUSTERDOWN');
  return node.duplicate({ ...OPTIONS, retryStrategy: null });
}

/** Asks the server, or each primary of a cluster, whether it is available. @throws Error if one of them does not answer */
export async function pingAll(client: RedisClient): Promise<void> {
  await Promise.all((isCluster(client) ? client.nodes('master') : [client]).map((node) => node.ping()));
}

function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}

function endpointOf(server: string): { host: string; port: number } {
  const at = server.lastIndexOf(':');
  return { host: server.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(server.slice(at + 1)) };
}

function loginOf({ username, password, isSecure, tls }: RedisTarget): RedisOptions & { replyMapping?: never } {
  return {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(isSecure ? { tls } : {}),
  };
}

/**
 * Handles errors that ioredis does not: that of the ASKING that it sends before a command for a slot that is moving, and that of the
 * network, which it drops while it asks a node for the slots.
 */
function handleErrors(node: Redis, cluster: Cluster): void {
  const duplicate = node.duplicate.bind(node);
  node.duplicate = ((...options: Parameters<Redis['duplicate']>) => {
    const client = duplicate(...options);
    client.on('error', (error) => 'code' in error && cluster.emit('node error', error));
    return client;
  }) as Redis['duplicate'];
  const asking = node.asking.bind(node);
  node.asking = (() => {
    const answer = asking();
    answer.catch(() => undefined);
    return answer;
  }) as Redis['asking'];
}
