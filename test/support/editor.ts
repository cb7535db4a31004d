import type { Locator, Page } from 'playwright-core';
import { Dialog } from './dialog.ts';
import { until } from './until.ts';

/** A place in the flow, in pixels from its top left corner. */
export interface Place {
  x: number;
  y: number;
}

/** A node in the flow, as a person sees it. */
export class DrawnNode {
  readonly element: Locator;

  constructor(element: Locator) {
    this.element = element;
  }

  /** Its label. */
  get label(): Locator {
    return this.element.locator('.red-ui-flow-node-label-text');
  }

  /** The mark of a node that is not complete. */
  get mark(): Locator {
    return this.element.locator('.red-ui-flow-node-error');
  }

  /** Waits until its status has this in it. @returns the whole status */
  async status(part: string | RegExp): Promise<string> {
    const line = this.element.locator('.red-ui-flow-node-status-label').filter({ hasText: part });
    await line.waitFor();
    return (await line.textContent()) ?? '';
  }

  /** Clicks the button at its side. */
  async press(): Promise<void> {
    await this.element.locator('.red-ui-flow-node-button-button').click();
  }

  /** @param index from 0 */
  output(index: number): Locator {
    return this.element.locator('.red-ui-flow-port-output .red-ui-flow-port').nth(index);
  }

  get input(): Locator {
    return this.element.locator('.red-ui-flow-port-input .red-ui-flow-port');
  }
}

/** Node-RED's editor, worked with mouse and keyboard. */
export class Editor {
  readonly page: Page;
  readonly #starts: () => number;

  /** @param starts how often the flows were started */
  constructor(page: Page, starts: () => number) {
    this.page = page;
    this.#starts = starts;
  }

  get chart(): Locator {
    return this.page.locator('#red-ui-workspace-chart');
  }

  /** A node of the palette. */
  palette(type: string): Locator {
    return this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  }

  async load(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    await this.palette('attach-bearer').waitFor({ state: 'attached' });
    await this.page.locator('.red-ui-tab.active').first().waitFor();
    // Hints cover what a test clicks.
    const close = this.page.locator('.red-ui-sidebar-info-tip-close, .red-ui-help-info-tip button').first();
    if (await close.isVisible()) await close.click();
  }

