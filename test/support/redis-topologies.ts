import { freePort } from './free-port.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

/** How long a test waits for servers to agree, in ms: the machine may be busy. */
const PATIENCE = 60_000;

/** A server counts as down after this time without an answer, and a fail-over may take this long, in ms. */
const DOWN_AFTER = 2_000;
const FAILOVER_TIMEOUT = 4_000;

/** The settings of the tests' own Sentinels and of the servers that they monitor. */
export interface SentinelOptions {
  /** Lines for each Redis server. */
  server?: readonly string[];
  /** Lines for each Sentinel. */
  sentinel?: readonly string[];
  /** How the tests' own clients connect to a server, and to a Sentinel. */
  asAdmin?: Parameters<typeof startRedis>[1];
  asSentinelAdmin?: Parameters<typeof startRedis>[1];
}

/** A primary with two replicas, under three Sentinels that call it `main`. */
export class Sentinels {
  readonly servers: RedisServer[] = [];
  readonly sentinels: RedisServer[] = [];

  static async start({ server = [], sentinel = [], asAdmin, asSentinelAdmin }: SentinelOptions = {}) {
    const all = new Sentinels();
    const primary = await startRedis(server, asAdmin);
    all.servers.push(primary);
    for (let replica = 0; replica < 2; replica += 1) {
      all.servers.push(await startRedis([...server, `replicaof 127.0.0.1 ${primary.port}`], asAdmin));
    }
    for (let index = 0; index < 3; index += 1) {
      const lines = [
        `sentinel monitor main 127.0.0.1 ${primary.port} 2`,
        `sentinel down-after-milliseconds main ${DOWN_AFTER}`,
        `sentinel failover-timeout main ${FAILOVER_TIMEOUT}`,
        ...sentinel,
      ];
      all.sentinels.push(await startRedis(lines, asSentinelAdmin, { isSentinel: true }));
    }
    await synced(all.servers, 2);
    await eventually(async () => {
      const states = await Promise.all(all.sentinels.map(({ admin }) => admin.call('sentinel', 'master', 'main')));
      return states.every((state) => {
        const found = fieldsOf(state);
        return found['num-slaves'] === '2' && found['num-other-sentinels'] === '2' && found.flags === 'master';
      });
    });
    return all;
  }

  /** Each with its own port, as an address has them. */
  get addresses(): string[] {
    return this.sentinels.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** The server that is the primary for the Sentinels now. */
  async primary(): Promise<RedisServer> {
    const ports = await Promise.all(
      this.sentinels.map(async ({ admin }) => {
        const found = await admin.call('sentinel', 'get-master-addr-by-name', 'main');
        return Array.isArray(found) ? Number(found[1]) : 0;
      }),
    );
    const port = ports.find((each) => ports.filter((other) => other === each).length >= 2);
    const server = this.servers.find((each) => each.port === port);
    if (!server) throw new Error(`the Sentinels do not agree: ${ports}`);
    return server;
  }

  /** Makes the Sentinels fail over to a replica, although the primary works. */
  async failOver(): Promise<void> {
    await this.sentinels[0]?.admin.call('sentinel', 'failover', 'main');
  }
}

/** Three primaries with a replica each. */
export class RedisCluster {
  readonly servers: RedisServer[] = [];

  static async start(settings: readonly string[] = []): Promise<RedisCluster> {
    const cluster = new RedisCluster();
    for (let index = 0; index < 6; index += 1) {
      const lines = ['cluster-enabled yes', `cluster-node-timeout ${DOWN_AFTER}`, 'cluster-config-file nodes.conf'];
      // The bus has a port of its own, which has to be free as well.
      lines.push(`cluster-port ${await freePort()}`, ...settings);
      cluster.servers.push(await startRedis(lines));
    }
    await cluster.#join();
    return cluster;
  }

