import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { createToken, type Token } from '../../src/oauth/token.ts';
import { type Renewal, TokenSource } from '../../src/oauth/token-source.ts';
import { FakeSystem, isSettled, START, settle } from '../support/fake-system.ts';
import '../support/rejections.ts';

const SECOND = 1000;
const DOWN = new AuthError('connection-refused', { host: 'auth.example.org' });

type Mode = 'up' | 'down' | 'refusing' | Error;

/** A source with a server that can be switched off. The random value is 0, so a token of 300 s is renewed from 240 s on. */
function switchable(mode: Mode = 'up') {
  const system = new FakeSystem(0);
  const at: number[] = [];
  const server = { mode };
  const make = (lifetime = 300 * SECOND): Token =>
    createToken({ accessToken: `t${at.length}`, sentAt: system.now(), lifetime, scope: [], missingScope: [] }, system);
  const renew: Renewal = async () => {
    at.push((system.now() - START) / SECOND);
    if (server.mode === 'up') return { token: make() };
    if (server.mode === 'refusing') return { refused: { reason: 'client-invalid', error: 'invalid_client' } };
    throw server.mode === 'down' ? DOWN : server.mode;
  };
  const source = new TokenSource({ renew, clock: system, host: 'auth.example.org' });
  return { system, server, source, at };
}

/** Asks every 100 ms during this time, and waits for no answer. */
async function askEvery100ms({ source, system }: ReturnType<typeof switchable>, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    void source.ask();
    await system.pass(100);
  }
}

