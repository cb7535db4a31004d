import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { PROJECT } from '../../scripts/project.ts';
import { version } from './browser.ts';
import type { Editor } from './editor.ts';

const isUpdate = process.env.UPDATE_PICTURES === '1';
/** `UPDATE_PICTURES=1 npm run …` takes the pictures of the documentation again, on Node-RED 5, which has both themes. */
export const takes = isUpdate && version === 'node-red-5';
const folder = join(PROJECT, '.github/images');
export const themes = version === 'node-red-5' ? (['light', 'dark'] as const) : (['light'] as const);

/** The content of a picture of a flow. */
export const DRAWN = '.red-ui-flow-node-group, .red-ui-flow-link-line, .red-ui-flow-group';
/** Each journey by the label of its flow. */
const JOURNEYS = ['Service token', 'Sign-in with a code', 'Sign-in with a link', 'Stay signed in'];
/** The dialogs that docs/getting-started.md shows. */
const DIALOGS = [
  { name: 'vgs-account', flow: 'Service token', node: 'get VGS token', config: 'Account' },
  { name: 'attach-bearer', flow: 'Stay signed in', node: 'attach bearer' },
];

/** The tests that take the pictures of the documentation, or check that they exist, in an editor in which each journey has run. */
export function describePictures(open: () => Editor): void {
  let editor: Editor;

  before(async () => {
    editor = open();
    // Wide and high enough for the largest flow and the longest dialog.
    await editor.page.setViewportSize({ width: 1800, height: 1500 });
    // A notification about an inject covers a part of the flow for a moment.
    for (const told of await editor.page.locator('.red-ui-notification').all()) await told.waitFor({ state: 'hidden' });
  });

  for (const theme of themes) {
    it(`show each journey at work, ${theme}`, async () => {
      if (version === 'node-red-5') await editor.chooseTheme(theme);
      for (const [index, flow] of JOURNEYS.entries()) {
        await editor.showFlow(flow);
        await shoot(editor, `journey-${index + 1}-${theme}`, editor.chart.locator(DRAWN));
      }
    });

    it(`show the dialogs, ${theme}`, async () => {
      for (const { name, flow, node, config } of DIALOGS) {
        await editor.showFlow(flow);
        const dialog = await editor.open(editor.node(node));
        const inner = config ? await dialog.editConfig(config) : dialog;
        await shoot(editor, `dialog-${name}-${theme}`, inner.element.locator('form .form-row, form .form-tips'));
        if (inner !== dialog) await inner.cancel();
        await dialog.cancel();
      }
    });
  }
}

/**
 * Takes a picture of the part of the page with these elements; or checks that the picture exists.
 *
 * @param margin around the elements, in px
 */
export async function shoot({ page }: { page: Page }, name: string, elements: Locator, margin = 10): Promise<void> {
  const boxes = await elements.filter({ visible: true }).evaluateAll((all) =>
    all.map((each) => {
      const { left, top, right, bottom } = each.getBoundingClientRect();
      return { left, top, right, bottom };
    }),
  );
  assert.ok(boxes.length > 0, name);
  if (takes) {
    const path = join(folder, `${name}.png`);
    mkdirSync(folder, { recursive: true });
    const x = Math.min(...boxes.map(({ left }) => left)) - margin;
    const y = Math.min(...boxes.map(({ top }) => top)) - margin;
    const width = Math.max(...boxes.map(({ right }) => right)) + margin - x;
    const height = Math.max(...boxes.map(({ bottom }) => bottom)) + margin - y;
    await page.mouse.move(2, 2);
    await page.screenshot({ path, clip: { x, y, width, height }, animations: 'disabled' });
  }
  see(name);
}

/** Checks that a picture exists, and is not too large for a page. */
export function see(name: string): void {
  // The tests on Node-RED 5 write the pictures at this time.
  if (isUpdate && !takes) return;
  const path = join(folder, `${name}.png`);
  assert.ok(existsSync(path), `${path} is missing: run with UPDATE_PICTURES=1 on Node-RED 5`);
  assert.ok(statSync(path).size < 200_000, `${path} is too large`);
}
