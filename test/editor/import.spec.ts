import assert from 'node:assert/strict';
import { openEditor } from '../support/browser.ts';
import { openConfigDialog, storedCredentials } from '../support/config-dialog.ts';
import { holdReplies } from '../support/held-replies.ts';
import { becomes } from '../support/steady.ts';

const PRINTED = `kind: ServiceAccount
data:
  name: calm
  clientId: THE-IMPORTED-CLIENT
  clientSecret: THE-IMPORTED-SECRET
`;

describe('The import of a file of the vgs command', () => {
  it('fills in no other dialog that is open when the reply arrives', async () => {
    const editor = await openEditor(['one', 'other'].map((id) => ({ id, type: 'vgs-account', name: id })));
    const held = await holdReplies(editor.page, '**/vgs-account/import');
    const one = await openConfigDialog(editor, 'vgs-account', 'one');
    await one.element.getByText('Import from the vgs command').click();
    await one.fill({ YAML: PRINTED });
    await one.press('Import');
    await becomes(async () => held.requests.length, 1);
    await one.escape();
    const other = await openConfigDialog(editor, 'vgs-account', 'other');
    await held.release();
    assert.equal(await other.field('Client ID').inputValue(), '');
    assert.equal(await other.field('Client secret').inputValue(), '');
    await other.escape();
  });
});

describe('A secret in a flow that is imported', () => {
  it('is deployed, also if its dialog was opened and canceled before', async () => {
    const editor = await openEditor();
    await editor.importExample('08 - Stay signed in over a restart', 'Stay signed in over a restart');
    const id = await editor.page.evaluate(() => {
      const found: string[] = [];
      Reflect.get(window, 'RED').nodes.eachConfig((node: { type: string; id: string }) => {
        if (node.type === 'auth-store') found.push(node.id);
      });
      return found[0] ?? '';
    });
    const dialog = await openConfigDialog(editor, 'auth-store', id);
    assert.notEqual(await dialog.field('Encryption key').inputValue(), '');
    await dialog.escape();
    await editor.deploy();
    assert.equal((await storedCredentials('auth-store', id)).has_encryptionKey, true);
  });
});