  get addresses(): string[] {
    return this.servers.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** Moves this many slots that have keys, one after another, to another primary, like `redis-cli --cluster reshard`. */
  async moveSlots(count: number): Promise<void> {
    const [from, to] = await this.#primaries();
    if (!from || !to) throw new Error('the cluster has not two primaries');
    const keys = await from.server.admin.keys('*');
    const slots = new Set(await Promise.all(keys.map((key) => this.slotOf(key))));
    for (const slot of [...slots].slice(0, count)) {
      await to.server.admin.cluster('SETSLOT', slot, 'IMPORTING', from.id);
      await from.server.admin.cluster('SETSLOT', slot, 'MIGRATING', to.id);
      for (;;) {
        const left = (await from.server.admin.cluster('GETKEYSINSLOT', slot, 100)) as string[];
        if (left.length === 0) break;
        await from.server.admin.call('migrate', '127.0.0.1', to.server.port, '', 0, 10_000, 'KEYS', ...left);
      }
      for (const { server } of [to, from]) await server.admin.cluster('SETSLOT', slot, 'NODE', to.id);
    }
  }

  /** One of the primaries that has slots now. */
  async primary(): Promise<RedisServer> {
    const [first] = await this.#primaries();
    if (!first) throw new Error('the cluster has no primary');
    return first.server;
  }

  /** The slot of a key. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.servers[0]?.admin.cluster('KEYSLOT', key));
  }

  async #join(): Promise<void> {
    const [first] = this.servers;
    if (!first) return;
    for (const [index, { port, admin }] of this.servers.entries()) {
      await admin.cluster('SET-CONFIG-EPOCH', index + 1);
      const bus = Number(((await admin.config('GET', 'cluster-port')) as string[])[1]);
      if (index > 0) await first.admin.call('cluster', 'meet', '127.0.0.1', port, bus);
      else if (bus === 0) throw new Error('the bus has no port');
    }
    for (const [index, { admin }] of this.servers.slice(0, 3).entries()) {
      const last = index === 2 ? 16_383 : (index + 1) * 5_461 - 1;
      await admin.call('cluster', 'addslotsrange', index * 5_461, last);
    }
    await eventually(() => this.#all(async ({ admin }) => (await nodesOf(admin)).length === 6));
    const ids = await Promise.all(this.servers.map(({ admin }) => admin.cluster('MYID')));
    for (const [index, { admin }] of this.servers.slice(3).entries()) {
      await eventually(async () => {
        try {
          return (await admin.cluster('REPLICATE', String(ids[index]))) === 'OK';
        } catch {
          // The node is not known there yet.
          return false;
        }
      });
    }
    await eventually(() =>
      this.#all(async ({ admin }) => {
        const info = String(await admin.cluster('INFO'));
        const nodes = await nodesOf(admin);
        return info.includes('cluster_state:ok') && nodes.filter(({ flags }) => flags.includes('slave')).length === 3;
      }),
    );
    await synced(this.servers, 1);
  }

  async #primaries(): Promise<{ id: string; server: RedisServer; slots: [number, number][] }[]> {
    for (const { admin } of this.servers) {
      const nodes = await nodesOf(admin).catch(() => undefined);
      if (!nodes) continue;
      return nodes
        .filter(({ flags, slots }) => flags.includes('master') && !flags.includes('fail') && slots.length > 0)
        .flatMap(({ id, port, slots }) => {
          const server = this.servers.find((each) => each.port === port);
          return server ? [{ id, server, slots }] : [];
        });
    }
    return [];
  }

  async #all(holds: (server: RedisServer) => Promise<boolean>): Promise<boolean> {
    return (await Promise.all(this.servers.map(holds))).every(Boolean);
  }
}

/** Waits until each replica has the data of its primary. @param replicas how many each primary has */
function synced(servers: readonly RedisServer[], replicas: number): Promise<void> {
  return eventually(async () => {
    const all = await Promise.all(servers.map(({ admin }) => admin.info('replication')));
    return all.every((info) =>
      info.includes('role:master')
        ? (info.match(/state=online/g) ?? []).length === replicas
        : info.includes('master_link_status:up'),
    );
  });
}

/** Asks again until the condition holds. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not become true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A reply that is a list of names and values. */
function fieldsOf(reply: unknown): Record<string, string> {
  const list = Array.isArray(reply) ? reply.map(String) : [];
  return Object.fromEntries(list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1] ?? '']] : [])));
}

async function nodesOf(admin: RedisServer['admin']) {
  const lines = String(await admin.cluster('NODES'))
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [id = '', address = '', flags = '', , , , , , ...slots] = line.split(' ');
    return {
      id,
      port: Number(/:(\d+)@/.exec(address)?.[1]),
      flags: flags.split(','),
      slots: slots
        .filter((range) => /^\d/.test(range))
        .map((range): [number, number] => {
          const [first = '', last = first] = range.split('-');
          return [Number(first), Number(last)];
        }),
    };
  });
}
