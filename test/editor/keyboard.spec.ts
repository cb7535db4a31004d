import assert from 'node:assert/strict';
import { type EachNode, type NodeType, openEditorWithEachNode } from '../support/browser.ts';
import { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';
import { openStoreDialog } from '../support/store-dialog.ts';

/** The flow nodes, and the label of the row that opens the config node. */
const CONFIGS: Record<NodeType, string | undefined> = {
  'vgs-token': 'Account',
  'vg-login': 'Server',
  'vg-mfa': undefined,
  'vg-logout': undefined,
  'attach-bearer': undefined,
};
const FIELDS = ['input', 'select', 'textarea', 'button', 'summary']
  .map((tag) => `form .form-row ${tag}:not([tabindex="-1"])`)
  .join();

describe('A dialog without a mouse', () => {
  let editor: Editor;
  let nodes: EachNode;

  before(async () => {
    ({ editor, nodes } = await openEditorWithEachNode());
  });

  for (const [type, config] of Object.entries(CONFIGS) as [NodeType, string | undefined][]) {
    it(`of ${type}${config ? ' and of its config node' : ''} opens, can be filled in with Tab in the order of its fields, and closes`, async () => {
      const { page } = editor;
      await nodes[type].element.locator('.red-ui-flow-node').click();
      await page.keyboard.press('Enter');
      const dialog = await Dialog.opened(page, 'node');
      await isReachable(dialog);
      if (config) {
        const inner = await dialog.addConfig(config);
        await isReachable(inner);
        await inner.escape();
      }
      await dialog.escape();
    });
  }

  for (const kind of ['Context store: survives a restart', 'Redis or Valkey: shared by several instances']) {
    it(`of a session store (${kind}) can be filled in with Tab in the order of its fields, and closes`, async () => {
      const dialog = await openStoreDialog(editor);
      await dialog.fill({ Kind: kind });
      await isReachable(dialog);
      await dialog.escape();
    });
  }
});

/** Every field has a name for a screen reader, and Tab reaches the fields in the order in which they are shown. */
async function isReachable(dialog: Dialog): Promise<void> {
  const fields = dialog.element.locator(FIELDS).filter({ visible: true });
  for (const field of await fields.all()) {
    const name = await field.evaluate((element: HTMLInputElement) =>
      [
        element.getAttribute('aria-label'),
        element.textContent,
        ...[...(element.labels ?? [])].map((each) => each.textContent),
      ]
        .join('')
        .trim(),
    );
    assert.ok(name !== '', `a name for ${await field.evaluate(({ outerHTML }) => outerHTML)}`);
  }
  const count = await fields.count();
  const reached: { index: number; top: number }[] = [];
  await fields.first().focus();
  for (let presses = 0; presses < count * 3 && reached.at(-1)?.index !== count - 1; presses += 1) {
    const at = await fields.evaluateAll((all) => {
      const active = document.activeElement as Element;
      return { index: all.indexOf(active as HTMLElement), top: active.getBoundingClientRect().top };
    });
    if (at.index !== -1) reached.push(at);
    await dialog.page.keyboard.press('Tab');
  }
  assert.deepEqual(
    reached.map(({ index }) => index),
    [...Array(count).keys()],
  );
}
