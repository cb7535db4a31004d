import assert from 'node:assert/strict';
import { openEditor } from '../support/browser.ts';
import { type Language, SOURCE, TRANSLATIONS } from '../support/catalogues.ts';
import {
  CONFIG_TYPES,
  isInView,
  misplaced,
  ONE_OF_EACH,
  openOneOfEach,
  showAll,
  TYPES,
  WIDTHS,
} from '../support/dialog-layout.ts';
import type { Editor } from '../support/editor.ts';

for (const language of [SOURCE, ...TRANSLATIONS] as Language[]) {
  describe(`The rows in ${language}`, () => {
    let editor: Editor;

    before(async () => {
      editor = await openEditor(ONE_OF_EACH, language);
    });

    if (language === SOURCE)
      it('of a dialog break without the style sheet of this package, and the test reports it', async () => {
        const dialog = await openOneOfEach(editor, 'vg-server');
        await showAll(dialog);
        await dialog.element.locator('form.vg-auth-form').evaluate((form) => form.classList.remove('vg-auth-form'));
        assert.notDeepEqual(await misplaced(dialog, undefined), []);
        await dialog.escape();
      });

    for (const type of TYPES) {
      it(`of ${type} do not break at any width of the tray`, async () => {
        const dialog = await openOneOfEach(editor, type);
        if (CONFIG_TYPES.includes(type)) assert.ok(await isInView(dialog, `#${type}-test`), 'Test without scrolling');
        const practice = dialog.element.locator('#node-config-input-practice');
        if ((await practice.count()) > 0) {
          await practice.check();
          assert.ok(await isInView(dialog, `#${type}-test`), 'Test without scrolling, with the practice server');
        }
        await showAll(dialog);
        for (const width of WIDTHS) assert.deepEqual(await misplaced(dialog, width), [], `${width ?? 'default'} px`);
        await dialog.escape();
      });
    }
  });
}
