import assert from 'node:assert/strict';
import { loadAxe, violations } from '../support/axe.ts';
import { openEditor, version } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import { ONE_OF_EACH, openOneOfEach, showAll, TYPES } from '../support/dialog-layout.ts';
import type { Editor } from '../support/editor.ts';

// Node-RED 4.1 has a light theme only.
const themes = version === 'node-red-5' ? (['light', 'dark'] as const) : (['light'] as const);

for (const theme of themes) {
  describe(`axe-core finds nothing in the ${theme} theme, with all sections open,`, () => {
    let editor: Editor;

    before(async () => {
      editor = await openEditor(ONE_OF_EACH);
      if (version === 'node-red-5') await editor.chooseTheme(theme);
      await loadAxe(editor.page);
    });

    for (const type of TYPES) {
      it(`in the dialog of ${type}`, async () => {
        const dialog = await openOneOfEach(editor, type);
        await showAll(dialog);
        assert.deepEqual(await found(dialog), []);
        await dialog.escape();
      });
    }

    it('and it finds a field without a label', async () => {
      const dialog = await openOneOfEach(editor, 'vgs-token');
      await dialog.element
        .locator('.red-ui-tray-body form')
        .first()
        .evaluate((form) => form.append(document.createElement('textarea')));
      assert.equal((await found(dialog)).length, 1);
      await dialog.escape();
    });
  });
}

/** What axe-core finds in the form of a dialog. */
function found(dialog: Dialog): Promise<string[]> {
  // Node-RED adds fields there that prevent a browser from storing passwords.
  return violations(dialog.element.locator('.red-ui-tray-body form').first(), ['[id^="red-ui-trap"]']);
}
