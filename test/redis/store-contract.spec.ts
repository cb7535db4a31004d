import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { keepsTheContract } from '../support/store-contract.ts';
import { closeStores, openRedis } from '../support/stores.ts';

describe('a Redis of its own', () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(endRedis);

  keepsTheContract('redis', {
    async open() {
      await server.admin.flushall();
      return openRedis(server);
    },
    another: async () => openRedis(server),
    // The life of an entry is by the server's clock, so this is its time to take.
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 5)),
    end: async () => closeStores(),
  });
});
