import assert from 'node:assert/strict';
import type { MessageToken } from '../../src/core/redaction.ts';
import { assertFault } from '../support/faults.ts';
import { holdTime } from '../support/held-time.ts';
import { load } from '../support/runtime.ts';
import { type Answer, type Answerer, always, closedPort, serve, silent } from '../support/servers.ts';
import { grantsInTurn, serveTokens, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';

const OLD = { access_token: 'old' } as MessageToken;

describe('get VGS token, if the answer cannot be used', () => {
  it('reports to a Catch node that the server is down, and works once it is back', async () => {
    holdTime();
    const port = await closedPort();
    const flow = await load(vgsFlow(`http://127.0.0.1:${port}/token`), VGS_CREDENTIALS);

    assertFault(await flow.ask('get', { payload: 'kept', token: OLD }), 'AUTH_NETWORK', `127.0.0.1:${port}`);
    assert.match(flow.status('get'), /AUTH_NETWORK/);

    await serve(grantsInTurn(), { port });
    const { at, msg } = await flow.ask('get', { payload: 'kept' });
    assert.equal(at, 'token');
    assert.equal(msg.payload, 'kept');
    assert.match(flow.status('get'), /valid-until/);
  });

  it('reports that the name is unknown', async () => {
    holdTime();
    const flow = await load(vgsFlow('https://no-such-host.invalid/token'), VGS_CREDENTIALS);

    assertFault(await flow.ask('get', { token: OLD }), 'AUTH_NETWORK', 'no-such-host.invalid');
  });

  it('reports that the connection was cut, after three tries', async () => {
    holdTime();
    const server = await serveTokens((_request, response) => {
      response.destroy();
      return undefined;
    });
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    assertFault(await flow.ask('get', { token: OLD }), 'AUTH_NETWORK', server.host);
    assert.equal(server.requests.length, 3);

    server.answer = grantsInTurn();
    assert.equal((await flow.ask('get')).at, 'token');
  });

  it('reports that no answer arrived, within 30 s in all', async () => {
    const time = holdTime();
    const server = await serveTokens(silent);
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    const begun = time.now();

    const caught = flow.ask('get', { token: OLD });
    await until(() => server.requests.length === 1);
    assertFault(await time.until(caught), 'AUTH_TIMEOUT', server.host);
    assert.ok(time.now() - begun <= 31_000, `it took ${time.now() - begun} ms`);

    server.answer = grantsInTurn();
    assert.equal((await time.until(flow.ask('get'))).at, 'token');
  });

  it('ends the wait of each message separately, and keeps the request for the others', async () => {
    const time = holdTime();
    let release: ((answer: Answer) => void) | undefined;
    const server = await serveTokens(
      () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    );
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    flow.send('get', { payload: 'first' });
    await until(() => server.requests.length === 1);
    await time.pass(14_000);
    flow.send('get', { payload: 'second' });
    release?.((await grantsInTurn()(server.requests[0] as never, undefined as never)) as Answer);

    assert.deepEqual(
      [(await flow.next('token')).msg.payload, (await flow.next('token')).msg.payload],
      ['first', 'second'],
    );
    assert.equal(server.requests.length, 1);
  });

  for (const status of [408, 429, 500, 502, 503]) {
    it(`reports that the server cannot answer now (${status}), after three tries`, async () => {
      holdTime();
      const server = await serveTokens(always({ status, body: '<html>THE-BODY</html>' }));
      const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

      assertFault(await flow.ask('get', { token: OLD }), 'AUTH_UNAVAILABLE', server.host);
      assert.equal(server.requests.length, 3);

      server.answer = grantsInTurn();
      assert.equal((await flow.ask('get')).at, 'token');
    });
  }

  it('succeeds if the second try succeeds', async () => {
    holdTime();
    const server = await serveTokens(always({ status: 503 }));
    const then: Answerer = grantsInTurn();
    server.answer = (...request) => {
      if (server.requests.length > 1) return then(...request);
      return { status: 503 };
    };
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    assert.equal((await flow.ask('get')).at, 'token');
    assert.equal(server.requests.length, 2);
  });

  it('respects a Retry-After that fits into the wait', async () => {
    const time = holdTime();
    const server = await serveTokens(always({ status: 429, headers: { 'retry-after': '3' } }));
    const then: Answerer = grantsInTurn();
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    const begun = time.now();
    server.answer = (...request) =>
      time.now() - begun >= 3_000 ? then(...request) : { status: 429, headers: { 'retry-after': '3' } };

    assert.equal((await flow.ask('get')).at, 'token');
    assert.equal(server.requests.length, 2);
  });

  for (const [what, retryAfter] of [
    ['seconds', (): string => '60'],
    ['a date', (now: number): string => new Date(now + 60_000).toUTCString()],
  ] as const) {
    it(`gives up at once if Retry-After (${what}) does not fit, and reports the time`, async () => {
      const time = holdTime();
      const begun = time.now();
      const server = await serveTokens(always({ status: 503, headers: { 'retry-after': retryAfter(begun) } }));
      const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

      assertFault(await flow.ask('get', { token: OLD }), 'AUTH_UNAVAILABLE', server.host);
      assert.equal(server.requests.length, 1);
      assert.match(flow.status('get'), /retry-at/);

      server.answer = grantsInTurn();
      assertFault(await flow.ask('get'), 'AUTH_UNAVAILABLE', server.host);
      assert.equal(server.requests.length, 1, 'nothing is asked before that time');

      await time.pass(60_000);
      assert.equal((await flow.ask('get')).at, 'token');
    });
  }

  const json = { 'content-type': 'application/json' };
  const html = { 'content-type': 'text/html; charset=utf-8' };
  const SENSELESS: [string, Answer, number, string][] = [
    ['HTML', { headers: html, body: '<html>THE-BODY</html>' }, 200, 'text/html'],
    ['an empty body', { headers: json }, 200, 'application/json'],
    ['no token', { body: { expires_in: 300, text: 'THE-BODY' } }, 200, 'application/json'],
    ['a number as the token', { body: { access_token: 12345 } }, 200, 'application/json'],
    ['an object as the token', { body: { access_token: { a: 'THE-BODY' } } }, 200, 'application/json'],
    ['an empty token', { body: { access_token: '' } }, 200, 'application/json'],
    ['JSON that is cut off', { headers: json, body: '{"access_token":"THE-TOKEN","exp' }, 200, 'application/json'],
    ['2 MiB of JSON', { body: { access_token: 'THE-TOKEN', text: 'x'.repeat(2 ** 21) } }, 200, 'application/json'],
    ['404 as HTML', { status: 404, headers: html, body: '<html>THE-BODY</html>' }, 404, 'text/html'],
    ['404 as JSON', { status: 404, body: { error: 'not_found', a: 'THE-BODY' } }, 404, 'application/json'],
    ['400 as HTML', { status: 400, headers: html, body: 'THE-BODY' }, 400, 'text/html'],
    ['403 as HTML', { status: 403, headers: html, body: 'THE-BODY' }, 403, 'text/html'],
    ['415 as JSON', { status: 415, body: { error: 'invalid_request' } }, 415, 'application/json'],
  ];
  for (const [what, answer, status, contentType] of SENSELESS) {
    it(`reports ${what}: status and content type, never the body`, async () => {
      holdTime();
      const server = await serveTokens(always(answer));
      const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

      const arrival = await flow.ask('get', { payload: 'kept', token: OLD });

      assertFault(arrival, 'AUTH_BAD_RESPONSE', server.host);
      assert.match(arrival.msg.error?.message ?? '', new RegExp(`status ${status}\\b`));
      assert.ok(arrival.msg.error?.message.includes(contentType), arrival.msg.error?.message);
      assert.equal(arrival.msg.payload, 'kept');
      server.answer = grantsInTurn();
      assert.equal((await flow.ask('get')).at, 'token');
    });
  }

  it('reports an answer that is cut off in the middle', async () => {
    holdTime();
    const server = await serveTokens((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"access_token":"THE-TOKEN"', () => response.destroy());
      return undefined;
    });
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    assertFault(await flow.ask('get', { token: OLD }), 'AUTH_BAD_RESPONSE', server.host);
    server.answer = grantsInTurn();
    assert.equal((await flow.ask('get')).at, 'token');
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`does not follow a redirect (${status})`, async () => {
      holdTime();
      const elsewhere = await serveTokens();
      const headers = { location: `${elsewhere.origin}/token`, 'content-type': 'text/html' };
      const server = await serveTokens(always({ status, headers, body: 'THE-BODY' }));
      const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

      const arrival = await flow.ask('get', { token: OLD });

      assertFault(arrival, 'AUTH_BAD_RESPONSE', server.host);
      assert.match(arrival.msg.error?.message ?? '', new RegExp(`status ${status}\\b`));
      assert.equal(elsewhere.requests.length, 0);
    });
  }

  it('prints no secret that a server repeats', async () => {
    holdTime();
    const server = await serveTokens(({ form }) => ({
      status: 400,
      headers: { 'content-type': `text/${form.get('client_secret')}` },
      body: { error: form.get('client_secret') ?? '', error_description: form.get('client_secret') ?? '' },
    }));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    const { msg } = await flow.ask('get');

    assert.doesNotMatch(JSON.stringify(msg), /THE-CLIENT-SECRET/i);
  });
});
