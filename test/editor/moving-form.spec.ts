import assert from 'node:assert/strict';
import type { Locator, Page, Request } from 'playwright-core';
import { openEditorWithEachNode } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';
import { holdReplies } from '../support/held-replies.ts';
import { becomes, focused, type Place, steady } from '../support/steady.ts';

const VARIABLE = ['$', '{A_VARIABLE_OF_NOBODY}'].join('');
const UNSET = 'A_VARIABLE_OF_NOBODY has no value. Set it and restart Node-RED.';

describe('A form whose rows move while somebody uses it', () => {
  let editor: Editor;
  let page: Page;
  let dialog: Dialog;
  let account: Dialog;

  beforeEach(async () => {
    const opened = await openEditorWithEachNode();
    editor = opened.editor;
    page = editor.page;
    dialog = await editor.open(opened.nodes['vgs-token']);
    account = await dialog.addConfig('Account');
  });

  afterEach(async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.unrouteAll();
    await account.cancel();
    await dialog.cancel();
  });

  it('runs the test after a click on Test, if a row appears between press and release', async () => {
    await press(await steady(test()));
    await moveForm();
    await page.mouse.up();
    await verdict().filter({ hasText: 'Client ID' }).waitFor();
  });

  it('runs the test once after a click, if no row moves', async () => {
    let requests = 0;
    const count = (request: Request): void => {
      if (request.url().endsWith('vgs-account/test')) requests += 1;
    };
    page.on('request', count);
    await press(await steady(test()));
    await page.mouse.up();
    await verdict().filter({ hasText: 'Client ID' }).waitFor();
    page.off('request', count);
    assert.equal(requests, 1);
  });

  it('runs no test if the mouse is moved away before the release', async () => {
    const { x, y } = await steady(test());
    await press({ x, y });
    await moveForm();
    await page.mouse.move(x + 200, y, { steps: 4 });
    await page.mouse.up();
    // A click shows at once that the test runs.
    assert.equal(await verdict().textContent(), '');
  });

  it('uses a pasted address at once, not only when the field loses the focus', async () => {
    await account.unfold();
    await becomes(() => account.row('TLS').isVisible(), true);
    await paste('Token URL', 'http://identity.example.com');
    assert.equal(await account.row('TLS').isVisible(), false);
    assert.equal(await account.field('Allow http: the secret is sent unencrypted').count(), 1);
  });

  it('reserves the space of the hint as soon as a variable is pasted, before Node-RED answers', async () => {
    const held = await holdReplies(page, '**/vgs-account/test');
    await paste('Client ID', VARIABLE);
    const top = await test().evaluate(({ offsetTop }: HTMLElement) => offsetTop);
    await becomes(async () => held.requests.length, 1);
    const hint = account.row('Client ID').getByText(UNSET);
    assert.equal(await hint.isVisible(), false);
    await held.release();
    await hint.waitFor();
    assert.equal(await test().evaluate(({ offsetTop }: HTMLElement) => offsetTop), top);
  });

  it('does not scroll when a change makes the result of a test out of date', async () => {
    await account.unfold();
    await test().click();
    await verdict().filter({ hasText: 'Client ID' }).waitFor();
    // The result is below the visible part.
    await page.setViewportSize({ width: 1280, height: 360 });
    const name = account.field('Name');
    await name.click();
    const top = async (): Promise<number | undefined> => (await name.boundingBox())?.y;
    const before = await top();
    await name.pressSequentially('a');
    await verdict().filter({ hasText: 'Test again' }).waitFor({ state: 'attached' });
    assert.equal(await top(), before);
  });

  function test(): Locator {
    return account.element.locator('form').getByRole('button', { name: 'Test' });
  }

  it('takes the first click on a suggestion for a scope, which takes the focus from the field', async () => {
    await account.fill({ Scope: 'cards:wirte' });
    await account.press('Use cards:write');
    assert.equal(await account.field('Scope').inputValue(), 'cards:write');
  });

  function verdict(): Locator {
    return account.element.locator('[role=status][id$="test-result"]');
  }

  async function press({ x, y }: Place): Promise<void> {
    await page.mouse.move(x, y);
    await page.mouse.down();
  }

  /** Makes a row appear above Test. */
  async function moveForm(): Promise<void> {
    const before = (await test().boundingBox())?.y;
    await test().evaluate((button) => {
      const row = document.createElement('div');
      row.style.height = '60px';
      button.closest('.form-row')?.before(row);
    });
    assert.notEqual((await test().boundingBox())?.y, before);
  }

  /** Replaces the text of a field without a key event, like Paste in the browser's menu. */
  async function paste(label: string, text: string): Promise<void> {
    const field = account.field(label);
    await field.click();
    await focused(field);
    await field.selectText();
    await page.keyboard.insertText(text);
    assert.equal(await field.inputValue(), text);
  }
});
