import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { allThatThePageKnows, openEditorWithEachNode, saved } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import type { DrawnNode, Editor } from '../support/editor.ts';
import { TOKENS } from '../support/practice-tokens.ts';

const PRACTICE = 'Practice server: built in, no account needed';

describe('The Test button, before anything was deployed', () => {
  let editor: Editor;
  let token: DrawnNode;
  let login: DrawnNode;

  before(async () => {
    const opened = await openEditorWithEachNode();
    editor = opened.editor;
    ({ 'vgs-token': token, 'vg-login': login } = opened.nodes);
  });

  after('nothing was deployed, and no token came to the browser', async () => {
    assert.deepEqual(
      saved().map(({ type }) => type),
      ['tab'],
    );
    assert.doesNotMatch(await allThatThePageKnows(editor), TOKENS);
  });

  it('of a VGS account tells what was granted, or why nothing was', async () => {
    const dialog = await editor.open(token);
    const account = await dialog.addConfig('Account');
    await account.fill({ [PRACTICE]: true, Scope: 'cards:write' });
    await account.press('Test');
    await verdict(account).filter({ hasText: 'Signed in at' }).waitFor();
    assert.match(await said(account), /Granted what was asked for: cards:write/);
    assert.match(await said(account), /A token lives 5 min/);

    await account.fill({ 'Client ID': 'practice', 'Client secret': 'not-the-secret' });
    await account.press('Test');
    await verdict(account).filter({ hasText: 'Not signed in.' }).waitFor();
    assert.doesNotMatch(await said(account), /not-the-secret/);
    await account.cancel();
    await dialog.cancel();
  });

  it('of a Visual Guard server signs the user in only when that is ticked', async () => {
    const dialog = await editor.open(login);
    const server = await dialog.addConfig('Server');
    await server.fill({ [PRACTICE]: true });
    await server.press('Test');
    await verdict(server).filter({ hasText: 'There is an answer from' }).waitFor();
    assert.match(await said(server), /No user was signed in/);
    await server.fill({ 'Sign the stored user in, too, and out again': true });
    await server.press('Test');
    await verdict(server).filter({ hasText: 'The stored user was signed in, and out again.' }).waitFor();
    await server.cancel();
    await dialog.cancel();
  });
});

function verdict(dialog: Dialog): Locator {
  return dialog.element.locator('[role=status][id$="test-result"]');
}

async function said(dialog: Dialog): Promise<string> {
  return (await verdict(dialog).textContent()) ?? '';
}
