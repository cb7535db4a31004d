import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEditorOf, openPage, type SavedNode, version } from '../support/browser.ts';
import { Editor } from '../support/editor.ts';
import { injections, markup } from '../support/markup.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { SignInsTab } from '../support/sign-ins-tab.ts';
import { becomes, type } from '../support/steady.ts';

/** What the texts of the catalog fill in, and what they refer to. In a name it is text. */
const PLACEHOLDERS = '__user__ $t(common.label.ok) {{count}}';
/** Longer than any line, with markup, and without a blank at which it could wrap. */
const HUGE = `${markup.image('huge')}${'W'.repeat(2_000)}`;

const practice = (id: string, node: string, name: string, credentials: object): SavedNode => ({
  id,
  type: node,
  name,
  practice: true,
  credentials,
});
const FLOW: SavedNode[] = [
  { id: 'flow', type: 'tab', label: 'Flow 1' },
  practice('robot', 'vg-server', PLACEHOLDERS, { username: 'sms', password: 'practice' }),
  practice('huge', 'vg-server', HUGE, { username: 'all', password: 'practice' }),
  practice('good', 'vgs-account', 'The good', {}),
  { id: 'use', z: 'flow', x: 200, y: 80, type: 'attach-bearer', source: 'vg', server: 'robot', wires: [[], []] },
];

/** After a restart, Node-RED can still read its credentials. */
const settings = { editorTheme: { tours: false }, credentialSecret: 'kept over a restart' };

describe('The tab Sign-ins while things change', () => {
  let userDir: string;
  let nodeRed: NodeRed;
  let editor: Editor;
  let tab: SignInsTab;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-changes-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir, settings });
    await nodeRed.admin('settings/user', { editor: { view: { 'view-show-tips': false } } });
    await nodeRed.deploy(FLOW);
    editor = await openEditorOf(nodeRed.url);
    tab = new SignInsTab(editor.page);
  });

  after(async () => {
    await editor?.page.context().close();
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('shows placeholders and markup in a name as text, a long name cut, and is never wider than the sidebar', async () => {
    await nodeRed.admin('vg-auth/accounts/robot/sign-in', {});
    await tab.notification.getByText(`${PLACEHOLDERS}: a person must`).waitFor();
    await nodeRed.admin('vg-auth/accounts/huge/sign-in', {});
    await tab.badge(2);
    await tab.show();
    await tab.expand('Recent events');
    await tab.row('Needs attention', 'WWWW').waitFor();
    const row = await tab.details('WWWW');
    const name = (await row.locator('.vg-auth-name').textContent()) ?? '';
    assert.ok(name.endsWith('W…') && name.length < 200, name);
    const isWide = await tab.element.evaluate((element) => element.scrollWidth > element.clientWidth);
    assert.equal(isWide, false);
    assert.deepEqual(await injections(editor.page), []);
  });

  it('keeps a half-typed code and the focus while other accounts change', async () => {
    const card = tab.row('Needs attention', PLACEHOLDERS);
    await card.getByRole('button').first().click();
    const field = card.getByLabel('Code');
    await type(field, '12');
    for (let count = 0; count < 3; count += 1) await nodeRed.admin('vg-auth/accounts/good/renew', {});
    const row = await tab.details('The good');
    await becomes(() => row.locator('dt').filter({ hasText: 'Token requests' }).locator('+ dd').textContent(), '3');
    await field.focus();
    await nodeRed.admin('vg-auth/accounts/good/renew', {});
    await becomes(() => row.locator('dt').filter({ hasText: 'Token requests' }).locator('+ dd').textContent(), '4');
    assert.equal(await field.inputValue(), '12');
    assert.equal(await field.evaluate((element) => element === document.activeElement), true);
  });

  it('says what came of an action during which the account was deployed away', async () => {
    let go = (): void => {};
    const gate = new Promise<void>((done) => (go = done));
    await editor.page.route('**/vg-auth/challenges/**', async (route) => {
      await gate;
      await route.continue();
    });
    const card = tab.row('Needs attention', PLACEHOLDERS);
    await card.getByRole('button', { name: 'Submit' }).click();
    await nodeRed.deploy(FLOW.filter(({ id }) => id !== 'robot' && id !== 'use'));
    await card.waitFor({ state: 'detached' });
    go();
    await tab.element.getByText(`${PLACEHOLDERS}: `).waitFor();
    await tab.badge(1);
    await editor.page.unroute('**/vg-auth/challenges/**');
  });

  it('moves the focus to the section when the account that has it is deleted', async () => {
    const row = await tab.details('The good');
    await row.getByRole('button', { name: 'Renew now' }).focus();
    await nodeRed.deploy(FLOW.filter(({ id }) => id === 'flow' || id === 'huge'));
    await row.waitFor({ state: 'detached' });
    const header = tab.section('Accounts and servers').getByRole('button').first();
    await becomes(() => header.evaluate((element) => element === document.activeElement), true);
  });

  it('shows the new state and the new events after a restart of Node-RED, without a reload', async () => {
    // A page whose failed requests count as no fault.
    await editor.page.context().close();
    const errors: string[] = [];
    const page = await openPage();
    page.on('pageerror', (error) => errors.push(String(error.stack)));
    editor = new Editor(page, () => 0);
    await editor.load(nodeRed.url);
    tab = new SignInsTab(page);
    await tab.show();
    await tab.expand('Recent events');
    await tab.row('Recent events', 'Needs a person').first().waitFor();
    await tab.badge(1);

    const port = Number(new URL(nodeRed.url).port);
    await nodeRed.stop();
    nodeRed = await NodeRed.start({ version, userDir, port, settings });
    await tab.badge(0);
    await tab.section('Recent events').getByText('There have been no events').waitFor();
    await nodeRed.admin('vg-auth/accounts/huge/sign-in', {});
    await tab.badge(1);
    await tab.row('Recent events', 'Needs a person').waitFor();
    assert.equal(await tab.section('Accounts and servers').locator('li').count(), 1);
    assert.deepEqual(errors, []);
  });
});
