import type { ElementHandle, Locator, Page } from 'playwright-core';
import { park, type } from './steady.ts';

/** A node's edit dialog, worked with mouse and keyboard. */
export class Dialog {
  readonly page: Page;
  /** The dialog as a whole. */
  readonly element: Locator;
  readonly #done: Locator;

  private constructor(page: Page, button: string) {
    this.page = page;
    this.#done = page.locator(button);
    this.element = page.locator('.red-ui-tray').filter({ has: this.#done });
  }

  /**
   * The dialog that is opening, once a person can type into it. Node-RED shows it first, fills it in after the
   * credentials have come, and 150 ms later puts the focus into it. Whatever is typed before goes elsewhere.
   */
  static async opened(page: Page, kind: 'node' | 'node-config'): Promise<Dialog> {
    const dialog = new Dialog(page, `#${kind}-dialog-ok`);
    await page.waitForFunction((button) => {
      const tray = document.querySelector(button)?.closest('.red-ui-tray');
      return !!tray?.querySelector('.red-ui-tray-body')?.contains(document.activeElement);
    }, `#${kind}-dialog-ok`);
    await dialog.#done.click({ trial: true });
    return dialog;
  }

  /** A field, by its label. It is the one that a person sees: a typedInput has a hidden one behind it. */
  field(label: string): Locator {
    const fields = this.page.locator('input, select, textarea').filter({ visible: true });
    return this.element.getByLabel(labelled(label)).and(fields);
  }

  /** The form row of a field, by its label. */
  row(label: string): Locator {
    return this.element
      .locator('.form-row')
      .filter({ has: this.page.locator('label').filter({ hasText: labelled(label) }) });
  }

  /** Fills fields in by their labels: a text, an option of a list, or a tick. */
  async fill(values: Record<string, string | boolean>): Promise<void> {
    for (const [label, value] of Object.entries(values)) {
      const field = this.field(label);
      await field.waitFor();
      if (typeof value === 'boolean') await field.setChecked(value);
      else if ((await field.evaluate(({ tagName }) => tagName)) === 'SELECT')
        await field.selectOption({ label: value });
      else await type(field, value);
    }
  }

  /** Chooses where a value comes from, as `msg.`, and types the value where there is one. */
  async choose(label: string, type: string, value?: string): Promise<void> {
    await this.row(label).locator('.red-ui-typedInput-type-select').click();
    await this.page
      .locator('.red-ui-typedInput-options')
      .filter({ visible: true })
      .getByText(type, { exact: true })
      .click();
    if (value !== undefined) await this.fill({ [label]: value });
  }

  /** Opens the dialog of a new config node. */
  async addConfig(label: string): Promise<Dialog> {
    await this.row(label).locator('a.red-ui-button').last().click();
    return Dialog.opened(this.page, 'node-config');
  }

  /** Opens the dialog of the config node that is chosen. */
  async editConfig(label: string): Promise<Dialog> {
    await this.row(label).locator('a.red-ui-button').first().click();
    return Dialog.opened(this.page, 'node-config');
  }

  /** Presses a button of the form by its text, as Test. */
  async press(name: string): Promise<void> {
    await this.element.locator('form').getByRole('button', { name }).click();
    await park(this.page);
  }

  /** Presses Done, Add or Update. */
  async done(): Promise<void> {
    await this.#leave(() => this.#done.click());
  }

  async cancel(): Promise<void> {
    await this.#leave(() => this.element.getByRole('button', { name: 'Cancel' }).click());
  }

  /** Leaves the dialog by keyboard, as with Cancel. */
  async escape(): Promise<void> {
    await this.#leave(() => this.page.keyboard.press('Control+Escape'));
  }

  /** Waits until the dialog has gone, and what was behind it is there again: the flow, or the dialog before it. */
  async #leave(by: () => Promise<void>): Promise<void> {
    const left = (await this.element.elementHandle()) as ElementHandle<HTMLElement>;
    await by();
    await this.page.waitForFunction((tray) => {
      if (tray.isConnected) return false;
      const before = [...document.querySelectorAll<HTMLElement>('.red-ui-tray')].pop();
      if (before) return before.style.right === '0px';
      const shade = document.querySelector('#red-ui-editor-shade');
      return !shade || getComputedStyle(shade).display === 'none';
    }, left);
    await left.dispose();
  }
}

/**
 * A label with this text, with or without the mark of a required field.
 * Node-RED 5 puts what is wrong with a field behind its label, for a screen reader.
 */
function labelled(text: string): RegExp {
  return new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(\\s*\\*|: .+)?\\s*$`);
}