describe('after a failed renewal', () => {
  it('the old token is used until it expires', async () => {
    const kept = switchable();
    await kept.source.ask();
    kept.server.mode = 'down';
    for (let second = 0; second < 300; second += 1) {
      assert.equal(kept.source.current()?.accessToken, 't1', `at ${second} s`);
      assert.equal((await kept.source.ask()).token?.accessToken, 't1', `at ${second} s`);
      await kept.system.pass(SECOND);
    }
    assert.equal(kept.source.current(), undefined);
  });

  it('messages that wait in the hard window get the old token', async () => {
    const kept = switchable();
    await kept.source.ask();
    kept.server.mode = 'down';
    await kept.system.pass(295 * SECOND);
    assert.equal(kept.source.current(), undefined);
    assert.equal((await kept.source.ask()).token?.accessToken, 't1');
  });

  it('the next try waits 1 s, doubling to 30 s, however many messages arrive', async () => {
    const kept = switchable('down');
    await askEvery100ms(kept, 130 * SECOND);
    assert.deepEqual(kept.at, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
  });

  it('the pause is up to a half shorter at random, so that sources that fail together do not return together', async () => {
    const kept = switchable('down');
    kept.system.chance = 0.999_999;
    await askEvery100ms(kept, 60 * SECOND);
    assert.deepEqual(
      kept.at.map((at) => Math.round(at * 10) / 10),
      // The first of 30 s may have any length from 1 s on, which spreads a fleet evenly; the next ones are 27 s to 30 s.
      [0, 0.5, 1.5, 3.5, 7.5, 15.5, 16.5, 43.5],
    );
  });

  it('no request is sent automatically: without a message there is no try', async () => {
    const kept = switchable('down');
    const asked = kept.source.ask();
    await kept.system.pass(0);
    assert.equal((await asked).failed?.code, 'AUTH_NETWORK');
    await kept.system.pass(600 * SECOND);
    assert.deepEqual(kept.at, [0]);
  });

  it('a message that arrives in the pause waits for its end, and then gets the token', async () => {
    const kept = switchable('down');
    await kept.source.ask();
    kept.server.mode = 'up';
    const next = kept.source.ask();
    assert.equal(await isSettled(next), false);
    await kept.system.pass(SECOND);
    assert.equal((await next).token?.accessToken, 't2');
    assert.deepEqual(kept.at, [0, 1]);
  });

  it('a success resets the pauses: the next failure waits 1 s again', async () => {
    const kept = switchable('down');
    await askEvery100ms(kept, 7 * SECOND);
    kept.server.mode = 'up';
    await askEvery100ms(kept, 10 * SECOND);
    assert.deepEqual(kept.at, [0, 1, 3, 7, 15]);
    kept.server.mode = 'down';
    await kept.system.pass(300 * SECOND);
    kept.at.length = 0;
    const since = (kept.system.now() - START) / SECOND;
    await askEvery100ms(kept, 2 * SECOND);
    assert.deepEqual(
      kept.at.map((moment) => Math.round(moment - since)),
      [0, 1],
    );
  });

  it('a renewal that fails with anything but an AuthError is a fault without the text of that error', async () => {
    const kept = switchable(new TypeError('secret-text'));
    const { failed } = await kept.source.ask();
    assert.equal(failed?.code, 'AUTH_BAD_RESPONSE');
    assert.ok(!failed?.message.includes('secret-text'));
  });

  it('a background renewal is never an unhandled rejection', async () => {
    const kept = switchable();
    await kept.source.ask();
    kept.server.mode = new Error('nobody awaits this');
    await kept.system.pass(250 * SECOND);
    assert.equal(kept.source.current()?.accessToken, 't1');
    await settle();
    assert.equal(kept.at.length, 2);
  });

  it('a clock that is set back does not make the pause longer', async () => {
    const kept = switchable('down');
    await kept.source.ask();
    kept.server.mode = 'up';
    kept.system.setClock(-3600 * SECOND);
    const next = kept.source.ask();
    await kept.system.pass(30 * SECOND);
    assert.equal((await next).token?.accessToken, 't2');
  });
});

describe('after a server asked for a pause', () => {
  const later = (seconds: number): AuthError =>
    new AuthError('retry-later', { host: 'auth.example.org', status: 429, seconds }, START + seconds * SECOND);

  it('messages in the pause get the time at once, and no request is sent', async () => {
    const kept = switchable(later(60));
    await kept.source.ask();
    kept.server.mode = 'up';
    const { failed } = await kept.source.ask();
    assert.equal(failed?.code, 'AUTH_UNAVAILABLE');
    assert.equal(failed?.retryAt, START + 60 * SECOND);
    await askEvery100ms(kept, 59 * SECOND);
    assert.deepEqual(kept.at, [0]);
    await kept.system.pass(2 * SECOND);
    assert.equal((await kept.source.ask()).token?.accessToken, 't2');
    assert.deepEqual(kept.at, [0, 60]);
  });

  it('the next request is never sent sooner, and up to a tenth later at random', async () => {
    const kept = switchable(later(60));
    kept.system.chance = 0.999_999;
    await kept.source.ask();
    kept.server.mode = 'up';
    await askEvery100ms(kept, 70 * SECOND);
    assert.deepEqual(kept.at.map(Math.round), [0, 66]);
  });

  it('an absurd time does not stop the source permanently', async () => {
    const kept = switchable(later(999_999_999));
    await kept.source.ask();
    kept.server.mode = 'up';
    await kept.system.pass(3600 * SECOND);
    assert.equal((await kept.source.ask()).token?.accessToken, 't2');
  });
});

describe('after a refusal', () => {
  it('it is remembered for 30 s, with the time of the next request', async () => {
    const kept = switchable('refusing');
    const first = await kept.source.ask();
    assert.deepEqual(first.refused, {
      reason: 'client-invalid',
      error: 'invalid_client',
      retryAt: START + 30 * SECOND,
    });
    await askEvery100ms(kept, 29.9 * SECOND);
    assert.deepEqual(await kept.source.ask(), first);
    assert.deepEqual(kept.at, [0]);
    kept.server.mode = 'up';
    await kept.system.pass(100);
    assert.equal((await kept.source.ask()).token?.accessToken, 't2');
  });

  it('the old token is used until it expires', async () => {
    const kept = switchable();
    await kept.source.ask();
    kept.server.mode = 'refusing';
    await kept.system.pass(240 * SECOND);
    await askEvery100ms(kept, 60 * SECOND);
    assert.deepEqual(kept.at, [0, 240, 270]);
    assert.equal((await kept.source.ask()).refused?.reason, 'client-invalid');
  });

  it('a clock that is set back does not extend that time', async () => {
    const kept = switchable('refusing');
    await kept.source.ask();
    kept.server.mode = 'up';
    kept.system.setClock(-3600 * SECOND);
    await kept.system.pass(30 * SECOND);
    assert.equal((await kept.source.ask()).token?.accessToken, 't2');
  });
});

describe('a token that an API rejected', () => {
  it('is dropped if it is still the cached one, and the next message gets a newer one', async () => {
    const kept = switchable();
    const { token } = await kept.source.ask();
    assert.equal(kept.source.reject(token?.generation ?? 0), true);
    assert.equal(kept.source.current(), undefined);
    assert.equal((await kept.source.ask()).token?.accessToken, 't2');
  });

  it('changes nothing if a newer one is cached already', async () => {
    const kept = switchable();
    const { token } = await kept.source.ask();
    kept.source.reject(token?.generation ?? 0);
    await kept.source.ask();
    assert.equal(kept.source.reject(token?.generation ?? 0), true);
    assert.equal(kept.source.current()?.accessToken, 't2');
    assert.equal(kept.at.length, 2);
  });

  it('forces one renewal for 1,000 messages that bring it back', async () => {
    const kept = switchable();
    const { token } = await kept.source.ask();
    const generation = token?.generation ?? 0;
    await Promise.all(Array.from({ length: 1000 }, () => kept.source.reject(generation) && kept.source.ask()));
    assert.equal(kept.at.length, 2);
  });

  it('forces at most one renewal in 30 s', async () => {
    const kept = switchable();
    const first = await kept.source.ask();
    assert.equal(kept.source.reject(first.token?.generation ?? 0), true);
    const second = await kept.source.ask();
    const generation = second.token?.generation ?? 0;
    await kept.system.pass(30 * SECOND - 1);
    assert.equal(kept.source.reject(generation), false);
    assert.equal(kept.source.current()?.accessToken, 't2');
    await kept.system.pass(1);
    assert.equal(kept.source.reject(generation), true);
    assert.equal((await kept.source.ask()).token?.accessToken, 't3');
  });

  it('is not used again if the renewal fails', async () => {
    const kept = switchable();
    const { token } = await kept.source.ask();
    kept.server.mode = 'down';
    kept.source.reject(token?.generation ?? 0);
    assert.equal((await kept.source.ask()).failed?.code, 'AUTH_NETWORK');
    assert.equal(kept.source.current(), undefined);
  });
});
