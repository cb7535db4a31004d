import assert from 'node:assert/strict';
import { openEditor } from '../support/browser.ts';
import { type Language, SOURCE, TRANSLATIONS } from '../support/catalogues.ts';
import { TYPES } from '../support/dialog-layout.ts';
import type { Editor } from '../support/editor.ts';

for (const language of [SOURCE, ...TRANSLATIONS] as Language[]) {
  describe(`The help in ${language}, in the sidebar as wide as Node-RED makes it`, () => {
    let editor: Editor;

    before(async () => {
      editor = await openEditor([], language);
    });

    for (const type of TYPES) {
      it(`of ${type} is not cut, and has no horizontal scrollbar`, async () => {
        await show(editor, type);
        assert.deepEqual(await tooWide(editor), []);
      });
    }

    it('of a core node looks as without this package', async () => {
      await show(editor, 'http request');
      const code = editor.page.locator('.red-ui-sidebar-help-stack .red-ui-help .red-ui-help code').first();
      assert.equal(await code.evaluate((word) => getComputedStyle(word).whiteSpace), 'nowrap');
    });
  });
}

/** Shows the help of a type of node in the Help sidebar. */
async function show({ page }: Editor, type: string): Promise<void> {
  await page.evaluate((name) => Reflect.get(window, 'RED').sidebar.help.show(name), type);
  await page.locator('.red-ui-sidebar-help-stack .red-ui-help .red-ui-help').filter({ visible: true }).waitFor();
}

/** The elements of the help that end beyond the right edge of the sidebar, or whose content does. */
function tooWide({ page }: Editor): Promise<string[]> {
  return page.locator('.red-ui-sidebar-help-stack > .red-ui-panel:has(> .red-ui-help)').evaluate((panel) => {
    const edge = panel.getBoundingClientRect().left + panel.clientWidth;
    const isTooWide = (element: Element): boolean =>
      element.getBoundingClientRect().right > edge + 0.5 ||
      (element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1);
    return [...panel.querySelectorAll('*')]
      .filter(isTooWide)
      .map(({ tagName, textContent }) => `${tagName}: ${textContent?.trim().slice(0, 60)}`);
  });
}
