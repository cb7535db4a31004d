import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { openEditor, type SavedNode } from '../support/browser.ts';
import { Dialog } from '../support/dialog.ts';
import { DrawnNode, type Editor } from '../support/editor.ts';
import { definitions, injections, markup, type NodeDefinition, nodesOfMarkup } from '../support/markup.ts';
import { becomes, park, type } from '../support/steady.ts';

/** A value with markup for each property, and valid values for properties that are a choice. */
const FLOWS = {
  'as an image, in place of JSON': {
    make: markup.image,
    words: { Type: 'json', source: 'vg', kind: 'context', action: 'choose' },
  },
  'as a script, in place of an expression': {
    make: markup.script,
    words: { Type: 'jsonata', source: 'vgs', kind: 'redis', action: 'submit' },
  },
  'in a list': { make: markup.list, words: {} },
};

describe('Markup in a flow is shown as text', () => {
  let all: NodeDefinition[];
  let editor: Editor;
  let page: Page;

  before(async () => {
    editor = await openEditor();
    all = await definitions(editor.page);
    assert.equal(all.length, 8);
  });

  for (const [name, { make, words }] of Object.entries(FLOWS)) {
    describe(name, () => {
      before(async () => {
        const nodes = nodesOfMarkup(all, 'flow', make, words);
        editor = await openEditor([...nodes, injectInto(nodes)]);
        page = editor.page;
      });

      it('at the triangles of the flow nodes, and in their dialogs', async () => {
        for (const { type } of flowNodes()) {
          const node = drawn(`flow-${type}`);
          await node.label.waitFor();
          const triangle = node.mark.locator('path').filter({ visible: true });
          if ((await triangle.count()) > 0) await pointAt(triangle, page.locator('.red-ui-flow-port-tooltip'));
          const dialog = await editor.open(node);
          await readTooltips(dialog);
          await dialog.cancel();
        }
        assert.deepEqual(await injections(page), []);
      });

      it('at the triangles of the config nodes, in their dialogs, and in the result of Test', async () => {
        await editor.showSidebar('config');
        for (const { type } of all.filter(({ isConfig }) => isConfig)) {
          const entries = page.locator('.red-ui-palette-node-config').filter({ visible: true });
          const node = entries.nth(await indexOf(entries, `flow-${type}`));
          const triangle = node.locator('.red-ui-flow-node-error');
          if ((await triangle.count()) > 0) await pointAt(triangle, page.locator('.red-ui-popover'));
          await node.dblclick();
          const dialog = await Dialog.opened(page, 'node-config');
          await readTooltips(dialog);
          await dialog.press('Test');
          const answer = dialog.element.locator('[role=status][id$="test-result"]');
          await answer.locator('.fa:not(.fa-spinner)').first().waitFor();
          await dialog.cancel();
        }
        assert.deepEqual(await injections(page), []);
      });

      it('in the sidebar Information, and in the search', async () => {
        await editor.showSidebar('info');
        for (const { type } of flowNodes()) {
          await drawn(`flow-${type}`).element.locator('.red-ui-flow-node').click();
          await page.locator('.red-ui-info-table, .red-ui-sidebar-info table').getByText(type).first().waitFor();
        }
        await editor.chart.focus();
        await page.keyboard.press('Control+f');
        await type(page.locator('.red-ui-search input').filter({ visible: true }), 'injected');
        await becomes(async () => (await page.locator('.red-ui-search-result').count()) >= flowNodes().length, true);
        await page.keyboard.press('Escape');
        assert.deepEqual(await injections(page), []);
      });

      it('in the warnings of a deploy, in each status, and in the errors of the debug sidebar', async () => {
        await editor.add('comment', 'comment', { x: 300, y: 560 });
        await editor.showDebug();
        await editor.deploy(false);
        await drawn('flow-inject').press();
        const errors = page.locator('.red-ui-debug-msg');
        await becomes(async () => (await errors.count()) >= flowNodes().length, true);
        for (const { type } of flowNodes()) await drawn(`flow-${type}`).status(/./);
        assert.deepEqual(await injections(page), []);
      });
    });
  }

  function flowNodes(): NodeDefinition[] {
    return all.filter(({ isConfig }) => !isConfig);
  }

  function drawn(id: string): DrawnNode {
    return new DrawnNode(page.locator(`[id="${id}"]`));
  }

  /** The position in the sidebar of the config node with this id. */
  function indexOf(entries: Locator, id: string): Promise<number> {
    return entries.evaluateAll((found, wanted) => {
      const { $ } = window as unknown as { $: (element: Element | null) => { data(key: string): unknown } };
      return found.findIndex(({ parentElement }) => $(parentElement).data('data-node-id') === wanted);
    }, id);
  }

  async function pointAt(element: Locator, tooltip: Locator): Promise<void> {
    await park(page);
    await element.hover();
    await tooltip.filter({ visible: true }).first().waitFor();
    await park(page);
  }

  /** Moves the mouse over each field that is marked as invalid. */
  async function readTooltips(dialog: Dialog): Promise<void> {
    const fields = dialog.element.locator('.form-row > .input-error:not(.red-ui-typedInput-container)');
    for (const field of await fields.filter({ visible: true }).all())
      await pointAt(field, page.locator('.red-ui-popover'));
  }
});

/** An inject node wired to all flow nodes. */
function injectInto(nodes: SavedNode[]): SavedNode {
  const to = nodes.filter(({ z }) => z).map(({ id }) => id);
  return { id: 'flow-inject', type: 'inject', z: 'flow', x: 140, y: 40, props: [{ p: 'payload' }], wires: [to] };
}