  /** Finds a node in the palette by its label and drags it into the flow. */
  async add(type: string, label: string, to: Place): Promise<DrawnNode> {
    const there = await this.#ids();
    const filter = this.page.getByPlaceholder('filter nodes');
    await filter.fill(label);
    const from = await centre(this.palette(type));
    const chart = await this.#chartAt();
    await this.#drag(from, { x: chart.x + to.x, y: chart.y + to.y });
    const added = async (): Promise<string | undefined> => (await this.#ids()).find((id) => !there.includes(id));
    let id = await added();
    while (!id) id = await added();
    return new DrawnNode(this.page.locator(`[id="${id}"]`));
  }

  /** The node with this label in the flow that is open. */
  node(label: string): DrawnNode {
    const text = this.page.locator('.red-ui-flow-node-label').getByText(label, { exact: true });
    return new DrawnNode(this.chart.locator('.red-ui-flow-node-group').filter({ has: text }));
  }

  /** Draws a wire. @param output from 1, as in the help */
  async wire(from: DrawnNode, output: number, to: DrawnNode): Promise<void> {
    const wires = this.chart.locator('.red-ui-flow-link');
    const before = await wires.count();
    await this.#drag(await centre(from.output(output - 1)), await centre(to.input));
    await wires.nth(before).waitFor({ state: 'attached' });
  }

  /** Opens a node's dialog. */
  async open(node: DrawnNode): Promise<Dialog> {
    await this.page.locator('#red-ui-editor-shade').waitFor({ state: 'hidden' });
    const { x, y } = await centre(node.element.locator('.red-ui-flow-node'));
    const tray = this.page.locator('.red-ui-tray');
    // Node-RED takes no double click while it draws the flow anew.
    for (let tries = 0; tries < 5 && (await tray.count()) === 0; tries += 1) {
      await this.page.mouse.dblclick(x, y);
      await tray.waitFor({ timeout: 1_000 }).catch(() => {});
    }
    return Dialog.opened(this.page, 'node');
  }

  /** Goes to a flow by the keyboard: two clicks on tabs in quick succession open a dialog. */
  async showFlow(label: string): Promise<void> {
    const active = this.page.locator('#red-ui-workspace-tabs > li.active').getByText(label, { exact: true });
    const tabs = await this.page.locator('#red-ui-workspace-tabs > li').count();
    await this.chart.focus();
    for (let tries = 0; tries < tabs && !(await active.isVisible()); tries += 1)
      await this.page.keyboard.press('Control+]');
    await active.waitFor();
    await this.chart.locator('.red-ui-flow-node-group').first().waitFor();
  }

  /** Chooses the theme in the user settings, which Node-RED 5 has. */
  async chooseTheme(theme: 'light' | 'dark'): Promise<void> {
    await this.chart.focus();
    await this.page.keyboard.press('Control+,');
    await this.page.locator('#user-settings-view-dark-theme').selectOption(theme);
    await this.page.getByRole('button', { name: 'Close' }).filter({ visible: true }).last().click();
    await this.page.locator('.red-ui-tray').waitFor({ state: 'detached' });
    await this.page.locator(theme === 'dark' ? 'html.nr-theme-dark' : 'html:not(.nr-theme-dark)').waitFor();
  }

  /** Presses Deploy and waits until the flows run. */
  async deploy(): Promise<void> {
    const before = this.#starts();
    await this.page.locator('#red-ui-header-button-deploy').click();
    await until(() => this.#starts() > before, 30_000);
    await this.page.locator('#red-ui-header-button-deploy.disabled').waitFor();
  }

  /** Imports an example of this package by the menu's dialog. @param flow the tab that it makes */
  async importExample(name: string, flow: string): Promise<void> {
    await this.chart.focus();
    await this.page.keyboard.press('Control+i');
    const dialog = this.page.locator('#red-ui-clipboard-dialog');
    await dialog.locator('#red-ui-clipboard-dialog-import-tabs').getByText('Examples').click();
    const entry = (text: string): Locator =>
      dialog.locator('.red-ui-treeList-label').filter({ visible: true }).getByText(text, { exact: true });
    await entry('@vg-auth/node-red-vg-auth').click();
    await entry(name).click();
    await this.page.locator('#red-ui-clipboard-dialog-ok').click();
    await this.showFlow(flow);
  }

  /** Points at a field until its tooltip says this. A row that appears meanwhile moves the field away from the mouse. */
  async explanation(field: Locator, sentence: string): Promise<void> {
    const tooltip = this.page.locator('.red-ui-popover').getByText(sentence, { exact: true });
    for (let tries = 0; tries < 5 && !(await tooltip.isVisible()); tries += 1) {
      await this.#leaveTooltips();
      await field.hover();
      await tooltip.waitFor({ timeout: 3_000 }).catch(() => {});
    }
    await tooltip.waitFor();
    await this.#leaveTooltips();
  }

  /** Who comes back before a tooltip has gone leaves it there for ever, over whatever is below (Node-RED's popover.js). */
  async #leaveTooltips(): Promise<void> {
    await this.page.mouse.move(2, 2);
    await this.page.locator('.red-ui-popover').filter({ visible: true }).first().waitFor({ state: 'hidden' });
  }

  /** Opens the sidebar with the debug messages. */
  async showDebug(): Promise<void> {
    const list = this.page.locator('.red-ui-debug-content-list');
    if (!(await list.isVisible())) await this.page.locator('#red-ui-tab-debug-link-button').click();
    await list.waitFor();
  }

  /** Empties the list of debug messages. */
  async clearDebug(): Promise<void> {
    await this.page.locator('#red-ui-sidebar-debug-clear').click();
    await this.page.locator('.red-ui-debug-msg').first().waitFor({ state: 'detached' });
  }

  /** The newest debug message of the node with this name. */
  debug(name: string): Locator {
    return this.page
      .locator('.red-ui-debug-msg')
      .filter({ has: this.page.locator('.red-ui-debug-msg-name').getByText(`node: ${name}`, { exact: true }) })
      .last();
  }

  /** Opens a debug message down to a property. @returns what it shows there */
  async valueIn(message: Locator, path: string[]): Promise<string> {
    await message.locator('.red-ui-debug-msg-expandable').first().click();
    let row = message;
    for (const [depth, name] of path.entries()) {
      const key = this.page.locator('.red-ui-debug-msg-object-key').getByText(name, { exact: true });
      row = row.locator('.red-ui-debug-msg-object-entry').filter({ has: key }).last();
      if (depth < path.length - 1) await row.locator('.red-ui-debug-msg-expandable').first().click();
    }
    return (await row.locator('.red-ui-debug-msg-object-value').textContent()) ?? '';
  }

  async #chartAt(): Promise<Place> {
    const box = await this.chart.boundingBox();
    if (!box) throw new Error('the editor shows no flow');
    return box;
  }

  async #drag(from: Place, to: Place): Promise<void> {
    const { mouse } = this.page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move(from.x + 10, from.y + 10, { steps: 2 });
    await mouse.move(to.x, to.y, { steps: 8 });
    await mouse.up();
  }

  async #ids(): Promise<string[]> {
    return this.chart.locator('.red-ui-flow-node-group').evaluateAll((nodes) => nodes.map(({ id }) => id));
  }
}

/** The middle of an element, which is scrolled to. */
export async function centre(element: Locator): Promise<Place> {
  await element.scrollIntoViewIfNeeded();
  const box = await element.boundingBox();
  if (!box) throw new Error(`not to be seen: ${element}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
