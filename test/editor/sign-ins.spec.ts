import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { loadAxe, violations } from '../support/axe.ts';
import { nodeRed, openEditor, type SavedNode, version } from '../support/browser.ts';
import { faintTexts } from '../support/contrast.ts';
import { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';
import { holdReplies } from '../support/held-replies.ts';
import { injections, markup } from '../support/markup.ts';
import { SignInsTab } from '../support/sign-ins-tab.ts';
import { becomes, type } from '../support/steady.ts';

// Node-RED 4.1 has a light theme only.
const themes = version === 'node-red-5' ? (['light', 'dark'] as const) : (['light'] as const);

const PACKAGE = '@vg-auth/node-red-vg-auth';

const practice = (id: string, node: string, credentials: object = {}, name = `The ${id}`): SavedNode => ({
  id,
  type: node,
  name,
  practice: true,
  credentials,
});

/** A message for a stored user's token. */
const asking = (server: string, y: number): SavedNode[] => [
  {
    id: `ask-${server}`,
    z: 'flow',
    x: 120,
    y,
    type: 'inject',
    name: `ask ${server}`,
    props: [],
    wires: [[server + y]],
  },
  { id: server + y, z: 'flow', x: 320, y, type: 'attach-bearer', source: 'vg', server, wires: [['out'], []] },
];

const FLOW: SavedNode[] = [
  practice('robot', 'vg-server', { username: 'sms', password: 'practice' }),
  practice('linked', 'vg-server', { username: 'link', password: 'practice' }),
  practice('all', 'vg-server', { username: 'all', password: 'practice' }),
  practice('bad', 'vgs-account', { clientId: 'practice', clientSecret: 'THE-WRONG-SECRET' }),
  practice('crowd', 'vg-server', {}),
  practice('unnamed', 'vgs-account', {}, ''),
  practice('marked', 'vgs-account', {}, markup.image('name')),
  practice('people', 'vg-server', { username: markup.image('user'), password: 'practice' }, markup.script('server')),
  ...['robot', 'linked', 'all'].flatMap((server, index) => asking(server, 80 + 80 * index)),
  { id: 'out', z: 'flow', x: 560, y: 80, type: 'debug', name: 'ready', active: true, complete: 'true', wires: [] },
  { id: 'get', z: 'flow', x: 320, y: 320, type: 'vgs-token', name: 'get it', account: 'bad', wires: [[], []] },
];

describe('The tab Sign-ins', () => {
  let editor: Editor;
  let page: Page;
  let tab: SignInsTab;

  before(async () => {
    editor = await openEditor(FLOW);
    await nodeRed.forget('crowd', ['sms', 'link', 'all']);
    await nodeRed.forget('robot', ['sms']);
    await nodeRed.forget('linked', ['link']);
    await nodeRed.forget('all', ['all']);
    ({ page } = editor);
    tab = new SignInsTab(page);
  });

  it('signs in a service user with a code, after one notification, and the next message has a token', async () => {
    await tab.badge(0);
    await editor.node('ask robot').press();
    await tab.notification.waitFor();
    assert.match((await tab.notification.textContent()) ?? '', /The robot: .* of sms/);
    await tab.badge(1);

    // The same challenge is shown in one notification only.
    await editor.load(nodeRed.url);
    await tab.badge(1);
    assert.equal(await tab.notification.count(), 0);

    await tab.show();
    const card = tab.row('Needs attention', 'The robot');
    await card.getByText(/^\d:\d\d left$/).waitFor();
    await card.getByRole('button', { name: '+49*****0100' }).click();
    const field = card.getByLabel('Code');
    await type(field, 'wrong');
    await card.getByRole('button', { name: 'Submit' }).click();
    await card.getByText('Not accepted: wrong code.').waitFor();

    const sent = (await card.getByText('The practice server sent the code').textContent()) ?? '';
    await type(field, /\d+/.exec(sent)?.[0] ?? '');
    await page.keyboard.press('Enter');
    await tab.element.getByText('The robot: signed in.').waitFor();
    await tab.badge(0);
    await card.waitFor({ state: 'detached' });
    await tab.row('Accounts and servers', 'The robot').getByText('valid until').waitFor();

    await editor.showDebug();
    await editor.node('ask robot').press();
    await editor.debug('ready').waitFor();
  });

  it('opens from its notification, and waits for a link', async () => {
    // On Node-RED 5 it is shown beside the debug messages.
    await editor.showSidebar('info');
    await tab.element.waitFor({ state: 'hidden' });
    await editor.node('ask linked').press();
    await tab.notification.getByRole('button', { name: 'Answer in Sign-ins' }).click();
    const card = tab.row('Needs attention', 'The linked');
    await card.getByRole('button', { name: /Link/ }).click();
    await card.getByText('Waiting for link to click the link').waitFor();
    await card.getByRole('button', { name: 'Open the practice link' }).click();
    await tab.row('Accounts and servers', 'The linked').getByText('valid until').waitFor();
    await tab.badge(0);
  });

  it('shows a refused account, opens its config node, and renews it after the correction', async () => {
    await tab.show();
    const row = await tab.details('The bad');
    await row.getByRole('button', { name: 'Renew now' }).click();
    const card = tab.row('Needs attention', 'The bad');
    await card.getByText(/Check the client ID and the client secret/).waitFor();
    await tab.badge(1);

    await card.getByRole('button', { name: 'Open config node' }).click();
    const dialog = await Dialog.opened(page, 'node-config');
    await dialog.fill({ 'Client secret': 'practice' });
    await dialog.done();
    // The servers without an application ID are incomplete.
    await editor.deploy(false);
    await tab.badge(0);
    await row.getByRole('button', { name: 'Renew now' }).click();
    await row.getByText('valid until').first().waitFor();

    await row.getByRole('button', { name: 'get it' }).click();
    await page.locator('.red-ui-flow-node-highlighted').waitFor({ state: 'attached' });
    await (await tab.expand('Recent events')).getByText('Refused: invalid client').waitFor();
  });

  describe('with all kinds of entries', () => {
    before(async () => {
      await tab.show();
      for (const title of ['Sessions', 'Recent events']) await tab.expand(title);
      for (const name of ['The all', "'name'", "'server'"]) await tab.details(name);
      await tab.row('Accounts and servers', "'server'").getByRole('button', { name: 'Sign in' }).click();
      await tab.row('Needs attention', "'server'").waitFor();
      await nodeRed.inject('ask-all');
      await tab.row('Needs attention', 'The all').getByRole('button').first().waitFor();
      await tab.row('Recent events', 'The all').getByText('Needs a person').waitFor();
    });

    it('shows a config node without a name as the editor does', async () => {
      await tab.row('Accounts and servers', 'VGS service account').waitFor();
    });

    it('shows names and users as text, not as markup', async () => {
      await tab.row('Recent events', 'Refused').getByText('<img').first().waitFor();
      assert.deepEqual(await injections(page), []);
    });

    it('has an accessible name for each control, and Tab reaches all of them in their order', async () => {
      const all = tab.element.locator('button, input, select, summary, [role=button]').filter({ visible: true });
      const names = await all.evaluateAll((found) =>
        found.map((each) => each.getAttribute('aria-label') || each.textContent || ''),
      );
      assert.ok(names.length > 15, names.join());
      assert.ok(
        names.every((name) => name.trim() !== ''),
        names.join(),
      );
      await all.first().focus();
      const reached: number[] = [];
      for (let presses = 0; presses < names.length; presses += 1) {
        reached.push(
          await all.evaluateAll((found) => found.indexOf(document.activeElement as HTMLElement & SVGElement)),
        );
        await page.keyboard.press('Tab');
      }
      assert.deepEqual(reached, [...names.keys()]);
    });

    it('opens and closes a section by keyboard', async () => {
      const header = tab.section('Recent events').getByRole('button').first();
      for (const [key, expanded] of [
        ['Enter', 'false'],
        [' ', 'true'],
      ] as const) {
        await header.press(key);
        await becomes(() => header.getAttribute('aria-expanded'), expanded);
      }
    });

    for (const theme of themes) {
      it(`is readable in the ${theme} theme`, async () => {
        if (version === 'node-red-5') await editor.chooseTheme(theme);
        await tab.show();
        // The color of a standard button is set by Node-RED.
        const texts = '.vg-auth-line, .vg-auth-name, .vg-auth-left, .vg-auth-state, dt, dd, summary, input, select';
        assert.deepEqual(await faintTexts(tab.element.locator(texts)), []);
        assert.deepEqual(await faintTexts(page.locator('.vg-auth-badge')), []);
        await loadAxe(page);
        assert.deepEqual(await violations(tab.element, []), []);
      });
    }
  });

  it('shows messages on hold, a session store that cannot be used, and a challenge at a server that fails', async () => {
    await editor.showSidebar('info');
    await nodeRed.inject('ask-all');
    await tab.badge(1);
    await page.route('**/vg-auth/accounts?**', async (route) => {
      const reply = await (await route.fetch()).json();
      const accountOf = (name: string) => reply.accounts.find(({ id }: { id: string }) => id === name);
      accountOf('crowd').waiting = 3;
      for (const id of ['all', 'bad'])
        Object.assign(accountOf(id), { state: 'failing', ok: false, message: 'No connection.' });
      const store = { id: 'store', name: 'The store', kind: 'redis', host: 'cache', state: 'gone', since: Date.now() };
      await route.fulfill({ json: { ...reply, stores: [{ ...store, message: 'Check the store.' }] } });
    });
    await tab.show();
    await tab.row('Needs attention', 'The crowd').getByText('Messages on hold: 3.').waitFor();
    await tab.row('Needs attention', 'The store').getByText('Check the store.').waitFor();
    await tab.row('Accounts and servers', 'The bad').getByText('No connection.').waitFor({ state: 'attached' });
    assert.equal(await tab.row('Needs attention', 'The bad').count(), 0);
    await tab
      .row('Needs attention', 'The all')
      .getByText(/^\d:\d\d left$/)
      .waitFor();
    await page.unroute('**/vg-auth/accounts?**');
  });

  it('shows the rest of the time by the clock of Node-RED, which differs from that of the browser', async () => {
    const hour = 3_600_000;
    const asked: string[] = [];
    await page.route('**/vg-auth/accounts?**', async (route) => {
      asked.push(route.request().url());
      const response = await route.fetch();
      const reply = await response.json();
      for (const { challenge } of reply.accounts) if (challenge) challenge.expires_at -= hour;
      const date = new Date(Date.parse(response.headers().date ?? '') - hour).toUTCString();
      await route.fulfill({ response, json: reply, headers: { ...response.headers(), date } });
    });
    await editor.showSidebar('info');
    await tab.show();
    await becomes(async () => asked.length > 0, true);
    await tab
      .row('Needs attention', 'The all')
      .getByText(/^(?!0:00)\d:\d\d left$/)
      .waitFor();
    await page.unroute('**/vg-auth/accounts?**');
  });

  it('disappears when the package is removed while replies are under way', async () => {
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    await tab.expand('Recent events');
    await tab.expand('Sessions');
    const signOut = await holdReplies(page, '**/vg-auth/sessions/*/sign-out');
    await tab.row('Sessions', 'sms').getByRole('button', { name: 'Sign out' }).click();
    await becomes(async () => signOut.requests.length, 1);
    const held = [signOut];
    // A reply with the accounts makes the tab request the rest, so the accounts come last.
    for (const path of ['sessions', 'events', 'accounts']) {
      const replies = await holdReplies(page, `**/vg-auth/${path}?**`);
      held.push(replies);
      await nodeRed.admin('vg-auth/accounts/unnamed/renew', {});
      await becomes(async () => replies.requests.length > 0, true);
    }
    await page.evaluate((name) => {
      Reflect.get(window, 'RED').events.emit('registry:node-set-removed', { module: name });
    }, PACKAGE);
    await tab.element.waitFor({ state: 'detached' });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    for (const replies of held) await replies.release();
    await tab.badge(0);
    assert.equal(await page.locator('[id*="vg-auth-sign-ins"], [data-tab-id="vg-auth-sign-ins"]').count(), 0);
    assert.deepEqual([errors, asked], [[], []]);
  });

  it('appears without a reload when the package is installed', async () => {
    await page.evaluate(() => Reflect.get(window, 'RED').plugins.getPlugin('vg-auth-sign-ins').onadd());
    await tab.show();
    await tab.row('Accounts and servers', 'The all').waitFor();
  });
});
