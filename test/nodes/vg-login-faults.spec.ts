import assert from 'node:assert/strict';
import type { MessageToken } from '../../src/core/redaction.ts';
import { certificates } from '../support/certificates.ts';
import { assertFault } from '../support/faults.ts';
import { guardFlow, signsIn, stored } from '../support/guard-server.ts';
import { type HeldTime, holdTime } from '../support/held-time.ts';
import { serveProxy } from '../support/proxy-server.ts';
import { load } from '../support/runtime.ts';
import { type Answer, always, closedPort, serve, silent } from '../support/servers.ts';
import { refuses } from '../support/token-server.ts';
import { until } from '../support/until.ts';

const OLD = { access_token: 'old' } as MessageToken;
const PERSON = stored('person', 'THE-PASSWORD');

describe('VG login, if the answer cannot be used', () => {
  let time: HeldTime;
  beforeEach(() => {
    time = holdTime();
  });

  const html = { 'content-type': 'text/html' };
  const cases: [string, Answer, string][] = [
    ['503', { status: 503, body: '<html>THE-BODY</html>' }, 'AUTH_UNAVAILABLE'],
    ['429', { status: 429, headers: { 'retry-after': '1' } }, 'AUTH_UNAVAILABLE'],
    ['HTML', { headers: html, body: '<html>THE-BODY</html>' }, 'AUTH_BAD_RESPONSE'],
    ['500 as HTML', { status: 500, headers: html, body: '<html>THE-BODY</html>' }, 'AUTH_UNAVAILABLE'],
    ['nothing', {}, 'AUTH_BAD_RESPONSE'],
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.test/' } }, 'AUTH_BAD_RESPONSE'],
    ['200 without token and state', { body: { a: 'THE-BODY' } }, 'AUTH_BAD_RESPONSE'],
    ['404 as JSON', { status: 404, body: { error: 'x' } }, 'AUTH_BAD_RESPONSE'],
    ['2 MiB', { body: { access_token: 'THE-TOKEN', text: 'x'.repeat(2 ** 21) } }, 'AUTH_BAD_RESPONSE'],
  ];
  for (const [what, answer, code] of cases) {
    it(`${what}: a Catch node, a password is never sent again automatically, and the next message works`, async () => {
      const server = await serve(always(answer));
      const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), PERSON);

      assertFault(await flow.ask('login', { payload: 'kept', token: OLD }), code, server.host);
      assert.equal(server.requests.length, 1);

      server.answer = always(signsIn('token-1'));
      assert.equal((await flow.ask('login')).at, 'in');
    });
  }

  it('a server that is down: a Catch node, and the next message works once it is back', async () => {
    const port = await closedPort();
    const flow = await load(guardFlow({ url: `http://127.0.0.1:${port}`, applicationId: 'a' }), PERSON);

    assertFault(await flow.ask('login', { token: OLD }), 'AUTH_NETWORK', `127.0.0.1:${port}`);
    await serve(always(signsIn('token-1')), { port });
    assert.equal((await flow.ask('login')).at, 'in');
  });

  it('no answer: a Catch node after 15 s', async () => {
    const server = await serve(silent);
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), PERSON);
    const caught = flow.ask('login', { token: OLD });
    await until(() => server.requests.length === 1);

    await time.pass(15_000);
    assertFault(await caught, 'AUTH_TIMEOUT', server.host);
    assert.equal(server.requests.length, 1);
  });

  for (const [error, reason] of [
    ['invalid_client', 'client-invalid'],
    ['unauthorized_client', 'client-invalid'],
    ['invalid_scope', 'scope-invalid'],
    ['unsupported_grant_type', 'grant-not-allowed'],
    ['invalid_grant', 'credentials-invalid'],
    ['invalid_request', 'unknown'],
  ] as const) {
    it(`${error} without a Visual Guard state: output 3, ${reason}`, async () => {
      const server = await serve(always(refuses(400, error)));
      const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), PERSON);

      const { at, msg } = await flow.ask('login', { token: OLD });

      assert.equal(at, 'refused');
      assert.deepEqual(msg.auth, { system: 'vg', state: 'refused', user: 'person', reason, error });
      assert.equal('token' in msg, false);
    });
  }

  it('signs in with a private authority, through a proxy', async () => {
    const made = certificates();
    const server = await serve(always(signsIn('token-1')), { tls: made.server });
    const proxy = await serveProxy('robot', 'THE-PROXY-PASSWORD');
    const flow = await load(
      [
        { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: true },
        { id: 'proxy', type: 'http proxy', url: proxy.url, noproxy: [] },
        ...guardFlow({ url: server.origin, applicationId: 'a', tls: 'tls', proxy: 'proxy' }),
      ],
      { ...PERSON, tls: { cadata: made.ca }, proxy: { username: 'robot', password: 'THE-PROXY-PASSWORD' } },
    );

    assert.equal((await flow.ask('login')).at, 'in');
    assert.equal(proxy.connected[0]?.target, server.host);
  });
});
