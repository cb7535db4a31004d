import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { example, nodeRed, openPage } from '../support/browser.ts';
import { always, closeServers, serve } from '../support/servers.ts';
import { PATIENCE } from '../support/steady.ts';
import { PEEK } from '../support/web-form.ts';

describe('The pages of example 07, in a browser', () => {
  let page: Page;

  before(async () => {
    const flow = example('07 - Sign a person in from a web form');
    await nodeRed.deploy([...flow, ...PEEK]);
    const server = flow.find(({ type }) => type === 'vg-server')?.id ?? '';
    await nodeRed.forget(server, ['sms', 'email', 'all', 'link']);
  });

  beforeEach(async () => {
    page = await openPage();
  });

  afterEach(async () => {
    await page.context().close();
    await closeServers();
  });

  const at = (path: string): string => nodeRed.url + path;
  const heading = (name: string): Promise<void> => page.getByRole('heading', { name, exact: true }).waitFor();
  const says = async (text: string): Promise<void> => {
    assert.equal(await page.getByRole('alert').innerText(), text);
  };

  /** Types into a field after it received the focus, from the page or with the Tab key. */
  async function type(label: string, text: string): Promise<void> {
    const field = page.getByLabel(label, { exact: true });
    await field.and(page.locator(':focus')).waitFor();
    await page.keyboard.type(text);
    assert.equal(await field.inputValue(), text);
  }

  /** Signs in with the keyboard. The first field has the focus. */
  async function signIn(user: string): Promise<void> {
    await page.goto(at('sign-in'));
    await type('Username', user);
    await page.keyboard.press('Tab');
    await type('Password', 'practice');
    await page.keyboard.press('Enter');
  }

  async function enterCode(user: string): Promise<void> {
    await page.getByLabel('Code').waitFor();
    await type('Code', codeFor(user));
    await page.keyboard.press('Enter');
  }

  it('sign a person in with the keyboard, keep the sign-in over a reload, and sign out', async () => {
    await signIn('sms');
    await enterCode('sms');
    await page.getByText('The API recognizes you as sms.').waitFor();
    await page.reload();
    await page.getByText('The API recognizes you as sms.').waitFor();
    assert.equal(await page.evaluate(() => document.cookie), '', 'no script can read a cookie');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading('Sign in');
    await page.goBack();
    await heading('Sign in');
    assert.deepEqual(await cookieNames(), ['browser'], 'the cookie of the session is deleted');
  });

  it('send no form twice', async () => {
    await signIn('email');
    await page.getByLabel('Code').waitFor();
    await page.goBack();
    await page.reload();
    await page.getByLabel('Code').waitFor({ state: 'detached' });
    await heading('Sign in');

    await page.getByLabel('Username').fill('whatsapp');
    await page.getByLabel('Password').fill('practice');
    await page.keyboard.press('Enter');
    await page.getByLabel('Code').waitFor();
    page.once('dialog', (dialog) => dialog.accept());
    await page.reload();
    await says('This form has expired or was already used. Use this new form.');
  });

  it('refuse the form of another browser', async () => {
    await signIn('all');
    const token = await page.locator('input[name="form"]').inputValue();
    const mallory = await openPage();
    await mallory.goto(at('sign-in'));
    await mallory.locator('input[name="form"]').evaluate((input: HTMLInputElement, value) => {
      input.value = value;
    }, token);
    await mallory.getByLabel('Username').fill('plain');
    await mallory.getByLabel('Password').fill('practice');
    const [response] = await Promise.all([mallory.waitForNavigation(), mallory.keyboard.press('Enter')]);
    assert.equal(response?.status(), 403);
    await mallory.context().close();
    await enterCode('all');
    await page.getByText('The API recognizes you as all.').waitFor();
  });

  it('refuse a form that another site sends, although this browser has the cookie', async () => {
    await page.goto(at('sign-in'));
    const token = await page.locator('input[name="form"]').inputValue();
    const fields = { form: token, user: 'plain', password: 'practice' };
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
    const body = `<!doctype html><form method="post" action="${at('sign-in')}">${inputs.join('')}<button>Win</button></form>`;
    const site = await serve(always({ body, headers: { 'content-type': 'text/html' } }));
    await page.goto(`http://localhost:${site.port}/`);
    const [request] = await Promise.all([
      page.waitForRequest(at('sign-in')),
      page.getByRole('button', { name: 'Win' }).click(),
    ]);
    assert.equal((await request.allHeaders()).cookie, undefined);
    await says('This form has expired or was already used. Use this new form.');
    assert.deepEqual(await cookieNames(), ['browser']);
  });

  it('keep a person signed in who comes by a link of another site, or submits a form of it', async () => {
    await signIn('plain');
    await page.getByText('The API recognizes you as plain.').waitFor();
    const body = `<!doctype html><a href="${at('my-orders')}">Orders</a><form method="post" action="${at('sign-out')}"><button>Win</button></form>`;
    const site = await serve(always({ body, headers: { 'content-type': 'text/html' } }));
    await page.goto(`http://localhost:${site.port}/`);
    await page.getByRole('button', { name: 'Win' }).click();
    await heading('Sign in');
    assert.deepEqual((await cookieNames()).sort(), ['browser', 'session']);
    await page.goto(`http://localhost:${site.port}/`);
    await page.getByRole('link', { name: 'Orders' }).click();
    await page.getByText('The API recognizes you as plain.').waitFor();
  });

  it('cannot be shown in a frame', async () => {
    const body = `<!doctype html><iframe src="${at('sign-in')}"></iframe>`;
    const site = await serve(always({ body, headers: { 'content-type': 'text/html' } }));
    await page.goto(`http://localhost:${site.port}/`);
    assert.equal(await page.frameLocator('iframe').getByRole('heading', { name: 'Sign in' }).count(), 0);
    assert.match(page.frames()[1]?.url() ?? '', /^chrome-error:/);
  });

  it('continue in the waiting page after the link was clicked', async () => {
    await signIn('link');
    await page.getByRole('button', { name: 'Continue' }).click();
    await says('The link has not been clicked yet.');
    const { practice } = (await (await fetch(at('peek'))).json()) as { practice: string };
    await fetch(`${practice}/practice/click/link`);
    // The response to the click can arrive before the sign-in is complete.
    const known = page.getByText('The API recognizes you as link.');
    for (const end = Date.now() + PATIENCE; (await known.count()) === 0 && Date.now() < end; )
      await Promise.all([page.waitForLoadState(), page.getByRole('button', { name: 'Continue' }).click()]);
    await known.waitFor();
  });

  async function cookieNames(): Promise<string[]> {
    return (await page.context().cookies()).map(({ name }) => name);
  }

  /** The newest code that a practice user received. */
  function codeFor(user: string): string {
    return [...nodeRed.log.matchAll(new RegExp(`the code for ${user} is (\\d+)`, 'g'))].at(-1)?.[1] ?? '';
  }
});
