import type { Locator, Page } from 'playwright-core';

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

  /** The dialog that is opening, once it stands still. */
  static async opened(page: Page, kind: 'node' | 'node-config'): Promise<Dialog> {
    const dialog = new Dialog(page, `#${kind}-dialog-ok`);
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
      else await this.#type(field, value);
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

  /** Presses Done, Add or Update. */
  async done(): Promise<void> {
    await this.#done.click();
    await this.element.waitFor({ state: 'detached' });
  }

  async cancel(): Promise<void> {
    await this.element.getByRole('button', { name: 'Cancel' }).click();
    await this.element.waitFor({ state: 'detached' });
  }

  async #type(field: Locator, value: string): Promise<void> {
    await field.click();
    // What is wrong with the field would be told over the next one.
    await this.page.mouse.move(2, 2);
    await field.press('ControlOrMeta+a');
    await field.press('Delete');
    // The dialog checks itself at every key: all but the last one are put in at once.
    await this.page.keyboard.insertText(value.slice(0, -1));
    await field.pressSequentially(value.slice(-1));
  }
}

/**
 * A label with this text, with or without the mark of a required field.
 * Node-RED 5 puts what is wrong with a field behind its label, for a screen reader.
 */
function labelled(text: string): RegExp {
  return new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(\\s*\\*|: .+)?\\s*$`);
}
