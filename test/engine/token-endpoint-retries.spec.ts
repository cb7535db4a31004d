import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { sendWithRetries } from '../../src/oauth/token-endpoint.ts';
import { FakeSystem, START, settle } from '../support/fake-system.ts';
import { json, page, ScriptedTransport, type Step, silence } from '../support/scripted-transport.ts';
import '../support/rejections.ts';

const SECOND = 1000;
const REQUEST = { url: 'https://auth.example.org/token', form: { grant_type: 'client_credentials' } };
const granted = json(200, { access_token: 'abc', token_type: 'bearer' });
const cut = new AuthError('connection-cut', { host: 'auth.example.org' });

/** Sends a request, lets this time pass, and returns when each try was sent (in s) and the result. */
async function ask(script: Step[], { chance = 0, wait = 60 * SECOND } = {}) {
  const system = new FakeSystem(chance);
  const transport = new ScriptedTransport(system, ...script);
  let endedAt = Number.NaN;
  const asked = sendWithRetries(transport, REQUEST, system)
    .then(
      ({ answer }) => ({ answer, error: undefined }),
      (error: unknown) => ({ answer: undefined, error: error as AuthError }),
    )
    .finally(() => {
      endedAt = (system.now() - START) / SECOND;
    });
  await settle();
  await system.pass(wait);
  const result = await asked;
  return { ...result, endedAt, transport, at: transport.sentAt.map((sent) => (sent - START) / SECOND) };
}

describe('a client credentials request', () => {
  const transient: [string, Step][] = [
    ['a network error', cut],
    ['a host that is not known', new AuthError('host-unknown', { host: 'h' })],
    ['408', page(408)],
    ['429', page(429)],
    ['500', page(500)],
    ['502', page(502)],
    ['503', page(503)],
    ['504', page(504)],
  ];
  for (const [name, step] of transient) {
    it(`is sent again after ${name}`, async () => {
      const { answer, transport } = await ask([step, granted]);
      assert.equal(answer?.granted && answer.accessToken, 'abc');
      assert.equal(transport.requests.length, 2);
      assert.deepEqual(transport.requests[0].form, transport.requests[1].form);
    });
  }

  it('is sent 3 times at most', async () => {
    const { error, transport } = await ask([page(503), page(503), page(503), granted]);
    assert.equal(error?.code, 'AUTH_UNAVAILABLE');
    assert.equal(error?.status, 503);
    assert.equal(transport.requests.length, 3);
  });

  it('reports the network error of the last try', async () => {
    const { error } = await ask([page(503), cut, cut]);
    assert.equal(error?.code, 'AUTH_NETWORK');
  });

  it('is sent again after pauses that double, half of each at random', async () => {
    const least = (await ask([cut, cut, granted], { chance: 0 })).at;
    const most = (await ask([cut, cut, granted], { chance: 1 })).at;
    const [first, second] = [least[1], least[2] - least[1]];
    assert.ok(first > 0);
    assert.equal(second, first * 2);
    assert.deepEqual([most[1], most[2] - most[1]], [first * 2, second * 2]);
  });

  const final: [string, Step][] = [
    ['400', json(400, { error: 'invalid_scope' })],
    ['401', json(401, { error: 'invalid_client' })],
    ['401, empty', { status: 401, empty: true }],
    ['403', json(403, { error: 'access_denied' })],
    ['404', page(404)],
    ['a redirect', { status: 302 }],
    ['200 with HTML', page(200)],
    ['a certificate that is not known', new AuthError('certificate-unknown', { host: 'h', cause: 'c' })],
    [
      'a reply that is too large',
      new AuthError('reply-too-large', { host: 'h', status: 200, contentType: 'text/html' }),
    ],
  ];
  for (const [name, step] of final) {
    it(`is not sent again after ${name}`, async () => {
      const { transport, endedAt } = await ask([step, granted]);
      assert.equal(transport.requests.length, 1);
      assert.equal(endedAt, 0);
    });
  }

  it('takes 15 s at most, and all its tries together no longer than a message waits', async () => {
    const { error, at, endedAt, transport } = await ask([silence, silence, silence]);
    assert.equal(error?.code, 'AUTH_TIMEOUT');
    assert.equal(transport.requests[0].timeout, 15 * SECOND);
    assert.ok(at[1] >= 15);
    assert.ok(endedAt <= 30, `ended after ${endedAt} s`);
  });
});

describe('Retry-After', () => {
  const busy = (seconds: number): Step => page(429, { retryAfter: seconds * SECOND });

  it('is respected if it fits into the wait', async () => {
    const { at, answer } = await ask([busy(7), granted]);
    assert.deepEqual(at, [0, 7]);
    assert.ok(answer?.granted);
  });

  it('is no shorter than the back-off', async () => assert.deepEqual((await ask([busy(0), granted])).at, [0, 0.25]));

  it('is respected after 503, too', async () =>
    assert.deepEqual((await ask([page(503, { retryAfter: 5 * SECOND }), granted])).at, [0, 5]));

  for (const seconds of [30, 60, 999_999_999]) {
    it(`of ${seconds} s, which does not fit, is AUTH_UNAVAILABLE at once, with the time`, async () => {
      const { error, at, endedAt } = await ask([busy(seconds), granted]);
      assert.deepEqual(at, [0]);
      assert.equal(endedAt, 0);
      assert.equal(error?.code, 'AUTH_UNAVAILABLE');
      assert.equal(error?.status, 429);
      assert.equal(error?.retryAt, START + seconds * SECOND);
    });
  }

  it('is compared with the rest of the wait', async () => {
    const { at, error } = await ask([busy(20), busy(20), granted]);
    assert.deepEqual(at, [0, 20]);
    assert.equal(error?.retryAt, START + 40 * SECOND);
  });

  it('of the third try is reported, but not waited for', async () => {
    const { at, error, endedAt } = await ask([busy(1), busy(1), busy(1)]);
    assert.deepEqual(at, [0, 1, 2]);
    assert.equal(endedAt, 2);
    assert.equal(error?.code, 'AUTH_UNAVAILABLE');
    assert.equal(error?.retryAt, START + 3 * SECOND);
  });

  it('of a refusal is ignored', async () => {
    const { at, answer } = await ask([json(400, { error: 'invalid_client' }, { retryAfter: SECOND })]);
    assert.deepEqual(at, [0]);
    assert.equal(answer?.refused?.reason, 'client-invalid');
  });
});
