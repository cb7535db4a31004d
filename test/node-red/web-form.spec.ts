import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request as send } from 'undici';
import { freePort, linkProject, NodeRed, type NodeRedVersion, PROJECT } from '../../scripts/node-red.ts';
import { type Answerer, always, closedPort, closeServers, serve, silent } from '../support/servers.ts';
import { WebClient } from '../support/web-client.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const EXAMPLE = join(PROJECT, 'examples/07 - Sign a person in from a web form.json');
const PRACTICE = { password: 'practice' };

/** What the flow keeps for one browser. */
interface SignIn {
  form: string;
  auth?: { challenge: { id: string } };
}

/** Tells the test what the flow keeps, and where the practice server is. */
const PEEK: object[] = [
  { id: 'peek-in', type: 'http in', url: '/peek', method: 'get', wires: [['peek']] },
  {
    id: 'peek',
    type: 'function',
    outputs: 1,
    func: "msg.payload = { signIns: flow.get('signIns'), practice: env.get('VG_AUTH_PRACTICE_URL') }; return msg;",
    wires: [['peek-out']],
  },
  { id: 'peek-out', type: 'http response', wires: [] },
].map((node) => ({ ...node, z: '27a88a55f70f5557', x: 0, y: 0 }));

describe(`07 - Sign a person in from a web form, imported into ${version}`, function () {
  this.timeout(60_000);
  let userDir: string;
  let nodeRed: NodeRed;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-web-form-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir, port: await freePort() });
  });

  afterEach(closeServers);

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  describe('a person', () => {
    before(() => deploy());

    it('signs in with a code, calls the API, and signs out', async () => {
      const client = await atTheForm();
      await client.submit({ user: 'sms', ...PRACTICE });
      assert.match(client.page.text, /A code was sent to \+49\*+0100\./);
      await client.submit({ code: codeFor('sms') });
      assert.match(client.page.text, /The API knows you as sms\./);
      assert.deepEqual(
        client.page.responses.map(({ status }) => status),
        [303, 200],
        'a reload of the page sends no form again',
      );
      const { session = '' } = Object.fromEntries(client.cookies);
      await client.submit();
      assert.match(client.page.text, /<h1>Sign in<\/h1>/);
      assert.equal(client.cookies.has('session'), false);

      client.cookies.set('session', session);
      await client.open('my-orders');
      assert.match(client.page.text, /<h1>Sign in<\/h1>/, 'the session is over, whoever kept the cookie');
    });

    it('signs in with a link', async () => {
      const client = await atTheForm();
      await client.submit({ user: 'link', ...PRACTICE });
      assert.match(client.page.text, /A link was sent to p\*+e@e\*+\.org\./);
      await client.submit();
      assert.match(client.page.text, /The link was not clicked yet\./);
      await fetch(`${(await peek()).practice}/practice/click/link`);
      // The reply to the click and the end of the sign-in come by two ways.
      for (let tries = 0; tries < 100 && !/knows you/.test(client.page.text); tries += 1) await client.submit();
      assert.match(client.page.text, /The API knows you as link\./);
    });

    it('signs in without a second factor', async () => {
      const client = await atTheForm();
      await client.submit({ user: 'plain', ...PRACTICE });
      assert.match(client.page.text, /The API knows you as plain\./);
    });

    it('may try again after a wrong password or a wrong code', async () => {
      const client = await atTheForm();
      await client.submit({ user: 'wrong-then-right', password: 'wrong' });
      assert.match(client.page.text, /The user name or the password is wrong\./);
      await client.submit({ user: 'wrong-then-right', ...PRACTICE });
      await client.submit({ code: '12' });
      assert.match(client.page.text, /The code is wrong\./);
      await client.submit({ code: codeFor('wrong-then-right') });
      assert.match(client.page.text, /knows you as wrong-then-right/);
    });

    it('is told why there is no sign-in, and gets the form again', async () => {
      const reasons = {
        locked: /account-locked/,
        'delivery-failure': /mfa-delivery-failed/,
        '<b>': /name or the pass/,
      };
      for (const [user, reason] of Object.entries(reasons)) {
        const client = await atTheForm();
        assert.equal((await client.submit({ user, ...PRACTICE })).status, 403);
        assert.match(client.page.text, reason);
        assert.ok('password' in (client.forms[0]?.fields ?? {}), user);
      }
    });

    it('is asked for what is missing, and the sign-in goes on', async () => {
      const client = await atTheForm();
      const blank: Record<string, string>[] = [{}, { user: 'email' }, { user: ' ', password: '' }, PRACTICE];
      for (const values of blank) {
        assert.equal((await client.submit(values)).status, 400);
        assert.match(client.page.text, /Fill in every field\./);
      }
      await client.submit({ user: 'email', ...PRACTICE });
      for (const code of ['', '  ']) {
        assert.equal((await client.submit({ code })).status, 400);
        assert.match(client.page.text, /A code was sent to p\*+e@e\*+\.org/);
      }
      await client.submit({ code: codeFor('email') });
      assert.match(client.page.text, /knows you as email/);
    });
  });

  describe('a form', () => {
    before(() => deploy());

    it('works once', async () => {
      const client = await atTheForm();
      const first = client.forms[0]?.fields ?? {};
      await client.submit({ user: 'whatsapp', ...PRACTICE });
      const second = client.forms[0]?.fields ?? {};
      const code = codeFor('whatsapp');
      const sent = deliveries();
      await refuses(client, { ...first, user: 'whatsapp', ...PRACTICE });
      assert.equal(deliveries(), sent, 'nothing was sent to the identity server');
      await refuses(client, { ...second, code });
    });

    it('works only with the cookie that came with it', async () => {
      for (const steal of [
        (client: WebClient) => client.cookies.delete('browser'),
        (client: WebClient) => client.cookies.set('browser', 'x'.repeat(32)),
        (client: WebClient) => client.cookies.set('browser', '__proto__'),
        (client: WebClient) => client.cookies.set('browser', 'j%3A%7B%22toString%22%3A1%7D'),
      ]) {
        const client = await atTheForm();
        steal(client);
        await refuses(client, { ...client.forms[0]?.fields, user: 'plain', ...PRACTICE });
      }
    });

    it('of one browser does not work in another, and stays good in its own', async () => {
      const anna = await atTheForm();
      await anna.submit({ user: 'all', ...PRACTICE });
      const stolen = anna.forms[0]?.fields ?? {};
      const mallory = await atTheForm();
      await refuses(mallory, { ...stolen, code: codeFor('all') });
      await anna.submit({ code: codeFor('all') });
      assert.match(anna.page.text, /knows you as all/);
    });

    it('cannot be made up', async () => {
      for (const form of ['', 'undefined', '__proto__', '0']) {
        const client = await atTheForm();
        await refuses(client, { form, user: 'plain', ...PRACTICE });
      }
      for (const body of ['', '[]', '{"form": {"toString": 1}}', '{"form": null, "user": "plain"}']) {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(`${nodeRed.url}sign-in`, { method: 'POST', body, headers });
        assert.equal(response.status, 403);
      }
      const text = await fetch(`${nodeRed.url}sign-in`, { method: 'POST', body: 'user=plain' });
      assert.equal(text.status, 403);
    });

    it('knows neither the challenge nor the password', async () => {
      const client = await atTheForm();
      await client.submit({ user: 'app', password: 'THE-WRONG-PASSWORD' });
      assert.doesNotMatch(client.page.text, /THE-WRONG-PASSWORD/);
      await client.submit({ user: 'app', ...PRACTICE });
      assert.deepEqual(Object.keys(client.forms[0]?.fields ?? {}).sort(), ['code', 'form']);
      const { signIns } = await peek();
      const challenge = Object.values(signIns).at(-1)?.auth?.challenge.id ?? '';
      assert.ok(challenge.length > 10, 'the flow knows it');
      assert.equal(JSON.stringify(client.page).includes(challenge), false);
    });

    it('works for 10 minutes', async () => {
      await deploy((text) => text.replace('10 * 60 * 1000', '-1'));
      const client = await atTheForm();
      await refuses(client, { ...client.forms[0]?.fields, user: 'plain', ...PRACTICE });
    });

    it('is forgotten when many newer ones were asked for', async () => {
      await deploy((text) => text.replace('slice(-999)', 'slice(-9)'));
      const client = await atTheForm();
      for (let each = 0; each < 10; each += 1) await atTheForm();
      assert.equal(Object.keys((await peek()).signIns).length, 10);
      await refuses(client, { ...client.forms[0]?.fields, user: 'plain', ...PRACTICE });
    });
  });

  describe('every response', () => {
    before(() => deploy());

    it('is kept in no cache and in no frame, and its cookies are for no script and no other site', async () => {
      const client = await atTheForm();
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
            if (!/=;/.test(cookie)) assert.match(cookie, /^\w+=[\w-]{20,}; Path=\/; HttpOnly; SameSite=Strict$/);
          }
        }
      }
      assert.deepEqual([...seen].sort(), ['browser', 'session']);
    });

    it('comes also if there is no session, or none that anybody knows', async () => {
      const client = new WebClient(nodeRed.url);
      for (const session of ['', 'x'.repeat(32), 'j%3A%7B%22a%22%3A1%7D', '__proto__']) {
        for (const ask of [() => client.open('my-orders'), () => client.post('sign-out', {})]) {
          if (session) client.cookies.set('session', session);
          assert.equal((await ask()).status, 200);
          assert.match(client.page.text, /<h1>Sign in<\/h1>/, session);
          assert.equal(client.cookies.has('session'), false, 'the browser forgets it');
        }
      }
    });

    it('has cookies for https only, unless the browser is on this machine', async () => {
      const secure = async (host: string): Promise<boolean> => {
        const { status, cookies } = await request(host);
        assert.equal(status, 200);
        assert.equal(cookies.length, 1);
        return /; Secure/.test(cookies[0] ?? '');
      };
      for (const host of ['localhost:1880', '127.0.0.1', '127.8.8.8:80', '[::1]:1880'])
        assert.equal(await secure(host), false, host);
      for (const host of ['gateway.example.com', 'localhost.example.com', '127.0.0.1.example.com', '192.168.1.5:1880'])
        assert.equal(await secure(host), true, host);
    });
  });

  describe('a server that fails', () => {
    const resets: Answerer = (_request, response) => {
      response.socket?.resetAndDestroy();
      return undefined;
    };

    it('is told to the person, who may try again', async () => {
      const identity = await serve(always({ status: 503, body: 'down' }));
      await deploy((text) =>
        text
          .replace('"practice": true', '"practice": false')
          .replace('"url": ""', `"url": "${identity.origin}"`)
          .replace('"applicationId": ""', '"applicationId": "app"'),
      );
      const client = await atTheForm();
      for (const answer of [identity.answer, resets, always({ status: 404, body: '<b>no</b>' })]) {
        identity.answer = answer;
        assert.equal((await client.submit({ user: 'anna', ...PRACTICE })).status, 503);
        assert.match(client.page.text, /That did not work just now\./);
      }
      await identity.close();
      assert.equal((await client.submit({ user: 'anna', ...PRACTICE })).status, 503);
    });

    it('is told on the page of the API', async () => {
      const api = await serve(always({ body: { signed_in_as: 'plain' } }));
      let client = await signedIn(api.origin);
      assert.match(client.page.text, /knows you as plain/);
      for (const answer of [resets, always({ status: 500, body: 'broken' }), always({ status: 404 })]) {
        api.answer = answer;
        assert.equal((await client.open('my-orders')).status, 502);
      }
      api.answer = silent;
      client = await signedIn(api.origin, '100');
      assert.equal(client.page.status, 502);
      client = await signedIn(`http://127.0.0.1:${await closedPort()}`);
      assert.equal(client.page.status, 502);
      assert.match(client.page.text, /That did not work just now\. <a href="my-orders">Try again/);
    });

    it('gets a newer token once, if it is the API that turns the token away', async () => {
      const api = await serve(always({ body: { signed_in_as: 'plain' } }));
      const client = await signedIn(api.origin);
      api.answer = always({ status: 401 });
      await client.open('my-orders');
      assert.match(client.page.text, /<h1>Sign in<\/h1>/);
      const tokens = api.requests.map(({ headers }) => headers.authorization);
      assert.equal(new Set(tokens).size, 2);
      assert.equal(tokens.length, 3);
    });

    it('never gets a second answer to one request', () => {
      assert.doesNotMatch(nodeRed.log, /headers after they are sent|ERR_HTTP_HEADERS_SENT/);
    });
  });

  /** Posts a form that must not work: nothing but a new form comes back. */
  async function refuses(client: WebClient, fields: Record<string, string>): Promise<void> {
    assert.equal((await client.post('sign-in', fields)).status, 403);
    assert.match(client.page.text, /This form is too old, or it was used before\./);
    assert.ok('password' in (client.forms[0]?.fields ?? {}), 'a form to sign in with');
    assert.equal(client.cookies.has('session'), false);
  }

  async function atTheForm(): Promise<WebClient> {
    const client = new WebClient(nodeRed.url);
    await client.open('sign-in');
    return client;
  }

  /** A person who signed in, and sees what an API at this address answered. @param timeout in ms */
  async function signedIn(api: string, timeout = '10000'): Promise<WebClient> {
    await deploy((text) =>
      text.replace('$env(\\"VG_AUTH_PRACTICE_URL\\")', `\\"${api}\\"`).replace('"10000"', `"${timeout}"`),
    );
    const client = await atTheForm();
    await client.submit({ user: 'plain', ...PRACTICE });
    return client;
  }

  async function request(host: string): Promise<{ status: number; cookies: string[] }> {
    const { statusCode, headers, body } = await send(`${nodeRed.url}sign-in`, { headers: { host } });
    await body.dump();
    return { status: statusCode, cookies: [headers['set-cookie'] ?? []].flat() };
  }

  async function deploy(change: (text: string) => string = (text) => text): Promise<void> {
    await nodeRed.deploy([...JSON.parse(change(readFileSync(EXAMPLE, 'utf8'))), ...PEEK]);
  }

  /** The newest code that a practice user received. */
  function codeFor(user: string): string {
    return [...nodeRed.log.matchAll(new RegExp(`the code for ${user} is (\\d+)`, 'g'))].at(-1)?.[1] ?? '';
  }

  function deliveries(): number {
    return nodeRed.log.split('the code for').length;
  }

  async function peek(): Promise<{ signIns: Record<string, SignIn>; practice: string }> {
    return (await (await fetch(`${nodeRed.url}peek`)).json()) as Awaited<ReturnType<typeof peek>>;
  }
});
