import assert from 'node:assert/strict';
import type { Locator, Page, Request } from 'playwright-core';
import { Dialog } from './dialog.ts';
import { becomes, PATIENCE, type Place, park, steady, type as typeInto } from './steady.ts';
import { until } from './until.ts';

/** A node in the flow, as a person sees it in the editor. */
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

  /**
   * Waits until its status contains this.
   *
   * @returns the whole status
   * @throws Error with the actual status
   */
  async status(part: string | RegExp): Promise<string> {
    const all = this.element.locator('.red-ui-flow-node-status-label');
    const line = all.filter({ hasText: part });
    try {
      // In one step: a status with a code disappears when the code is used.
      return (await line.textContent()) ?? '';
    } catch (cause) {
      throw new Error(`the status is not ${part}: ${await all.allTextContents()}`, { cause });
    }
  }

  /** Clicks the button of an inject node, and waits until Node-RED has sent its message. */
  async press(): Promise<void> {
    const page = this.element.page();
    const isInject = (request: Request): boolean =>
      request.method() === 'POST' && /\/inject\/[^/]+$/.test(request.url());
    const answered = page.waitForResponse((response) => isInject(response.request()));
    const [answer] = await Promise.all([answered, this.element.locator('.red-ui-flow-node-button-button').click()]);
    assert.equal(answer.status(), 200, 'the answer to the click');
    await park(page);
  }

  /** @param index from 0 */
  output(index: number): Locator {
    return this.element.locator('.red-ui-flow-port-output .red-ui-flow-port').nth(index);
  }

  get input(): Locator {
    return this.element.locator('.red-ui-flow-port-input .red-ui-flow-port');
  }
}

/** Node-RED's editor, operated with mouse and keyboard. */
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

  /** @param type a node that the palette has when it is loaded */
  async load(url: string, type = 'attach-bearer'): Promise<void> {
    await this.page.goto(url);
    await this.palette(type).waitFor({ state: 'attached' });
    // The tab is there before the editor has loaded; the progress bar is hidden before and after that.
    await this.page.locator('.red-ui-tab.active').first().waitFor();
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
  }

  /**
   * Finds a node in the palette by its label and drags it into the flow.
   *
   * @param to from the top left corner of the flow
   */
  async add(type: string, label: string, to: Place): Promise<DrawnNode> {
    const there = await this.#ids();
    await typeInto(this.page.getByPlaceholder('filter nodes'), label);
    // The palette applies the filter a moment later, and moves the node.
    const other = label === 'comment' ? 'debug' : 'comment';
    await this.palette(other).waitFor({ state: 'hidden' });
    const from = await steady(this.palette(type));
    const chart = await this.#chartAt();
    await this.#drag(from, { x: chart.x + to.x, y: chart.y + to.y });
    const added = async (): Promise<string[]> => (await this.#ids()).filter((id) => !there.includes(id));
    await becomes(async () => (await added()).length, 1);
    const [id] = await added();
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
    await this.#drag(await steady(from.output(output - 1)), await steady(to.input));
    await wires.nth(before).waitFor({ state: 'attached' });
  }

  /** Opens a node's dialog by a double click. */
  async open(node: DrawnNode): Promise<Dialog> {
    await park(this.page);
    const end = Date.now() + PATIENCE;
    do {
      const { x, y } = await steady(node.element.locator('.red-ui-flow-node'));
      await this.page.mouse.dblclick(x, y);
      // Node-RED opens the dialog while it handles the second click. It takes no two clicks that a busy machine
      // handles more than 650 ms apart; then a person clicks again.
    } while ((await this.page.locator('.red-ui-tray').count()) === 0 && Date.now() < end);
    return Dialog.opened(this.page, 'node');
  }

  /** Goes to a flow by the keyboard: two clicks on tabs in quick succession open a dialog. */
  async showFlow(label: string): Promise<void> {
    const tabs = this.page.locator('#red-ui-workspace-tabs > li');
    await tabs.getByText(label, { exact: true }).waitFor({ state: 'attached' });
    const labels = (await tabs.locator('.red-ui-tab-label').allTextContents()).map((text) => text.trim());
    const wanted = labels.indexOf(label);
    assert.notEqual(wanted, -1, `${label} among ${labels.join(', ')}`);
    const active = (): Promise<number> =>
      tabs.evaluateAll((all) => all.findIndex((tab) => tab.classList.contains('active')));
    await this.chart.focus();
    for (let at = await active(); at !== wanted; at = await active()) {
      const before = at;
      await this.page.keyboard.press('Control+]');
      await becomes(async () => (await active()) !== before, true);
    }
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

  /**
   * Clicks Deploy, waits until the flows run, and dismisses the notifications about it.
   *
   * @param isValid false, if Node-RED warns that nodes are not properly configured
   */
  async deploy(isValid = true): Promise<void> {
    const before = this.#starts();
    await this.page.locator('#red-ui-header-button-deploy:not(.disabled)').click();
    if (!isValid) await this.page.locator('#red-ui-deploy-dialog-confirm-deploy-deploy').click();
    await until(() => this.#starts() > before, PATIENCE);
    await this.page.locator('#red-ui-header-button-deploy.disabled').waitFor();
    // The editor is shaded for 300 ms at least. Until then it would take a deploy by somebody else for its own.
    await this.page.locator('.red-ui-deploy-button-spinner').first().waitFor({ state: 'hidden' });
    await this.page.locator('#red-ui-header-shade').waitFor({ state: 'hidden' });
    await this.dismissNotifications();
  }

  /** Dismisses notifications: they cover the upper part of the flow for 5 s. */
  async dismissNotifications(): Promise<void> {
    const told = this.page.locator('.red-ui-notification').filter({ visible: true });
    // Without a mouse: if a notification disappears meanwhile, a click would hit something else.
    await told.evaluateAll((all: HTMLElement[]) => {
      // That of Sign-ins has a button to dismiss it. The first button of one of Node-RED's opens the search.
      for (const each of all) {
        const isOwn = each.textContent?.includes('Answer in Sign-ins');
        ((isOwn && each.querySelector<HTMLElement>('.ui-dialog-buttonset button')) || each).click();
      }
    });
    await told.first().waitFor({ state: 'hidden' });
  }

  /** Imports an example of this package with the import dialog. @param flow the label of the tab that it adds */
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

  /** Points at a field until its tooltip has this text. If the field moves because a row appears, it points there again. */
  async explanation(field: Locator, sentence: string): Promise<void> {
    const tooltip = this.page.locator('.red-ui-popover').getByText(sentence, { exact: true });
    const isPointedAt = (): Promise<boolean> => field.evaluate((element) => element.matches(':hover'));
    const end = Date.now() + PATIENCE;
    do {
      await park(this.page);
      await field.hover();
      await becomes(async () => (await tooltip.isVisible()) || !(await isPointedAt()), true);
    } while (!(await tooltip.isVisible()) && Date.now() < end);
    await tooltip.waitFor();
    await park(this.page);
  }

  /** Opens the sidebar with the debug messages. */
  async showDebug(): Promise<void> {
    await this.showSidebar('debug');
    await this.page.locator('.red-ui-debug-content-list').waitFor();
  }

  /** Opens a tab of the sidebar, as `debug`, `config` or `info`. */
  async showSidebar(id: string): Promise<void> {
    await this.page.evaluate((tab) => Reflect.get(window, 'RED').sidebar.show(tab), id);
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
