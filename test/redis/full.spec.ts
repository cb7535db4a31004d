import assert from 'node:assert/strict';
import { systemClock } from '../../src/core/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { OneTimeGuard } from '../support/one-time-guard.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { ScriptedTransport } from '../support/scripted-transport.ts';
import { addressOf, PASSPHRASE } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { ASK, isSignedIn, SETTINGS } from '../support/visual-guard.ts';

const PEOPLE = 30;
/** How long tokens are valid, in s: each reaches its last twentieth while Redis is full. */
const TTL = 8;
/** The time for a message with a valid token, in turns of a timer: a busy machine makes them longer, not more. */
const MOST_TURNS = 50;
const TURN = 10;

describe('a Redis that is full', () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(endRedis);

  it('delays no message that has a valid token', async () => {
    const guard = new OneTimeGuard();
    const engine = new Engine();
    const settings = {
      kind: 'redis',
      ...addressOf(redis.port),
      prefix: 'vg-auth:',
      encryptionKey: PASSPHRASE,
    } as const;
    const store = engine.holdStore(settings, {}, '').value;
    const transport = new ScriptedTransport(systemClock);
    transport.otherwise = ({ form }) => guard.answer(form);
    const server = engine.holdServer(SETTINGS, transport, '', store).value;
    const signIn = async (number: number): Promise<Session> => {
      guard.life = TTL * (0.5 + (0.5 * number) / PEOPLE);
      const person = { user: `service-${number}`, password: `service-${number}-password` };
      return isSignedIn(await server.signIn(person, ASK)).session;
    };
    await until(() => store.state.at === 'ready');
    const sessions: Session[] = [];
    for (let number = 0; number < PEOPLE; number += 1) sessions.push(await signIn(number));
    await redis.admin.config('SET', 'maxmemory', '1');
    // A write reports that it is full.
    await signIn(PEOPLE);
    await until(() => store.state.at === 'gone');
    assert.deepEqual(store.state, { at: 'gone', cause: 'OOM' });

    let turn = 0;
    let longest = 0;
    const waiting = new Set<Promise<void>>();
    const counts = { valid: 0, withoutToken: 0 };
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        turn += 1;
        const session = sessions[turn % PEOPLE];
        if (!session || guard.counts.refreshes >= PEOPLE) {
          clearInterval(timer);
          resolve();
          return;
        }
        const { token } = session.source;
        const begun = turn;
        const isValid = token !== undefined && token.expiresAt > Date.now();
        const message = session.ask().then((result) => {
          if (isValid) counts.valid += 1;
          if (!result.token) counts.withoutToken += 1;
          if (isValid) longest = Math.max(longest, turn - begun);
          waiting.delete(message);
        });
        waiting.add(message);
      }, TURN);
    });
    await Promise.all(waiting);
    assert.deepEqual(store.state, { at: 'gone', cause: 'OOM' });
    assert.ok(counts.valid > 100, `${counts.valid} messages`);
    assert.equal(counts.withoutToken, 0);
    assert.ok(longest <= MOST_TURNS, `a message waited for ${longest} turns`);
    await redis.admin.config('SET', 'maxmemory', '0');
    await until(() => store.state.at === 'ready');
    server.close();
    store.close();
  });
});
