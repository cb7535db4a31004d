import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { nodeRed, openEditor, type SavedNode } from '../support/browser.ts';
import { signsIn } from '../support/guard-server.ts';
import { holdReplies } from '../support/held-replies.ts';
import { closeServers, serve, type TestServer } from '../support/servers.ts';
import { SignInsTab } from '../support/sign-ins-tab.ts';
import { becomes, type } from '../support/steady.ts';
import { until } from '../support/until.ts';

const SESSIONS = 10_000;
/** A number as the editor shows it. */
const inWords = (count: number): string => count.toLocaleString('en-US');
/** The sessions of a page. */
const PAGE = 50;
/** With so many sessions, a change is followed at most once in this time, in ms. */
const PAUSE = 5_000;
/** How many people sign in at the same time. */
const LANES = 20;

/** Signs in `user 0`, `user 1` and so on, each after the one before on the same lane. */
const flowOf = (url: string): SavedNode[] => [
  { id: 'crowd', type: 'vg-server', name: 'The crowd', url, applicationId: 'app' },
  { id: 'few', type: 'vg-server', name: 'The few', practice: true },
  { id: 'good', type: 'vgs-account', name: 'The good', practice: true },
  { id: 'begin', z: 'flow', type: 'inject', x: 100, y: 80, props: [], wires: [['lanes']] },
  {
    id: 'lanes',
    z: 'flow',
    type: 'function',
    x: 250,
    y: 80,
    func: `return [Array.from({ length: ${LANES} }, (_, lane) => ({ next: lane }))];`,
    wires: [['next']],
  },
  {
    id: 'next',
    z: 'flow',
    type: 'function',
    x: 400,
    y: 80,
    func: `const { next } = msg;
      if (next < ${SESSIONS}) return { next: next + ${LANES}, username: 'user ' + next, password: 'secret' };`,
    wires: [['login']],
  },
  {
    id: 'login',
    z: 'flow',
    type: 'vg-login',
    x: 550,
    y: 80,
    server: 'crowd',
    username: 'username',
    usernameType: 'msg',
    password: 'password',
    passwordType: 'msg',
    wires: [['next'], [], []],
  },
];

