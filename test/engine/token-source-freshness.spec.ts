import assert from 'node:assert/strict';
import { Metrics } from '../../src/oauth/metrics.ts';
import { createToken, type Token } from '../../src/oauth/token.ts';
import { type Renewal, type SourceState, TokenSource } from '../../src/oauth/token-source.ts';
import { FakeSystem, isSettled, START, settle } from '../support/fake-system.ts';
import '../support/rejections.ts';

const SECOND = 1000;
const LIFE = 300 * SECOND;

/** A source whose renewals the test answers. The random value is 0, so the soft window begins 60 s before the end. */
function sourceWith(renew?: Renewal, changed?: (state: SourceState) => void) {
  const system = new FakeSystem(0);
  let renewals = 0;
  const make = (lifetime = LIFE): Token =>
    createToken({ accessToken: `t${renewals}`, sentAt: system.now(), lifetime, scope: [], missingScope: [] }, system);
  const source = new TokenSource({
    renew: () => {
      renewals += 1;
      return renew ? renew(true) : Promise.resolve({ token: make() });
    },
    clock: system,
    host: 'auth.example.org',
    changed,
  });
  return { system, source, make, renewals: () => renewals };
}

/** A renewal that ends when the test says so. */
function held() {
  let end: (result: Awaited<ReturnType<Renewal>>) => void = () => undefined;
  const promise = new Promise<Awaited<ReturnType<Renewal>>>((resolve) => {
    end = resolve;
  });
  return { renew: () => promise, end: (token: Token) => end({ token }) };
}

describe('a token source', () => {
  it('reports the kind of its answer: hit, stale, inflight or miss', async () => {
    const system = new FakeSystem(0);
    const metrics = new Metrics();
    const make = (): Token =>
      createToken({ accessToken: 't', sentAt: system.now(), lifetime: LIFE, scope: [], missingScope: [] }, system);
    const behind = held();
    let renewals = 0;
    const renew = (): ReturnType<Renewal> => {
      renewals += 1;
      return renewals === 2 ? behind.renew() : Promise.resolve({ token: make() });
    };
    const source = new TokenSource({ renew, clock: system, host: 'auth.example.org', metrics });
    const { cache, counts } = metrics;

    await Promise.all([source.ask(), source.ask(), source.ask()]);
    assert.deepEqual(cache, { hit: 0, stale: 0, inflight: 2, miss: 1 });
    source.current();
    await source.ask();
    assert.deepEqual(cache, { hit: 2, stale: 0, inflight: 2, miss: 1 });
    await system.pass(240 * SECOND);
    source.current();
    await source.ask();
    assert.deepEqual(cache, { hit: 2, stale: 2, inflight: 2, miss: 1 });
    await system.pass(55 * SECOND);
    assert.equal(source.current(), undefined);
    const waiting = source.ask();
    assert.deepEqual(cache, { hit: 2, stale: 2, inflight: 3, miss: 1 });
    behind.end(make());
    await waiting;
    assert.deepEqual([counts.hits, counts.waits], [4, 4]);
  });

  it('sends one request for 1,000 messages at once, and gives all of them its token', async () => {
    const { source, renewals } = sourceWith();
    const asked = await Promise.all(Array.from({ length: 1000 }, () => source.ask()));
    assert.equal(renewals(), 1);
    assert.deepEqual(new Set(asked.map(({ token }) => token?.accessToken)), new Set(['t1']));
  });

  it('sends no request while the token is valid and outside its windows', async () => {
    const { source, system, renewals } = sourceWith();
    await source.ask();
    await system.pass(240 * SECOND - 1);
    assert.equal(source.current()?.accessToken, 't1');
    assert.equal((await source.ask()).token?.accessToken, 't1');
    assert.equal(renewals(), 1);
  });

  it('returns a valid token without any asynchronous step', async () => {
    const { source } = sourceWith();
    assert.equal(source.current(), undefined);
    await source.ask();
    assert.equal(source.current()?.accessToken, 't1');
  });

  it('returns the old token at once in the soft window, and runs one renewal in the background', async () => {
    const behind = held();
    let first = true;
    const { source, system, make, renewals } = sourceWith(() => {
      if (!first) return behind.renew();
      first = false;
      return Promise.resolve({ token: make() });
    });
    await source.ask();
    await system.pass(240 * SECOND);
    for (let message = 0; message < 100; message += 1) assert.equal(source.current()?.accessToken, 't1');
    assert.equal((await source.ask()).token?.accessToken, 't1');
    assert.equal(renewals(), 2);
    behind.end(make());
    await settle();
    assert.equal(source.current()?.accessToken, 't2');
  });

  it('makes all messages wait for the same renewal in the hard window', async () => {
    const renewal = held();
    let first = true;
    const { source, system, make, renewals } = sourceWith(() => {
      if (!first) return renewal.renew();
      first = false;
      return Promise.resolve({ token: make() });
    });
    await source.ask();
    await system.pass(290 * SECOND);
    assert.equal(source.current(), undefined);
    const waiting = [source.ask(), source.ask(), source.ask()];
    assert.equal(await isSettled(Promise.race(waiting)), false);
    renewal.end(make());
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ token }) => token?.accessToken),
      ['t2', 't2', 't2'],
    );
    assert.equal(renewals(), 2);
  });

  it('returns no token from the moment it expires', async () => {
    const { source, system, make } = sourceWith(() => new Promise(() => undefined));
    const begun = new TokenSource({ renew: () => new Promise(() => undefined), clock: system, host: 'h' }, make());
    await system.pass(LIFE);
    assert.equal(begun.current(), undefined);
    assert.equal(source.current(), undefined);
  });

  it('gives a token without a usable life to those who wait, and to nobody after', async () => {
    const { source, make, renewals } = sourceWith(() => Promise.resolve({ token: make(0) }));
    const waiting = await Promise.all([source.ask(), source.ask()]);
    assert.deepEqual(
      waiting.map(({ token }) => token?.accessToken),
      ['t1', 't1'],
    );
    assert.equal(source.current(), undefined);
    assert.equal((await source.ask()).token?.accessToken, 't2');
    assert.equal(renewals(), 2);
  });

  it('discards a token if the clock was set back to before it was obtained', async () => {
    const { source, system } = sourceWith();
    await source.ask();
    system.setClock(-1);
    assert.equal(source.current(), undefined);
    assert.equal((await source.ask()).token?.accessToken, 't2');
  });

  it('drops its token on request', async () => {
    const states: string[] = [];
    const { source } = sourceWith(undefined, ({ at }) => states.push(at));
    await source.ask();
    source.clear();
    assert.equal(source.current(), undefined);
    assert.deepEqual(states, ['renewing', 'valid', 'idle']);
  });

  it('reports nothing when it merely returns a token', async () => {
    const states: string[] = [];
    const { source } = sourceWith(undefined, ({ at }) => states.push(at));
    await source.ask();
    await source.ask();
    source.current();
    assert.deepEqual(states, ['renewing', 'valid']);
  });

  it('gives its token to those who wait even if a listener for the state fails', async () => {
    const { source } = sourceWith(undefined, () => {
      throw new Error('a defect of the status');
    });
    assert.equal((await source.ask()).token?.accessToken, 't1');
  });
});

