import type { Locator, Page } from 'playwright-core';
import { becomes } from './steady.ts';

/** The id of the sidebar tab. */
export const TAB = 'vg-auth-sign-ins';

/** The sidebar tab Sign-ins, operated with mouse and keyboard. */
export class SignInsTab {
  readonly page: Page;
  /** Its content. */
  readonly element: Locator;

  constructor(page: Page) {
    this.page = page;
    this.element = page.locator('.vg-auth-sign-ins');
  }

  /** The notification with the button that opens the tab. */
  get notification(): Locator {
    return this.page.locator('.red-ui-notification').filter({ has: this.page.getByText('Answer in Sign-ins') });
  }

  /** A section, as `Needs attention`. */
  section(title: string): Locator {
    return this.element.getByRole('region', { name: title });
  }

  /** A row of a section, by a text in it. */
  row(title: string, text: string): Locator {
    return this.section(title).locator('li').filter({ hasText: text });
  }

  /** Shows it as a click on its icon does. */
  async show(): Promise<void> {
    // While a package is being installed, its plugins may come later than its nodes. No tab is shown that is not there.
    await this.element.waitFor({ state: 'attached' });
    await this.page.evaluate((tab) => Reflect.get(window, 'RED').sidebar.show(tab), TAB);
    await this.element.waitFor();
  }

  /** Opens a section. */
  async expand(title: string): Promise<Locator> {
    const header = this.section(title).getByRole('button').first();
    if ((await header.getAttribute('aria-expanded')) !== 'true') await header.click();
    return this.section(title);
  }

  /** Opens the details of an account. */
  async details(name: string): Promise<Locator> {
    const row = this.row('Accounts and servers', name);
    if (!(await row.locator('details').evaluate((element: HTMLDetailsElement) => element.open)))
      await row.locator('summary').click();
    return row;
  }

  /** Waits until the icon has this count; 0 for none. */
  async badge(count: number): Promise<void> {
    const badge = this.page.locator('.vg-auth-badge');
    const text = async (): Promise<string> => (await badge.allTextContents())[0] ?? '';
    await becomes(text, count === 0 ? '' : String(count));
  }
}