describe(`The tab Sign-ins with ${SESSIONS} sessions`, () => {
  let server: TestServer;
  let page: Page;
  let tab: SignInsTab;
  let sessions: Locator;
  /** When each page of sessions was asked for, in ms since 1970. */
  const asked: number[] = [];

  before(async function () {
    this.timeout(600_000);
    let count = 0;
    // Without a refresh token, a sign-out has nothing to revoke, which would take as long as the sign-ins.
    server = await serve(() => signsIn(`token-${count++}`, { refresh_token: undefined }));
    const flow = flowOf(server.origin);
    // Before the editor is open, which would draw each status. The second deploy changes nothing, so the sessions stay.
    await nodeRed.deploy([{ id: 'flow', type: 'tab', label: 'Flow 1' }, ...flow]);
    await nodeRed.inject('begin');
    await until(() => server.requests.length === SESSIONS, 480_000);
    const editor = await openEditor(flow);
    assert.equal(await total(), SESSIONS);
    ({ page } = editor);
    tab = new SignInsTab(page);
    page.on('request', (request) => {
      if (request.url().includes('vg-auth/sessions?')) asked.push(Date.now());
    });
    await tab.show();
    sessions = await tab.expand('Sessions');
    await sessions.getByText(`1 to ${PAGE} of ${inWords(SESSIONS)}`).waitFor();
  });

  after(closeServers);

  async function total(query = ''): Promise<number> {
    return ((await nodeRed.admin(`vg-auth/sessions?limit=1${query}`)) as { total: number }).total;
  }

  /** The number of token requests of an account, by the admin API. */
  async function requestsOf(id: string): Promise<number> {
    const { accounts } = (await nodeRed.admin('vg-auth/accounts')) as {
      accounts: { id: string; counts: { requests: number } }[];
    };
    return accounts.find((each) => each.id === id)?.counts.requests ?? 0;
  }

  /** The names on the page. */
  function names(): Promise<string[]> {
    return sessions.locator('li .vg-auth-name').allTextContents();
  }

  async function turn(button: 'Next' | 'Previous', first: number, all = SESSIONS): Promise<void> {
    await sessions.getByRole('button', { name: button }).click();
    await sessions.getByText(`${first} to ${Math.min(first + PAGE - 1, all)} of ${inWords(all)}`).waitFor();
  }

  it('shows a page of them, and each turn asks for one more page', async () => {
    const seen = new Set(await names());
    assert.equal(seen.size, PAGE);
    const before = asked.length;
    const began = Date.now();
    for (const first of [PAGE + 1, 2 * PAGE + 1]) {
      await turn('Next', first);
      const shown = await names();
      assert.equal(shown.length, PAGE);
      for (const name of shown) assert.ok(!seen.has(name), `${name} is on two pages`);
      for (const name of shown) seen.add(name);
    }
    await turn('Previous', PAGE + 1);
    await turn('Previous', 1);
    const followed = Math.floor((Date.now() - began) / PAUSE);
    assert.ok(asked.length - before <= 4 + followed, `${asked.length - before} requests`);
    assert.ok((await names()).every((name) => seen.has(name)));
  });

  it('does no more work than before if much changes: the page follows at most once in 5 s, and has the same rows', async () => {
    const elements = await sessions.locator('*').count();
    const began = Date.now();
    const before = asked.length;
    const RENEWALS = 30;
    // On a busy machine, the account has renewed its token automatically before.
    const earlier = await requestsOf('good');
    for (let count = 0; count < RENEWALS; count += 1) await nodeRed.admin('vg-auth/accounts/good/renew', {});
    const row = await tab.details('The good');
    // The tab itself has followed.
    const requests = row.locator('dt').filter({ hasText: 'Token requests' }).locator('+ dd');
    await becomes(() => requests.textContent(), String(earlier + RENEWALS));
    const followed = asked.length - before;
    assert.ok(followed <= 1 + Math.floor((Date.now() - began) / PAUSE), `${followed} requests`);
    assert.equal(await sessions.locator('*').count(), elements);
  });

  it('finds a user by the whole name, and signs this user out', async () => {
    await type(sessions.getByLabel('Username'), 'user 77');
    await page.keyboard.press('Tab');
    await sessions.getByText('Open sessions: 1', { exact: true }).waitFor();
    assert.deepEqual(await names(), ['user 77']);
    await sessions.getByLabel('Server').selectOption({ label: 'The crowd' });
    await sessions.getByRole('button', { name: 'Sign out user 77 everywhere' }).click();
    await sessions.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await total('&user=user%2077'), 1);
    await sessions.getByRole('button', { name: 'Sign out user 77 everywhere' }).click();
    await sessions.getByRole('button', { name: 'Sign out', exact: true }).first().click();
    await tab.element.getByText('Sessions signed out: 1.').waitFor();
    await sessions.getByText('No open sessions.').waitFor();
    assert.equal(await total(), SESSIONS - 1);
    await type(sessions.getByLabel('Username'), ' ');
    await page.keyboard.press('Tab');
    await sessions.getByText(`1 to ${PAGE} of ${inWords(SESSIONS - 1)}`).waitFor();
  });

  it('removes the question as soon as other sessions are chosen, and not when they arrive', async () => {
    await type(sessions.getByLabel('Username'), 'user 78');
    await page.keyboard.press('Tab');
    await sessions.getByRole('button', { name: 'Sign out user 78 everywhere' }).click();
    const question = sessions.getByRole('button', { name: 'Cancel' });
    await question.waitFor();
    const held = await holdReplies(page, '**/vg-auth/sessions?**');
    await type(sessions.getByLabel('Username'), ' ');
    await page.keyboard.press('Tab');
    await becomes(async () => held.requests.length > 0, true);
    assert.equal(await question.count(), 0);
    assert.equal(await sessions.getByRole('button', { name: 'Sign out user 78 everywhere' }).count(), 0);
    await held.release();
    await sessions.getByText(`1 to ${PAGE} of ${inWords(SESSIONS - 1)}`).waitFor();
  });

  it('signs out one of them, whose row goes', async () => {
    const [name = ''] = await names();
    await sessions.getByRole('button', { name: `Sign out ${name}`, exact: true }).click();
    await tab.element.getByText(`${name} was signed out.`).waitFor();
    await sessions.getByText(`1 to ${PAGE} of ${inWords(SESSIONS - 2)}`).waitFor();
    const left = await names();
    assert.deepEqual([left.length, left.includes(name)], [PAGE, false]);
    assert.equal(await total(`&user=${encodeURIComponent(name)}`), 0);
  });

  it('signs out all of them after a question', async () => {
    await sessions.getByRole('button', { name: 'Sign out everyone from The crowd' }).click();
    await sessions.getByText('They must sign in again.').waitFor();
    await sessions.getByRole('button', { name: 'Sign out', exact: true }).first().click();
    await sessions.getByText('No open sessions.').waitFor();
    await tab.element.getByText(`Sessions signed out: ${inWords(SESSIONS - 2)}.`).waitFor();
    assert.equal(await total(), 0);
  });
});
