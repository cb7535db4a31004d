import assert from 'node:assert/strict';
import { version } from '../support/browser.ts';
import { type Dashboard, dashboardForTests } from '../support/dashboard.ts';
import { DASHBOARD_FLOW, type ExampleNode } from '../support/examples.ts';
import { becomes, focused } from '../support/steady.ts';

const UNAVAILABLE = 'The server is not available at the moment. Try again in a minute.';
const EXPIRED = 'The sign-in has expired. Sign in again.';

describe('The page of the recipe for Dashboard 2, in a browser', () => {
  const { get, visit } = dashboardForTests(version);
  let dashboard: Dashboard;

  before(() => {
    dashboard = get();
  });

  it('continues automatically when the link was opened', async () => {
    const client = await visit();
    await client.signIn('link');
    await client.click('Link by email');
    await client.page.getByText('this page continues automatically').waitFor();
    await dashboard.practice('click/link');
    await client.shows('Signed in as link');
  });

  it('answers on every path of a password', async () => {
    const client = await visit();
    await client.signIn(' ', 'practice');
    await client.says('Enter your username and your password.');
    for (const [user, problem] of [
      ['wrong-password', 'The username or the password is wrong.'],
      ['last-attempt', 'The username or the password is wrong. The next wrong password locks the account.'],
      ['locked', 'This account is locked. Ask your administrator.'],
      ['enrollment', 'This account has no method to confirm a sign-in yet. Ask your administrator to set one up.'],
      ['missing-phone', 'This account has no address to send a code to. Ask your administrator to add one.'],
      ['disabled', 'The sign-in failed (account-disabled).'],
      ['cut', UNAVAILABLE],
      ['gateway', UNAVAILABLE],
    ] as const) {
      await client.signIn(user);
      await client.says(problem);
      await client.page.getByLabel('Password').waitFor();
    }
    await dashboard.practice('mode/outage', 'POST');
    await client.signIn('plain');
    await client.says(UNAVAILABLE);
  });

  it('answers on every path of a code', async () => {
    const client = await visit();
    await client.signIn('all');
    await client.click('Code by SMS');
    await client.enter(' ');
    await client.says('Enter the code.');
    await client.enter('000');
    await client.says('The code is wrong.');
    await client.click('Another method');
    await client.click('Link by email');
    await becomes(
      async () => /^Wait \d+ s, then try again\.$/.test(await client.page.getByRole('alert').innerText()),
      true,
    );
    await dashboard.practice('mode/outage', 'POST');
    await client.enter('000');
    await client.says(UNAVAILABLE);
    await dashboard.practice('mode/normal', 'POST');
    await client.enter(await dashboard.codeFor('all'));
    await client.shows('Signed in as all');
    await client.click('Sign out');

    await client.signIn('timeout');
    await client.click('Code by SMS');
    await client.enter('000');
    await client.says(EXPIRED);

    await client.signIn('delivery-failure');
    await client.click('Code by SMS');
    await client.says('Nothing could be sent. Choose another method.');
    await client.click('Start again');
    await client.page.getByLabel('Password').waitFor();
  });

  it('answers if the API does not accept the token, or the session has ended', async () => {
    const client = await visit();
    await client.signIn('plain');
    await client.shows('Signed in as plain');
    await dashboard.practice('revoke-all');
    await client.click('Call the API');
    await client.shows('The API recognizes you as plain.');
    await dashboard.nodeRed.admin('vg-auth/sessions/sign-out', { server: serverId() });
    await client.click('Call the API');
    await client.says('Your session has ended. Sign in again.');
    await client.page.getByLabel('Password').waitFor();
  });

  it('counts down, and says when it has expired', async () => {
    const client = await visit();
    await client.signIn('wrong-code');
    await client.click('Code by SMS');
    const timer = client.page.getByRole('timer');
    const first = await timer.innerText();
    assert.match(first, /^Valid for (5:00|4:\d\d)$/);
    await becomes(async () => (await timer.innerText()) === first, false);
    await client.click('Start again');

    // As if nearly all of the five minutes had passed when the code was sent.
    await dashboard.deploy(inCode('client.expires_at - Date.now()', "(client.step === 'code-required' ? 2e3 : 3e5)"));
    const late = await visit();
    await late.signIn('all');
    await late.click('Code by email');
    await late.says(EXPIRED);
    await late.page.getByLabel('Password').waitFor();
    // Dashboard reports the end of a page only if it was opened after the last deploy.
    await late.close();
    await dashboard.isEmpty();
    await dashboard.deploy();
  });

  it('works by the keyboard', async () => {
    const { page } = await visit();
    await focused(page.getByLabel('Username'));
    await page.keyboard.type('sms');
    await page.keyboard.press('Tab');
    await page.keyboard.type('practice');
    await page.keyboard.press('Enter');
    await page.getByText('Hello sms').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByLabel('Code').waitFor();
  });
});

function serverId(): string {
  return String(DASHBOARD_FLOW.find(({ type }) => type === 'vg-server')?.id);
}

/** The flow with other code in its Function nodes. */
function inCode(text: string, other: string): (node: ExampleNode) => ExampleNode {
  return (node) => (node.type === 'function' ? { ...node, func: String(node.func).replaceAll(text, other) } : node);
}
