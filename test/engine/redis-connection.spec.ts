import assert from 'node:assert/strict';
import { RedisConnection } from '../../src/store/redis-connection.ts';
import { FakeSystem } from '../support/fake-system.ts';
import '../support/rejections.ts';

describe('the connection to a Redis', () => {
  it('is unavailable, and nothing else fails, if no client can be created', async () => {
    const target = {
      topology: 'sentinel',
      // ioredis throws, because it needs the address of at least one Sentinel.
      servers: [],
      primary: '',
      database: 0,
      username: '',
      password: '',
      sentinelPassword: '',
      isSecure: false,
      tls: {},
    } as const;
    const user = { connected: async () => undefined, catchUp: async () => undefined, received() {}, missed() {} };
    const connection = new RedisConnection(target, 'vg-auth:', new FakeSystem(), user);
    await connection.settled;
    assert.equal(connection.state.at, 'gone');
    await assert.rejects(connection.run('readRecord', [], []), { code: 'AUTH_STORE' });
    connection.close();
  });
});
