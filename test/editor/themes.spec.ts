import assert from 'node:assert/strict';
import { openEditorWithEachNode, version } from '../support/browser.ts';
import { faintTexts } from '../support/contrast.ts';
import type { Dialog } from '../support/dialog.ts';
import type { DrawnNode, Editor } from '../support/editor.ts';

// Node-RED 4.1 has a light theme only.
const themes = version === 'node-red-5' ? (['light', 'dark'] as const) : (['light'] as const);

describe('A dialog is readable', () => {
  let editor: Editor;
  let token: DrawnNode;
  let login: DrawnNode;
  let attach: DrawnNode;

  before(async () => {
    const opened = await openEditorWithEachNode();
    editor = opened.editor;
    ({ 'vgs-token': token, 'vg-login': login, 'attach-bearer': attach } = opened.nodes);
  });

  for (const theme of themes) {
    it(`in the ${theme} theme`, async () => {
      if (version === 'node-red-5') await editor.chooseTheme(theme);
      for (const [node, label] of [
        [token, 'Account'],
        [login, 'Server'],
      ] as const) {
        const dialog = await editor.open(node);
        assert.deepEqual(await faint(dialog), []);
        const config = await dialog.addConfig(label);
        await config.fill({ 'Practice server: built in, no account needed': true });
        assert.deepEqual(await faint(config), []);
        await config.cancel();
        await dialog.cancel();
      }
      const dialog = await editor.open(attach);
      await dialog.fill({ 'Token from': 'a Visual Guard session' });
      await dialog.choose('User', 'msg.', 'user');
      assert.deepEqual(await faint(dialog), []);
      await dialog.cancel();
    });
  }
});

/** Texts of a dialog that are hard to read. */
function faint(dialog: Dialog): Promise<string[]> {
  return faintTexts(
    dialog.element.locator(
      '.form-row label, .form-tips, .form-row code, .form-row input, .form-row select, .form-row textarea',
    ),
  );
}
