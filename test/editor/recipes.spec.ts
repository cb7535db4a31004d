import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { example, openEditor, version } from '../support/browser.ts';
import { unlikeMeasured } from '../support/drawn.ts';
import type { Editor } from '../support/editor.ts';
import { DRAWN, see, shoot, takes, themes } from '../support/pictures.ts';

/** The file names of the examples, without the extension. The pictures of the journeys are taken while they run. */
const EXAMPLES = readdirSync(join(PROJECT, 'examples')).map((file) => file.replace('.json', ''));
const PICTURED = EXAMPLES.filter((file) => !['00', '01', '02', '03', '04'].includes(file.slice(0, 2)));

describe('Each example, in the editor', () => {
  let editor: Editor;

  const openAll = async (): Promise<void> => {
    editor = await openEditor(EXAMPLES.flatMap(example));
    // The largest flow must fit between the palette and the sidebar.
    await editor.page.setViewportSize({ width: 1700, height: 1600 });
  };
  before(openAll);

  it('has no node that is incomplete', async () => {
    for (const file of EXAMPLES) {
      await editor.showFlow(labelOf(file));
      const marked = editor.chart.locator('.red-ui-flow-node-group', {
        has: editor.page.locator('.red-ui-flow-node-error:visible'),
      });
      assert.deepEqual(await marked.allInnerTexts(), [], file);
    }
  });

  it('has no two nodes that cover each other', async () => {
    for (const file of EXAMPLES) {
      await editor.showFlow(labelOf(file));
      const boxes = await editor.chart.locator('.red-ui-flow-node-group').evaluateAll((all) =>
        all.map((node) => {
          const { left, right, top, bottom } = (
            node.querySelector('rect.red-ui-flow-node') ?? node
          ).getBoundingClientRect();
          return { left, right, top, bottom, text: node.querySelector('.red-ui-flow-node-label')?.textContent ?? '' };
        }),
      );
      assert.ok(boxes.length > 3, file);
      const covered = boxes.flatMap((one, index) =>
        boxes
          .slice(index + 1)
          .filter((other) => one.left < other.right && other.left < one.right)
          .filter((other) => one.top < other.bottom && other.top < one.bottom)
          .map((other) => `${one.text} and ${other.text}`),
      );
      assert.deepEqual(covered, [], file);
    }
  });

  it('is drawn with the sizes that the tests of the drawings assume', async () => {
    for (const file of EXAMPLES) {
      await editor.showFlow(labelOf(file));
      assert.deepEqual(await unlikeMeasured(editor, example(file)), [], file);
    }
  });

  for (const theme of themes) {
    it(`is shown in docs/recipes.md, ${theme}`, async () => {
      const name = (file: string): string => `recipe-${file.slice(0, 2)}-${theme}`;
      if (!takes) {
        for (const file of PICTURED) see(name(file));
        return;
      }
      await openAll();
      if (version === 'node-red-5') await editor.chooseTheme(theme);
      for (const file of PICTURED) {
        await editor.showFlow(labelOf(file));
        await shoot(editor, name(file), editor.chart.locator(DRAWN));
      }
    });
  }
});

function labelOf(file: string): string {
  return String(example(file).find(({ type }) => type === 'tab')?.label);
}
