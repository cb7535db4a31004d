import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/node-red.ts';
import { example, openEditor, version } from '../support/browser.ts';
import type { Editor } from '../support/editor.ts';
import { see, shoot, takes, themes } from '../support/pictures.ts';

/** The examples, by the number that the README names them with. The first four have pictures at work. */
const EXAMPLES = readdirSync(join(PROJECT, 'examples')).map((file) => file.replace('.json', ''));

/** Shown smaller, and last, because nothing after it would be in its usual place. */
const WIDEST = '11 - Ask for the code in a chat';
const PICTURED = [...EXAMPLES.filter((file) => Number(file.slice(0, 2)) > 4 && file !== WIDEST), WIDEST];

describe('Each example, in the editor', () => {
  let editor: Editor;

  const openAll = async (): Promise<void> => {
    editor = await openEditor(EXAMPLES.flatMap(example));
    // The widest flow has to fit beside the palette and the sidebar.
    await editor.page.setViewportSize({ width: 2700, height: 1500 });
  };
  before(openAll);

  it('has no node that is not filled in', async () => {
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

  for (const theme of themes) {
    it(`is shown in the README, ${theme}`, async () => {
      const name = (file: string): string => `recipe-${file.slice(0, 2)}-${theme}`;
      if (!takes) {
        for (const file of PICTURED) see(name(file));
        return;
      }
      await openAll();
      if (version === 'node-red-5') await editor.chooseTheme(theme);
      for (const file of PICTURED) {
        await editor.showFlow(labelOf(file));
        const parts = editor.chart.locator('.red-ui-flow-node-group, .red-ui-flow-link-line');
        for (let step = 0; file === WIDEST && step < 2; step += 1) await zoomOut();
        await shoot(editor, name(file), parts);
      }
    });
  }

  /** One step. Node-RED 5 takes it in many small ones: it is over when some frames in a row are the same. */
  async function zoomOut(): Promise<void> {
    const before = await scale();
    await editor.page.keyboard.press('Control+-');
    for (let same = 0, last = before; same < 10; ) {
      const now = await scale();
      same = now === last && now !== before ? same + 1 : 0;
      last = now;
    }
  }

  function scale(): Promise<number> {
    return editor.page.evaluate(
      () =>
        new Promise<number>((done) => {
          const { RED } = globalThis as unknown as { RED: { view: { scale(): number } } };
          requestAnimationFrame(() => done(RED.view.scale()));
        }),
    );
  }
});

function labelOf(file: string): string {
  return String(example(file).find(({ type }) => type === 'tab')?.label);
}
