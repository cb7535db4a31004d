import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { PROJECT } from '../../scripts/node-red.ts';
import { version } from './browser.ts';
import type { Editor } from './editor.ts';

/** `UPDATE_PICTURES=1 npm run …` takes the pictures of the README anew, on Node-RED 5, which has both themes. */
export const takes = process.env.UPDATE_PICTURES === '1' && version === 'node-red-5';
const folder = join(PROJECT, '.github/images');
export const themes = version === 'node-red-5' ? (['light', 'dark'] as const) : (['light'] as const);

/** Each journey by the label of its flow. */
const JOURNEYS = ['Service token', 'Sign-in with a code', 'Sign-in with a link', 'Stay signed in'];
/** The dialogs that the README shows. */
const DIALOGS = [
  { name: 'vgs-account', flow: 'Service token', node: 'get VGS token', config: 'Account' },
  { name: 'attach-bearer', flow: 'Stay signed in', node: 'attach bearer' },
];

/** The tests that take the pictures of the README, or see that they are there, in an editor where each journey has run. */
export function describePictures(open: () => Editor): void {
  let editor: Editor;

  before(async () => {
    editor = open();
    // Wide and high enough for the largest flow and the longest dialog.
    await editor.page.setViewportSize({ width: 1800, height: 1500 });
    // What Node-RED tells about an inject covers a part of the flow for a moment.
    for (const told of await editor.page.locator('.red-ui-notification').all()) await told.waitFor({ state: 'hidden' });
  });

  for (const theme of themes) {
    it(`show each journey at work, ${theme}`, async () => {
      if (version === 'node-red-5') await editor.chooseTheme(theme);
      for (const [index, flow] of JOURNEYS.entries()) {
        await editor.showFlow(flow);
        await shoot(
          editor,
          `journey-${index + 1}-${theme}`,
          editor.chart.locator('.red-ui-flow-node-group, .red-ui-flow-link-line'),
        );
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

/** Takes the part of the page in which these elements are; or sees that the picture is there. */
export async function shoot(editor: Editor, name: string, elements: Locator): Promise<void> {
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
    const margin = 10;
    const x = Math.min(...boxes.map(({ left }) => left)) - margin;
    const y = Math.min(...boxes.map(({ top }) => top)) - margin;
    const width = Math.max(...boxes.map(({ right }) => right)) + margin - x;
    const height = Math.max(...boxes.map(({ bottom }) => bottom)) + margin - y;
    await editor.page.mouse.move(2, 2);
    await editor.page.screenshot({ path, clip: { x, y, width, height }, animations: 'disabled' });
  }
  see(name);
}

/** Sees that a picture is there, and not too large for a README. */
export function see(name: string): void {
  const path = join(folder, `${name}.png`);
  assert.ok(existsSync(path), `${path} is missing: run with UPDATE_PICTURES=1 on Node-RED 5`);
  assert.ok(statSync(path).size < 100_000, `${path} is too large`);
}
