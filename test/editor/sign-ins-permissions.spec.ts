import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openPage, version } from '../support/browser.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { SignInsTab } from '../support/sign-ins-tab.ts';
import { until } from '../support/until.ts';

const bcrypt = createRequire(import.meta.url)('bcryptjs') as { hashSync(text: string, rounds: number): string };

const PASSWORD = 'the password of the editor';
const USERS = { admin: '*', reader: 'read', stranger: ['flows.read', 'nodes.read', 'plugins.read', 'settings.read'] };
const FLOW = [
  { id: 'tab', type: 'tab', label: 'Flow 1' },
  {
    id: 'robot',
    type: 'vg-server',
    name: 'The robot',
    practice: true,
    credentials: { username: 'sms', password: 'practice' },
  },
  { id: 'use', z: 'tab', x: 200, y: 80, type: 'attach-bearer', source: 'vg', server: 'robot', wires: [[], []] },
];

describe('The tab Sign-ins with users of the editor', () => {
  let userDir: string;
  let nodeRed: NodeRed;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-sign-ins-users-'));
    linkProject(userDir);
    const password = bcrypt.hashSync(PASSWORD, 4);
    const users = Object.entries(USERS).map(([username, permissions]) => ({ username, password, permissions }));
    nodeRed = await NodeRed.start({
      version,
      userDir,
      settings: { adminAuth: { type: 'credentials', users }, editorTheme: { tours: false } },
    });
    const bearer = { authorization: `Bearer ${await tokenOf('admin')}` };
    await nodeRed.admin('settings/user', { editor: { view: { 'view-show-tips': false } } }, bearer);
    await nodeRed.admin('flows', { flows: FLOW }, bearer);
    const accounts = async (): Promise<unknown[]> =>
      ((await nodeRed.admin('vg-auth/accounts', undefined, bearer)) as { accounts: unknown[] }).accounts;
    await until(async () => (await accounts()).length === 1);
    await nodeRed.admin('vg-auth/accounts/robot/sign-in', {}, bearer);
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('shows a reader what needs a person, without any buttons', async () => {
    const { page, tab } = await openAs('reader');
    await tab.badge(1);
    assert.equal(await tab.notification.count(), 0);
    await tab.show();
    await tab.element.getByText('You can view this tab, but not change anything.').waitFor();
    await tab.row('Needs attention', 'The robot').getByText(/left$/).waitFor();
    await tab.details('The robot');
    const buttons = tab.element.locator('button, input').filter({ visible: true });
    assert.deepEqual(await buttons.allTextContents(), ['attach bearer']);
    await page.context().close();
  });

  it('shows a user without the permission that one is needed, and sends no requests', async () => {
    const { page, tab, asked } = await openAs('stranger');
    await tab.show();
    await tab.element.getByText('You do not have permission to view this tab.').waitFor();
    assert.equal(await tab.element.getByText('The robot').count(), 0);
    await tab.badge(0);
    assert.deepEqual(asked, []);
    await page.context().close();
  });

  async function tokenOf(username: string): Promise<string> {
    const scope = String(USERS[username as keyof typeof USERS]);
    const body = { client_id: 'node-red-admin', grant_type: 'password', scope, username, password: PASSWORD };
    return ((await nodeRed.admin('auth/token', body)) as { access_token: string }).access_token;
  }

  /** Opens the editor and logs in. */
  async function openAs(username: string): Promise<{ page: Page; tab: SignInsTab; asked: string[] }> {
    const page = await openPage();
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/vg-auth/')) asked.push(request.url());
    });
    await page.goto(nodeRed.url);
    await page.locator('#node-dialog-login-username').fill(username);
    await page.locator('#node-dialog-login-password').fill(PASSWORD);
    await page.locator('#node-dialog-login-submit').click();
    await page.locator('.red-ui-tab.active').first().waitFor();
    await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    return { page, tab: new SignInsTab(page), asked };
  }
});
