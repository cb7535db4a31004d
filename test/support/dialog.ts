import type { ElementHandle, Locator, Page } from 'playwright-core';
import { park, type } from './steady.ts';

/** A node's edit dialog, operated with mouse and keyboard. */
export class Dialog {
  readonly page: Page;
  /** The whole dialog. */
  readonly element: Locator;
  readonly #done: Locator;

  private constructor(page: Page, button: string) {
    this.page = page;
    this.#done = page.locator(button);
    this.element = page.locator('.red-ui-tray').filter({ has: this.#done });
  }

  /**
   * Waits until a person can type into the dialog that opens. Node-RED shows it, fills it in when the credentials have
   * arrived, and sets the focus 150 ms later. Keys that are typed before go elsewhere.
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

  /** A field, by its label. It is the visible one: a typedInput also has a hidden one. */
  field(label: string): Locator {
    const fields = this.page.locator('input, select, textarea').filter({ visible: true });
    return this.element.getByLabel(labelled(label)).and(fields);
  }

  /** The form row of a field, by its label. */
  row(label: string): Locator {
    return this.element
      .locator('.form-row:not(details)')
      .filter({ has: this.page.locator('label').filter({ hasText: labelled(label) }) });
  }

  /** Opens each fold, such as "More". */
  async unfold(): Promise<void> {
    const closed = this.element.locator('details:not([open]) > summary').filter({ visible: true });
    while ((await closed.count()) > 0) await closed.first().click();
    await park(this.page);
  }

  /** Closes the list with suggestions below the field before: it covers other fields. */
  async #leaveSuggestions(): Promise<void> {
    const list = this.page.locator('.red-ui-autoComplete-container').filter({ visible: true });
    if ((await list.count()) === 0) return;
    await this.page.keyboard.press('Escape');
    await list.waitFor({ state: 'hidden' });
  }

  /** Opens the fold that has this row, if the fold is closed. */
  async #reveal(label: string): Promise<void> {
    const inside = this.page.locator('label').filter({ hasText: labelled(label) });
    const fold = this.element.locator('details:not([open])').filter({ has: inside });
    if ((await fold.count()) > 0) await fold.first().locator('> summary').click();
  }

  /** Fills fields in by their labels: a text, an option of a list, or a tick. */
  async fill(values: Record<string, string | boolean>): Promise<void> {
    for (const [label, value] of Object.entries(values)) {
      await this.#reveal(label);
      const field = this.field(label);
      await field.waitFor();
      if (typeof value === 'boolean') await field.setChecked(value);
      else if ((await field.evaluate(({ tagName }) => tagName)) === 'SELECT')
        await field.selectOption({ label: value });
      else await type(field, value);
    }
  }

  /** Chooses the source of a value, such as `msg.`, and types the value if one is given. */
  async choose(label: string, type: string, value?: string): Promise<void> {
    await this.#reveal(label);
    await this.#leaveSuggestions();
    await this.row(label).locator('.red-ui-typedInput-type-select').click();
    await this.page
      .locator('.red-ui-typedInput-options')
      .filter({ visible: true })
      .getByText(type, { exact: true })
      .click();
    if (value !== undefined) await this.fill({ [label]: value });
  }

  /** Chooses an option of a value with a list, such as a method, after the source of the value. */
  async pick(label: string, type: string, option: string): Promise<void> {
    await this.choose(label, type);
    await this.row(label).locator('.red-ui-typedInput-option-trigger').click();
    await this.page
      .locator('.red-ui-typedInput-options')
      .filter({ visible: true })
      .getByText(option, { exact: true })
      .click();
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

  /** Clicks a button of the form by its text, such as Test. */
  async press(name: string): Promise<void> {
    await this.element.locator('form').getByRole('button', { name }).click();
    await park(this.page);
  }

  /** Clicks Done, Add or Update. */
  async done(): Promise<void> {
    await this.#leave(() => this.#done.click());
  }

  async cancel(): Promise<void> {
    await this.#leave(() => this.element.getByRole('button', { name: 'Cancel' }).click());
  }

  /** Closes the dialog by keyboard, like Cancel. */
  async escape(): Promise<void> {
    await this.#leave(() => this.page.keyboard.press('Control+Escape'));
  }

  /** Waits until the dialog has closed, and the flow or the dialog before it is usable again. */
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
 * For screen readers, Node-RED 5 appends the fault of the field to the label.
 */
function labelled(text: string): RegExp {
  return new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(\\s*\\*|: .+)?\\s*$`);
}
