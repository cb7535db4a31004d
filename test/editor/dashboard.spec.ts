import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { version } from '../support/browser.ts';
import { type Dashboard, type DashboardPage, dashboardForTests } from '../support/dashboard.ts';
import { DASHBOARD_FLOW, type ExampleNode } from '../support/examples.ts';
import { always, closeServers, serve } from '../support/servers.ts';
import { becomes } from '../support/steady.ts';

const WIDGETS = DASHBOARD_FLOW.filter(({ type }) => /^ui-(template|control)$/.test(type)).map(({ id }) => id);
const [TEMPLATE = ''] = DASHBOARD_FLOW.filter(({ type }) => type === 'ui-template').map(({ id }) => id);

describe('The clients of the recipe for Dashboard 2, in a browser', () => {
  const { get, visit } = dashboardForTests(version);
  let dashboard: Dashboard;

  before(() => {
    dashboard = get();
  });

  /** Signs a practice user in who has one method with a code. */
  async function signIn(client: DashboardPage, user: string): Promise<void> {
    await client.signIn(user);
    await client.click('Code by');
    await client.page.getByLabel('Code').waitFor();
    await client.enter(await dashboard.codeFor(user));
    await client.shows(`Signed in as ${user}`);
  }

  it('signs two people in at the same time, and shows neither of them anything of the other', async () => {
    const [ada, bob] = await Promise.all([visit(), visit()]);
    await Promise.all([ada.signIn('whatsapp'), bob.signIn('email')]);
    await Promise.all([ada.click('Code by WhatsApp'), bob.click('Code by email')]);
    await Promise.all([
      ada.shows('A code was sent to +49*****0100.'),
      bob.shows('A code was sent to p******e@e******.org.'),
    ]);

    await ada.enter(await dashboard.codeFor('email'));
    await ada.says('The code is wrong.');
    await Promise.all([ada.enter(await dashboard.codeFor('whatsapp')), bob.enter(await dashboard.codeFor('email'))]);
    await Promise.all([ada.shows('Signed in as whatsapp'), bob.shows('Signed in as email')]);
    await Promise.all([ada.click('Call the API'), bob.click('Call the API')]);
    await Promise.all([
      ada.shows('The API recognizes you as whatsapp.'),
      bob.shows('The API recognizes you as email.'),
    ]);

    await ada.click('Sign out');
    await ada.page.getByLabel('Password').waitFor();
    await becomes(() => dashboard.sessions(), ['email']);
    await bob.click('Call the API');
    await bob.shows('The API recognizes you as email.');
    assert.doesNotMatch(ada.received.join('\n'), /email|p\*{6}e/);
    assert.doesNotMatch(bob.received.join('\n'), /whatsapp|\+49/i);
  });

  it('sends a page nothing but what it shows, and leaves nothing in Dashboard', async () => {
    const client = await visit();
    await client.signIn('app', 'a password that is wrong');
    await client.says('The username or the password is wrong.');
    await client.signIn('app');
    await client.click('Code of your authenticator app');
    await client.shows('Your authenticator app shows the code.');
    const before = Object.values(await dashboard.peek());
    const code = await dashboard.codeFor('app');
    await client.enter(code);
    await client.shows('Signed in as app');
    await client.click('Call the API');
    await client.shows('The API recognizes you as app.');
    const after = Object.values(await dashboard.peek());

    const secrets = [before[0]?.challenge, after[0]?.session, code, 'a password', 'practice'];
    for (const secret of secrets) {
      assert.ok(secret && secret.length > 3, 'the test knows each secret');
      for (const text of client.received) assert.ok(!text.includes(secret), text);
    }
    assert.match(client.received.join('\n'), /The API recognizes you as app/, 'the test sees what a page receives');

    for (const widget of WIDGETS)
      assert.deepEqual(await dashboard.stored(widget), ['', '{"enabled":true,"visible":true,"class":""}']);
    const other = await visit();
    assert.doesNotMatch(other.received.join('\n'), /"signed-in"|"app"/);
  });

  it('shows the handle of a session to no reader of the context', async () => {
    const client = await visit();
    await signIn(client, 'sms');
    const [kept] = Object.values(await dashboard.peek());
    const context = JSON.stringify(await dashboard.nodeRed.admin(`context/flow/${DASHBOARD_FLOW[0]?.id}`));
    assert.match(context, /\[redacted\]/);
    assert.ok(kept?.session && !context.includes(kept.session));
  });

  it('ends the session of a page that is loaded again, or loses its connection', async () => {
    const client = await visit();
    await client.signIn('plain');
    await client.shows('Signed in as plain');
    await client.load();
    await dashboard.isEmpty();

    await client.signIn('plain');
    await client.shows('Signed in as plain');
    await client.reconnect();
    await client.page.getByLabel('Password').waitFor();
    await dashboard.isEmpty();
  });

  it('stays signed in over a deploy, and ends the session of a page that was closed after it', async () => {
    const client = await visit();
    await client.signIn('plain');
    await client.shows('Signed in as plain');
    await dashboard.deploy();
    await client.click('Call the API');
    await client.shows('The API recognizes you as plain.');

    await client.close();
    // Dashboard does not report it, so only the silence of the page is left.
    await dashboard.peek('?silent');
    await dashboard.nodeRed.inject(String(DASHBOARD_FLOW.find(({ type }) => type === 'inject')?.id));
    await dashboard.isEmpty();
  });

  it('ends the session at once if nobody waits for the link anymore', async () => {
    const client = await visit();
    await client.signIn('link-sms');
    await client.click('Link by SMS');
    await client.page.getByText('this page continues automatically').waitFor();
    await client.click('Start again');
    await client.page.getByLabel('Password').waitFor();
    await dashboard.practice('click/link-sms');
    await becomes(async () => (await eventsOf('link-sms')).slice(-2), ['vg-auth.sign-in', 'vg-auth.sign-out']);
    assert.equal(await client.page.getByLabel('Password').count(), 1);
  });

  const LATE: Record<string, (response: ServerResponse) => void> = {
    response: (response) => response.end('{"signed_in_as":"plain"}'),
    refusal: (response) => response.writeHead(500).end(),
    failure: ({ socket }) => socket?.resetAndDestroy(),
  };
  for (const [what, end] of Object.entries(LATE))
    it(`shows a late ${what} of the API to nobody but the person who asked, also on the same page`, async () => {
      let open: ServerResponse | undefined;
      const api = await serve((_request, response) => {
        open = response;
        return undefined;
      });
      const rules = [{ t: 'set', p: 'url', pt: 'msg', to: api.origin, tot: 'str' }];
      await dashboard.deploy((node) => (node.name === 'Set the address' ? { ...node, rules } : node));
      const client = await visit();
      await client.signIn('plain');
      await client.shows('Signed in as plain');
      await client.click('Call the API');
      await becomes(async () => open !== undefined, true);
      await client.click('Sign out');
      await client.signIn('practice');
      await client.shows('Signed in as practice');
      const before = client.received.length;
      api.answer = always({ body: { signed_in_as: 'practice' } });
      if (open) end(open);
      // When this request gets its response, that of the other one was handled.
      await client.click('Call the API');
      await client.shows('The API recognizes you as practice.');
      assert.doesNotMatch(client.received.slice(before).join('\n'), /plain|not available/);
      await client.close();
      await dashboard.peek('?silent');
      await dashboard.nodeRed.inject(String(DASHBOARD_FLOW.find(({ type }) => type === 'inject')?.id));
      await dashboard.isEmpty();
      await closeServers();
      await dashboard.deploy();
    });

  it('takes nothing from a browser but what the page sends, and takes that for its own client only', async () => {
    const [ada, mallory] = await Promise.all([visit(), visit()]);
    await ada.signIn('plain');
    await ada.shows('Signed in as plain');
    const [[id, kept] = ['', {}]] = Object.entries(await dashboard.peek());
    const { session } = kept;
    const auth = { state: 'signed-in', user: 'plain', session };
    const as = { _client: { socketId: id }, session, auth, attempt: 'x', statusCode: 200 };
    const forged = [
      ...['sign out', 'call the API', 'show', 'constructor', '__proto__'].map((action) => ({ action })),
      { action: 'sign in', user: { toString: 'plain' }, password: ['practice'] },
      { action: 'submit', code: '000' },
      { action: 'choose', method: '__proto__' },
      null,
    ];
    for (const payload of forged)
      for (const event of ['widget-action', 'widget-send', 'widget-change'])
        await mallory.send(event, TEMPLATE, { ...as, payload });
    await mallory.send('widget-send', TEMPLATE, [{ ...as, payload: { action: 'sign out' } }]);
    // Dashboard sends what a browser says from any node whose id it knows. The handle is known to nobody.
    for (const { id: node } of DASHBOARD_FLOW.filter(({ type }) => /^(vg-|attach|http|ui-control)/.test(type)))
      await mallory.send('widget-send', node, {
        ...as,
        session: 'x',
        auth: { ...auth, session: 'x' },
        payload: 'lost',
      });

    // From a new page: responses to what was forged may still arrive, and show the form again.
    const next = await visit();
    await next.signIn('wrong-password');
    await next.says('The username or the password is wrong.');
    for (const { received } of [mallory, next])
      assert.doesNotMatch(received.join('\n'), /"step":"signed-in"|recognizes you/);
    await ada.click('Call the API');
    await ada.shows('The API recognizes you as plain.');
    assert.deepEqual(Object.keys(await dashboard.peek()), [id]);
  });

  it('says so if Dashboard is not set up to send a message to one client', async () => {
    const isBase = ({ type }: ExampleNode): boolean => type === 'ui-base';
    await dashboard.deploy((node) => (isBase(node) ? { ...node, acceptsClientConfig: ['ui-control'] } : node));
    const [ada, bob] = await Promise.all([visit(), visit()]);
    await ada.signIn('plain');
    await ada.shows('Signed in as plain');
    await bob.says(
      'Dashboard sends this page to everybody. Switch on "ui-template" in its sidebar, under Client Data.',
    );
    await bob.page.getByLabel('Password').waitFor();
    assert.match((await dashboard.stored(TEMPLATE))[0] ?? '', /signed-in/, 'the tests see what Dashboard keeps');
    await Promise.all([ada.close(), bob.close()]);
    await dashboard.isEmpty();
    await dashboard.deploy();
  });

  /** The kinds of the events of a user, the newest last. */
  async function eventsOf(user: string): Promise<string[]> {
    const { events } = (await dashboard.nodeRed.admin('vg-auth/events')) as {
      events: { event: string; user?: string }[];
    };
    return events.filter((each) => each.user === user).map(({ event }) => event);
  }
});
