import assert from 'node:assert/strict';
import helper from 'node-red-node-test-helper';
import type { SinonSpy } from 'sinon';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { load } from '../support/runtime.ts';
import { until } from '../support/until.ts';

interface Line {
  level: number;
  id?: string;
  msg?: unknown;
  event?: string;
}

/** The lines of the store at a level: 30 is a warning, 40 information, 98 an audit event. */
function lines(level: number): string[] {
  return (helper.log() as unknown as SinonSpy)
    .getCalls()
    .map((call) => call.args[0] as Line)
    .filter((line) => line.level === level && line.id === 'store')
    .map(({ event, msg }) => String(level === 98 ? event : msg));
}

describe('a Redis that is lost', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(endRedis);

  it('is in the log once, and once when it is back, even if two config nodes use it', async () => {
    const store = { type: 'auth-store', kind: 'redis', url: `redis://127.0.0.1:${server.port}` };
    const credentials = { encryptionKey: 'a key of more than 16' };
    const flow = await load(
      [
        { id: 'store', ...store },
        { id: 'twin', ...store },
      ],
      { store: credentials, twin: credentials },
    );
    await until(() => flow.status('store').endsWith('status.ready'));
    assert.deepEqual([lines(30), lines(40), lines(98)], [[], [], []], 'a store that is reached at once is no news');
    await server.kill();
    await until(() => lines(30).length > 0);
    await server.restart();
    await until(() => lines(40).length > 0);
    assert.match(lines(30).join('\n'), /^The session store 127\.0\.0\.1:\d+ is unavailable. .*$/);
    assert.match(lines(40).join('\n'), /^.*log\.store-back$/);
    assert.deepEqual(lines(98), ['vg-auth.store-lost', 'vg-auth.store-back']);
  });
});
