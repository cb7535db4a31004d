import { systemClock } from '../../src/core/clock.ts';
import type { RedisAddress } from '../../src/store/redis-address.ts';
import { StoreCoordinator } from '../../src/store/store-coordinator.ts';
import { coordinates } from '../support/coordinator-contract.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { RedisCluster, Sentinels } from '../support/redis-topologies.ts';
import { keepsTheContract } from '../support/store-contract.ts';
import { addressOf, closeStores, openRedis } from '../support/stores.ts';

/** Real servers, and how a store connects to them. */
interface Servers {
  address: Partial<RedisAddress>;
  /** All servers that have keys. */
  all: readonly RedisServer[];
}

const TOPOLOGIES: Record<string, () => Promise<Servers>> = {
  'one server': async () => {
    const server = await startRedis();
    return { address: addressOf(server.port), all: [server] };
  },
  Sentinels: async () => {
    const { addresses, servers } = await Sentinels.start();
    return { address: { topology: 'sentinel', servers: addresses, primary: 'main' }, all: servers.slice(0, 1) };
  },
  'a cluster': async () => {
    const { addresses, servers } = await RedisCluster.start();
    // Any of its nodes is enough.
    return { address: { topology: 'cluster', servers: addresses.slice(1, 2) }, all: servers.slice(0, 3) };
  },
};

for (const [name, start] of Object.entries(TOPOLOGIES)) {
  describe(`Redis as ${name}`, function () {
    this.timeout(120_000);
    let servers: Servers;
    before(async () => {
      servers = await start();
    });
    after(endRedis);
    const empty = (): Promise<unknown> => Promise.all(servers.all.map(({ admin }) => admin.flushall()));

    keepsTheContract(`redis, ${name}`, {
      async open() {
        await empty();
        return openRedis(servers.address);
      },
      another: async () => openRedis(servers.address),
      // The life of an entry is measured by the server's clock, so this needs real time.
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 5)),
      end: async () => closeStores(),
    });

    coordinates(`over ${name}`, {
      async open(replicas) {
        await empty();
        const stores = Array.from({ length: replicas }, () => openRedis(servers.address));
        return stores.map((store) => new StoreCoordinator(store, systemClock));
      },
      end: async () => closeStores(),
    });
  });
}
