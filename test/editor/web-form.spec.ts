import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { example, nodeRed, openPage } from '../support/browser.ts';
import { always, closeServers, serve } from '../support/servers.ts';
import { PEEK } from '../support/web-form.ts';

describe('The pages of example 07, in a browser', () => {
  let page: Page;

  before(() => nodeRed.deploy([...example('07 - Sign a person in from a web form'), ...PEEK]));

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

  /** Types into a field that the page, or the Tab key, has given the focus. */
  async function type(label: string, text: string): Promise<void> {
    const field = page.getByLabel(label, { exact: true });
    await field.and(page.locator(':focus')).waitFor();
    await page.keyboard.type(text);
    assert.equal(await field.inputValue(), text);
  }

  /** The keyboard is enough: the first field has the focus. */
  async function signIn(user: string): Promise<void> {
    await page.goto(at('sign-in'));
    await type('User name', user);
    await page.keyboard.press('Tab');
    await type('Password', 'practice');
    await page.keyboard.press('Enter');
  }

  async function enterCode(user: string): Promise<void> {
    await page.getByLabel('Code').waitFor();
    await type('Code', codeFor(user));
    await page.keyboard.press('Enter');
  }

  it('sign a person in by the keyboard, survive a reload, and sign out for good', async () => {
    await signIn('sms');
    await enterCode('sms');
    await page.getByText('The API knows you as sms.').waitFor();
    await page.reload();
    await page.getByText('The API knows you as sms.').waitFor();
    assert.equal(await page.evaluate(() => document.cookie), '', 'no script can read a cookie');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading('Sign in');
    await page.goBack();
    await heading('Sign in');
    assert.deepEqual(await cookieNames(), ['browser'], 'the session has no cookie any more');
  });

  it('send no form twice', async () => {
    await signIn('email');
    await page.getByLabel('Code').waitFor();
    await page.goBack();
    await page.reload();
    await page.getByLabel('Code').waitFor({ state: 'detached' });
    await heading('Sign in');

    await page.getByLabel('User name').fill('whatsapp');
    await page.getByLabel('Password').fill('practice');
    await page.keyboard.press('Enter');
    await page.getByLabel('Code').waitFor();
    page.once('dialog', (dialog) => dialog.accept());
    await page.reload();
    await says('This form is too old, or it was used before. Here is a new one.');
  });

  it('refuse the form of another browser', async () => {
    await signIn('all');
    const token = await page.locator('input[name="form"]').inputValue();
    const mallory = await openPage();
    await mallory.goto(at('sign-in'));
    await mallory.locator('input[name="form"]').evaluate((input: HTMLInputElement, value) => {
      input.value = value;
    }, token);
    await mallory.getByLabel('User name').fill('plain');
    await mallory.getByLabel('Password').fill('practice');
    const [response] = await Promise.all([mallory.waitForNavigation(), mallory.keyboard.press('Enter')]);
    assert.equal(response?.status(), 403);
    await mallory.context().close();
    await enterCode('all');
    await page.getByText('The API knows you as all.').waitFor();
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
    await says('This form is too old, or it was used before. Here is a new one.');
    assert.deepEqual(await cookieNames(), ['browser']);
  });

  it('are not shown in a frame', async () => {
    const body = `<!doctype html><iframe src="${at('sign-in')}"></iframe>`;
    const site = await serve(always({ body, headers: { 'content-type': 'text/html' } }));
    await page.goto(`http://localhost:${site.port}/`);
    assert.equal(await page.frameLocator('iframe').getByRole('heading', { name: 'Sign in' }).count(), 0);
    assert.match(page.frames()[1]?.url() ?? '', /^chrome-error:/);
  });

  it('go on in the page that waits, once the link was clicked', async () => {
    await signIn('link');
    await page.getByRole('button', { name: 'Continue' }).click();
    await says('The link was not clicked yet.');
    const { practice } = (await (await fetch(at('peek'))).json()) as { practice: string };
    await fetch(`${practice}/practice/click/link`);
    // The answer to the click and the end of the sign-in come by two ways.
    const known = page.getByText('The API knows you as link.');
    for (let tries = 0; tries < 50 && (await known.count()) === 0; tries += 1)
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
