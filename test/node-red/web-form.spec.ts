import assert from 'node:assert/strict';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { until } from '../support/until.ts';
import type { WebClient } from '../support/web-client.ts';
import { PRACTICE, WebForm } from '../support/web-form.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

describe(`07 - Sign a person in from a web form, imported into ${version}`, function () {
  this.timeout(60_000);
  let form: WebForm;

  before(async () => {
    form = await WebForm.start(version);
  });

  after(() => form?.stop());

  describe('a person', () => {
    before(() => form.deploy());

    it('signs in with a code, calls the API, and signs out', async () => {
      const client = await form.open();
      await client.submit({ user: 'sms', ...PRACTICE });
      assert.match(client.page.text, /A code was sent to \+49\*+0100\./);
      await client.submit({ code: form.codeFor('sms') });
      assert.match(client.page.text, /The API recognizes you as sms\./);
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
      const client = await form.open();
      await client.submit({ user: 'link', ...PRACTICE });
      assert.match(client.page.text, /A link was sent to p\*+e@e\*+\.org\./);
      await client.submit();
      assert.match(client.page.text, /The link has not been clicked yet\./);
      await fetch(`${(await form.peek()).practice}/practice/click/link`);
      // The reply to the click and the end of the sign-in arrive independently.
      for (let tries = 0; tries < 100 && !/recognizes you/.test(client.page.text); tries += 1) await client.submit();
      assert.match(client.page.text, /The API recognizes you as link\./);
    });

    it('gets to know that the code has expired', async () => {
      const client = await form.open();
      await client.submit({ user: 'timeout', ...PRACTICE });
      await client.submit({ code: '000' });
      assert.match(client.page.text, /The code has expired\. Sign in again\./);
    });

    it('gets to know how long to wait for another code', async () => {
      await (await form.open()).submit({ user: 'link-sms', ...PRACTICE });
      const client = await form.open();
      await client.submit({ user: 'link-sms', ...PRACTICE });
      assert.match(client.page.text, /Wait ([12]?\d|30) s, then sign in again\./);
    });

    it('signs in without a second factor', async () => {
      const client = await form.open();
      await client.submit({ user: 'plain', ...PRACTICE });
      assert.match(client.page.text, /The API recognizes you as plain\./);
    });

    it('may try again after a wrong password or a wrong code', async () => {
      const client = await form.open();
      await client.submit({ user: 'wrong-then-right', password: 'wrong' });
      assert.match(client.page.text, /The username or the password is wrong\./);
      await client.submit({ user: 'wrong-then-right', ...PRACTICE });
      await client.submit({ code: '12' });
      assert.match(client.page.text, /The code is wrong\./);
      await client.submit({ code: form.codeFor('wrong-then-right') });
      assert.match(client.page.text, /recognizes you as wrong-then-right/);
    });

    it('gets the reason why there is no sign-in, and the form again', async () => {
      const reasons = {
        locked: /This account is locked\. Ask your administrator\./,
        'last-attempt': /is wrong\. The next wrong password locks the account\./,
        'delivery-failure': /mfa-delivery-failed/,
        '<b>': /name or the pass/,
      };
      for (const [user, reason] of Object.entries(reasons)) {
        const client = await form.open();
        assert.equal((await client.submit({ user, ...PRACTICE })).status, 403);
        assert.match(client.page.text, reason);
        assert.ok('password' in (client.forms[0]?.fields ?? {}), user);
      }
    });

    it('gets the form again if a field is missing, and the sign-in continues', async () => {
      const client = await form.open();
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
      await client.submit({ code: form.codeFor('email') });
      assert.match(client.page.text, /recognizes you as email/);
    });
  });

  describe('a person who cannot click the link anymore', () => {
    before(async () => {
      await form.deploy((text) => text.replace('"method": "first"', '"method": "link-email"'));
      await form.nodeRed.forget('f37d7937fa84259a', ['timeout']);
    });

    for (const [user, problem] of Object.entries({
      timeout: /The link has expired\. Sign in again\./,
      'link-cut': /The connection to the server was lost\. Sign in again\./,
    }))
      it(`gets to know it, and may sign in again: ${user}`, async () => {
        const client = await form.open();
        await client.submit({ user, ...PRACTICE });
        assert.match(client.page.text, /A link was sent to/);
        await until(async () => {
          await client.submit();
          return !client.page.text.includes('The link has not been clicked yet.');
        }, 2_000);
        assert.match(client.page.text, problem);
        assert.equal(client.page.status, 403);
        await client.submit({ user: 'plain', ...PRACTICE });
        assert.match(client.page.text, /recognizes you as plain/);
      });
  });

  describe('a person with many wrong codes', () => {
    let strict: WebForm;

    before(async () => {
      strict = await WebForm.start(version, { vgAuthMaxWrongCodes: 1 });
      await strict.deploy();
    });

    after(() => strict?.stop());

    it('gets to know how many minutes to wait', async () => {
      const client = await strict.open();
      await client.submit({ user: 'wrong-code', ...PRACTICE });
      await client.submit({ code: '1' });
      await client.submit({ code: '2' });
      assert.match(client.page.text, /Wait 15 minutes, then sign in again\./);
    });
  });

  describe('a form', () => {
    before(() => form.deploy());

    it('can be used once', async () => {
      const client = await form.open();
      const first = client.forms[0]?.fields ?? {};
      await client.submit({ user: 'whatsapp', ...PRACTICE });
      const second = client.forms[0]?.fields ?? {};
      const code = form.codeFor('whatsapp');
      const sent = form.deliveries;
      await form.refuses(client, { ...first, user: 'whatsapp', ...PRACTICE });
      assert.equal(form.deliveries, sent, 'nothing was sent to the identity server');
      await form.refuses(client, { ...second, code });
    });

    it('can be used only with the cookie that came with it', async () => {
      for (const steal of [
        (client: WebClient) => client.cookies.delete('browser'),
        (client: WebClient) => client.cookies.set('browser', 'x'.repeat(32)),
        (client: WebClient) => client.cookies.set('browser', '__proto__'),
        (client: WebClient) => client.cookies.set('browser', 'j%3A%7B%22toString%22%3A1%7D'),
      ]) {
        const client = await form.open();
        steal(client);
        await form.refuses(client, { ...client.forms[0]?.fields, user: 'plain', ...PRACTICE });
      }
    });

    it('of one browser cannot be used in another, and stays valid in its own', async () => {
      const anna = await form.open();
      await anna.submit({ user: 'all', ...PRACTICE });
      const stolen = anna.forms[0]?.fields ?? {};
      const mallory = await form.open();
      await form.refuses(mallory, { ...stolen, code: form.codeFor('all') });
      await anna.submit({ code: form.codeFor('all') });
      assert.match(anna.page.text, /recognizes you as all/);
    });

    it('cannot be forged', async () => {
      for (const token of ['', 'undefined', '__proto__', '0']) {
        const client = await form.open();
        await form.refuses(client, { form: token, user: 'plain', ...PRACTICE });
      }
      for (const body of ['', '[]', '{"form": {"toString": 1}}', '{"form": null, "user": "plain"}']) {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(`${form.nodeRed.url}sign-in`, { method: 'POST', body, headers });
        assert.equal(response.status, 403);
      }
      const text = await fetch(`${form.nodeRed.url}sign-in`, { method: 'POST', body: 'user=plain' });
      assert.equal(text.status, 403);
    });

    it('contains neither the challenge nor the password', async () => {
      const client = await form.open();
      await client.submit({ user: 'app', password: 'THE-WRONG-PASSWORD' });
      assert.doesNotMatch(client.page.text, /THE-WRONG-PASSWORD/);
      await client.submit({ user: 'app', ...PRACTICE });
      assert.deepEqual(Object.keys(client.forms[0]?.fields ?? {}).sort(), ['code', 'form']);
      const { signIns } = await form.peek();
      const challenge = Object.values(signIns).at(-1)?.auth?.challenge.id ?? '';
      assert.ok(challenge.length > 10, 'the flow knows it');
      assert.equal(JSON.stringify(client.page).includes(challenge), false);
    });

    it('is valid for 10 minutes', async () => {
      await form.deploy((text) => text.replaceAll('10 * 60 * 1000', '-1'));
      const client = await form.open();
      await form.refuses(client, { ...client.forms[0]?.fields, user: 'plain', ...PRACTICE });
    });

    it('is forgotten after many newer ones were requested', async () => {
      await form.deploy((text) => text.replaceAll('slice(-1000)', 'slice(-10)'));
      const client = await form.open();
      for (let each = 0; each < 10; each += 1) await form.open();
      assert.equal((await kept()).forms, 10);
      await form.refuses(client, { ...client.forms[0]?.fields, user: 'plain', ...PRACTICE });
    });

    it('of a sign-in that has started stays valid, however many others open the page', async () => {
      await form.deploy((text) => text.replaceAll('slice(-1000)', 'slice(-3)'));
      const begun: WebClient[] = [];
      for (let each = 0; each < 4; each += 1) begun.push(await begin('app'));
      for (let each = 0; each < 10; each += 1) await form.open();
      assert.deepEqual(await kept(), { forms: 3, begun: 3 });
      for (const client of begun) {
        await client.submit({ code: '1' });
        assert.match(client.page.text, client === begun[0] ? /This form has expired/ : /The code is wrong/);
      }
    });

    /** The numbers of forms and of started sign-ins that the flow keeps. */
    async function kept(): Promise<{ forms: number; begun: number }> {
      const all = Object.values((await form.peek()).signIns);
      const begun = all.filter(({ auth }) => auth).length;
      return { forms: all.length - begun, begun };
    }

    async function begin(user: string): Promise<WebClient> {
      const client = await form.open();
      await client.submit({ user, ...PRACTICE });
      assert.ok('code' in (client.forms[0]?.fields ?? {}), user);
      return client;
    }
  });
});
