import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';

/**
 * How long the page may take for one step, in ms. A busy machine draws slowly. Every wait below is for a condition
 * and has this limit, so that a test fails because something is wrong, not because the machine is slow.
 */
export const PATIENCE = 60_000;

/** A place on the page, in pixels from its top left corner. */
export interface Place {
  x: number;
  y: number;
}

/**
 * The middle of an element, once a person could click it: it is in view, it does not move, and nothing covers it.
 * Use it before you work with `page.mouse`, which checks nothing.
 */
export async function steady(element: Locator): Promise<Place> {
  await element.click({ trial: true, timeout: PATIENCE });
  const box = await element.boundingBox();
  assert.ok(box, `it is not drawn: ${element}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/**
 * Moves the mouse away and waits until each tooltip has gone. If you point at the same element before that, Node-RED
 * leaves the tooltip open, over whatever is below it (popover.js).
 */
export async function park(page: Page): Promise<void> {
  await page.mouse.move(2, 2);
  await page.locator('.red-ui-popover').filter({ visible: true }).first().waitFor({ state: 'hidden' });
}

/** Waits until a field has the focus: before that, keys go elsewhere. */
export async function focused(field: Locator): Promise<void> {
  await becomes(() => field.evaluate((element) => element === document.activeElement), true);
}

/** Replaces the text of a field by keyboard, and checks that the field has the new text. */
export async function type(field: Locator, value: string): Promise<void> {
  const page = field.page();
  await field.click();
  await focused(field);
  await park(page);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  // A dialog validates at every key, so only the last character is typed as one.
  await page.keyboard.insertText(value.slice(0, -1));
  await page.keyboard.type(value.slice(-1));
  assert.equal(await field.inputValue(), value, `the text of ${field}`);
}

/**
 * Waits until what `look` returns equals `expected`.
 *
 * @throws AssertionError with the last value
 */
export async function becomes<T>(look: () => Promise<T>, expected: T): Promise<void> {
  const wanted = JSON.stringify(expected);
  const end = Date.now() + PATIENCE;
  let found = await look();
  while (JSON.stringify(found) !== wanted && Date.now() < end) {
    await new Promise((done) => setTimeout(done, 20));
    found = await look();
  }
  assert.deepEqual(found, expected);
}
