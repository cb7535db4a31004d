import { createRequire } from 'node:module';
import type { Locator, Page } from 'playwright-core';

/** The part of axe-core that is used here. */
interface Axe {
  run(context: object, options: object): Promise<{ violations: { id: string; nodes: Finding[] }[] }>;
}

interface Finding {
  html: string;
  failureSummary?: string;
}

/** Loads axe-core into a page. A reload of the page removes it. */
export async function loadAxe(page: Page): Promise<void> {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
}

/**
 * The faults that axe-core finds in an element: rule, element, and how to fix it.
 *
 * @param exclude selectors of elements that do not belong to this package
 */
export function violations(element: Locator, exclude: string[]): Promise<string[]> {
  return element.evaluate(async (root, excluded) => {
    const axe = Reflect.get(window, 'axe') as Axe;
    const own = { include: [root], exclude: excluded };
    const { violations: found } = await axe.run(own, { resultTypes: ['violations'] });
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  }, exclude);
}
