import assert from 'node:assert/strict';
import { request as send } from 'undici';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { CANARIES, CanaryServer } from '../support/canary-server.ts';
import { type Answerer, always, closedPort, closeServers, serve, silent } from '../support/servers.ts';
import { WebClient } from '../support/web-client.ts';
import { PRACTICE, WebForm } from '../support/web-form.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

describe(`07 - Sign a person in from a web form, its responses in ${version}`, function () {
  this.timeout(60_000);
  let form: WebForm;

  before(async () => {
    form = await WebForm.start(version);
  });

  afterEach(closeServers);

  after(() => form?.stop());

  describe('every response', () => {
    before(() => form.deploy());

    it('is kept in no cache and in no frame, and its cookies are hidden from scripts and other sites', async () => {
      const client = await form.open();
      const seen = new Set<string>();
      for (const open of [
        () => client.open('sign-in'),
        () => client.submit({ user: 'plain', password: 'wrong' }),
        () => client.submit({ user: 'plain', ...PRACTICE }),
        () => client.open('my-orders'),
        () => client.submit(),
        () => client.open('my-orders'),
      ]) {
        for (const { headers, status } of (await open()).responses) {
          assert.equal(headers.get('cache-control'), 'no-store');
          if (status === 200) assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
          for (const cookie of headers.getSetCookie()) {
            seen.add(cookie.replace(/=.*/, ''));
            const site = cookie.startsWith('session=') ? 'Lax' : 'Strict';
            if (!/=;/.test(cookie))
              assert.match(cookie, new RegExp(`^\\w+=[\\w-]{20,}; Path=/; HttpOnly; SameSite=${site}$`));
          }
        }
      }
      assert.deepEqual([...seen].sort(), ['browser', 'session']);
    });

    it('is sent even if there is no session, or an unknown one', async () => {
      const client = new WebClient(form.nodeRed.url);
      for (const session of ['', 'x'.repeat(32), 'j%3A%7B%22a%22%3A1%7D', '__proto__']) {
        for (const ask of [() => client.open('my-orders'), () => client.post('sign-out', {})]) {
          if (session) client.cookies.set('session', session);
          assert.equal((await ask()).status, 200);
          assert.match(client.page.text, /<h1>Sign in<\/h1>/, session);
          assert.equal(client.cookies.has('session'), false, 'the browser forgets it');
        }
      }
    });

    it('changes nothing if a request from another site has no cookie, as browsers send it', async () => {
      const client = await form.open();
      await client.submit({ user: 'plain', ...PRACTICE });
      const signedOut = await signOuts();
      for (const [method, path] of [
        ['POST', 'sign-out'],
        ['GET', 'my-orders'],
      ] as const) {
        const { status, cookies, location } = await request(path, {}, method);
        assert.deepEqual({ status, cookies, location }, { status: 303, cookies: [], location: 'sign-in' }, path);
      }
      assert.equal(await signOuts(), signedOut);
      await client.open('my-orders');
      assert.match(client.page.text, /recognizes you as plain/);
      await client.submit();
      assert.equal(await signOuts(), signedOut + 1);
    });

    it('has cookies for https only, unless the browser is on this machine', async () => {
      for (const host of ['localhost:1880', '127.0.0.1', '127.8.8.8:80', '[::1]:1880'])
        assert.equal(await isSecure({ host }), false, host);
      for (const host of ['gateway.example.com', 'localhost.example.com', '127.0.0.1.example.com', '192.168.1.5:1880'])
        assert.equal(await isSecure({ host }), true, host);
    });

    it('has cookies for https only behind a proxy that calls this machine by its local name', async () => {
      const host = '127.0.0.1:1880';
      for (const name of ['x-forwarded-for', 'x-forwarded-proto', 'X-Forwarded-Host', 'Forwarded'])
        assert.equal(await isSecure({ host, [name]: 'for' }), true, name);
      assert.equal(await isSecure({ host, origin: 'http://127.0.0.1:1880' }), false);
      assert.equal(await isSecure({ host, origin: 'https://gateway.example.com' }), true);
    });

    it('has a session cookie for https only behind such a proxy', async () => {
      for (const [name, value] of [
        ['x-forwarded-proto', 'https'],
        ['origin', 'https://gateway.example.com'],
      ] as const) {
        const client = await form.open();
        const body = new URLSearchParams({ ...client.forms[0]?.fields, user: 'plain', ...PRACTICE }).toString();
        const cookie = `browser=${client.cookies.get('browser')}`;
        const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded', [name]: value };
        const { status, cookies } = await request('sign-in', headers, 'POST', body);
        assert.equal(status, 303);
        assert.match(cookies.find((each) => each.startsWith('session=')) ?? '', /; HttpOnly; Secure; SameSite=Lax$/);
      }
    });
  });

  describe('a server that fails', () => {
    const resets: Answerer = (_request, response) => {
      response.socket?.resetAndDestroy();
      return undefined;
    };

    const against = (text: string, origin: string): string =>
      text
        .replace('"practice": true', '"practice": false')
        .replace('"url": ""', `"url": "${origin}"`)
        .replace('"applicationId": ""', '"applicationId": "app"');

    it('is reported to the person, who may try again', async () => {
      const identity = await serve(always({ status: 503, body: 'down' }));
      await form.deploy((text) => against(text, identity.origin));
      const client = await form.open();
      for (const answer of [identity.answer, resets, always({ status: 404, body: '<b>no</b>' })]) {
        identity.answer = answer;
        assert.equal((await client.submit({ user: 'anna', ...PRACTICE })).status, 503);
        assert.match(client.page.text, /The sign-in is not available at the moment\./);
      }
      await identity.close();
      assert.equal((await client.submit({ user: 'anna', ...PRACTICE })).status, 503);
    });

    it('keeps the code form if it fails while it checks the code', async () => {
      const identity = new CanaryServer();
      await identity.start();
      await form.deploy((text) => against(text, identity.origin));
      const client = await form.open();
      await client.submit({ user: 'anna', ...PRACTICE });
      identity.mood = 'broken';
      assert.equal((await client.submit({ code: CANARIES.code })).status, 503);
      assert.match(client.page.text, /The sign-in is not available at the moment\./);
      identity.mood = 'well';
      await client.submit({ code: CANARIES.code });
      assert.ok(client.cookies.has('session'));
      await identity.stop();
    });

    it('is reported on the page of the API', async () => {
      const api = await serve(always({ body: { signed_in_as: 'plain' } }));
      let client = await signedIn(api.origin);
      assert.match(client.page.text, /recognizes you as plain/);
      for (const answer of [resets, always({ status: 500, body: 'broken' }), always({ status: 404 })]) {
        api.answer = answer;
        assert.equal((await client.open('my-orders')).status, 502);
      }
      api.answer = silent;
      client = await signedIn(api.origin, '100');
      assert.equal(client.page.status, 502);
      client = await signedIn(`http://127.0.0.1:${await closedPort()}`);
      assert.equal(client.page.status, 502);
      assert.match(client.page.text, /The API is not available at the moment\. <a href="my-orders">Try again/);
    });

    it('gets a newer token once if the API rejects the token', async () => {
      const api = await serve(always({ body: { signed_in_as: 'plain' } }));
      const client = await signedIn(api.origin);
      api.answer = always({ status: 401 });
      await client.open('my-orders');
      assert.match(client.page.text, /<h1>Sign in<\/h1>/);
      const tokens = api.requests.map(({ headers }) => headers.authorization);
      assert.equal(new Set(tokens).size, 2);
      assert.equal(tokens.length, 3);
    });

    it('never causes a second answer to one request', () => {
      assert.doesNotMatch(form.nodeRed.log, /headers after they are sent|ERR_HTTP_HEADERS_SENT/);
    });
  });

  /** A person who signed in, and sees the answer of an API at this address. @param timeout in ms */
  async function signedIn(api: string, timeout = '10000'): Promise<WebClient> {
    await form.deploy((text) =>
      text.replace('$env(\\"VG_AUTH_PRACTICE_URL\\")', `\\"${api}\\"`).replace('"10000"', `"${timeout}"`),
    );
    const client = await form.open();
    await client.submit({ user: 'plain', ...PRACTICE });
    return client;
  }

  /** Whether the page of the form has a cookie for https only. @param headers of the request */
  async function isSecure(headers: Record<string, string>): Promise<boolean> {
    const { status, cookies } = await request('sign-in', headers);
    assert.equal(status, 200);
    assert.equal(cookies.length, 1);
    return /; Secure/.test(cookies[0] ?? '');
  }

  async function request(
    path: string,
    sent: Record<string, string>,
    method: 'GET' | 'POST' = 'GET',
    text?: string,
  ): Promise<{ status: number; cookies: string[]; location: unknown }> {
    const response = await send(form.nodeRed.url + path, { method, headers: sent, body: text ?? null });
    await response.body.dump();
    const { 'set-cookie': cookies = [], location } = response.headers;
    return { status: response.statusCode, cookies: [cookies].flat(), location };
  }

  /** How many sign-outs there were, of anybody. */
  async function signOuts(): Promise<number> {
    const { events } = (await form.nodeRed.admin('vg-auth/events')) as { events: { event: string }[] };
    return events.filter(({ event }) => event === 'vg-auth.sign-out').length;
  }
});
