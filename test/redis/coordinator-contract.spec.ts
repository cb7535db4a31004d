import { systemClock } from '../../src/core/clock.ts';
import { StoreCoordinator } from '../../src/store/store-coordinator.ts';
import { coordinates } from '../support/coordinator-contract.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { closeStores, openRedis } from '../support/stores.ts';

describe('a Redis of its own', () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(endRedis);

  coordinates('over Redis', {
    async open(replicas) {
      await server.admin.flushall();
      return Array.from({ length: replicas }, () => new StoreCoordinator(openRedis(server), systemClock));
    },
    end: async () => closeStores(),
  });
});