describe('a message that waits for a token', () => {
  it('fails after 30 s with AUTH_TIMEOUT, and does not cancel the request for the others', async () => {
    const renewal = held();
    const { source, system, make, renewals } = sourceWith(renewal.renew);
    const first = source.ask();
    await system.pass(20 * SECOND);
    const second = source.ask();
    await system.pass(10 * SECOND - 1);
    assert.equal(await isSettled(first), false);
    await system.pass(1);
    const { failed } = await first;
    assert.equal(failed?.code, 'AUTH_TIMEOUT');
    assert.match(failed?.message ?? '', /auth\.example\.org within 30 s/);
    assert.equal(await isSettled(second), false);
    renewal.end(make());
    assert.equal((await second).token?.accessToken, 't1');
    assert.equal(renewals(), 1);
    assert.equal(source.current()?.accessToken, 't1');
  });

  it('leaves no timer behind after it got its token', async () => {
    const { source, system } = sourceWith();
    await source.ask();
    assert.equal(system.pending, 0);
  });
});

describe('10 messages a second for an hour, with tokens of 300 s', () => {
  for (const chance of [0, 0.5, 0.999]) {
    it(`cause 16 requests or fewer, and only the first one waits (random value ${chance})`, async () => {
      const system = new FakeSystem(chance);
      let requests = 0;
      const source = new TokenSource({
        host: 'h',
        clock: system,
        // A server that takes 80 ms.
        renew: () =>
          new Promise((resolve) => {
            requests += 1;
            const sentAt = system.now();
            system.after(80, () =>
              resolve({
                token: createToken({ accessToken: 't', sentAt, lifetime: LIFE, scope: [], missingScope: [] }, system),
              }),
            );
          }),
      });
      const waited: number[] = [];
      const expired: number[] = [];
      for (let message = 0; message < 36_000; message += 1) {
        const token = source.current();
        if (token && system.now() >= token.expiresAt) expired.push(message);
        if (!token) {
          waited.push(message);
          void source.ask();
        }
        await system.pass(100);
      }
      assert.equal(system.now(), START + 3_600_000);
      assert.deepEqual(waited, [0]);
      assert.deepEqual(expired, []);
      assert.ok(requests <= 16 && requests >= 12, `${requests} requests`);
    });
  }
});
