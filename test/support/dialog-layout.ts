import type { SavedNode } from './browser.ts';
import { openConfigDialog } from './config-dialog.ts';
import { Dialog } from './dialog.ts';
import type { Editor } from './editor.ts';

export const CONFIG_TYPES = ['vgs-account', 'vg-server', 'auth-store'];
export const TYPES = ['vgs-token', 'vg-login', 'vg-mfa', 'vg-logout', 'attach-bearer', ...CONFIG_TYPES];

/** One node of each type. */
export const ONE_OF_EACH: SavedNode[] = TYPES.map((type, index) => ({
  id: `a-${type}`,
  type,
  ...(CONFIG_TYPES.includes(type) ? {} : { z: 'flow', x: 200, y: 80 + 60 * index, wires: [] }),
}));

/** Opens the dialog of a node of ONE_OF_EACH. */
export async function openOneOfEach(editor: Editor, type: string): Promise<Dialog> {
  if (CONFIG_TYPES.includes(type)) return openConfigDialog(editor, type, `a-${type}`);
  await editor.page.evaluate((id) => {
    const { editor: dialogs, nodes } = Reflect.get(window, 'RED');
    dialogs.edit(nodes.node(id));
  }, `a-${type}`);
  return Dialog.opened(editor.page, 'node');
}

/** Shows each row of a dialog, and opens each section. */
export async function showAll(dialog: Dialog): Promise<void> {
  await dialog.element
    .locator('.red-ui-tray-body form')
    .first()
    .evaluate((form) => {
      for (const each of form.querySelectorAll<HTMLElement>('.form-row, .form-tips')) each.style.display = '';
      for (const each of form.querySelectorAll('details')) each.open = true;
    });
}

/** Widths of the tray, in pixels. Undefined is the default of Node-RED. */
export const WIDTHS = [undefined, 500, 400];

/**
 * Faults in the layout of a dialog if its tray has this width. Show each row first.
 *
 * @returns sentences; none if each label is beside its field and not cut, and nothing is wider than the tray
 */
export function misplaced(dialog: Dialog, width: number | undefined): Promise<string[]> {
  return dialog.element.evaluate((tray: HTMLElement, px) => {
    const form = tray.querySelector<HTMLElement>('.red-ui-tray-body form');
    const body = tray.querySelector<HTMLElement>('.red-ui-tray-body');
    const around = tray.querySelector<HTMLElement>('.red-ui-tray-body-wrapper');
    if (!form || !body || !around) return ['there is no form'];
    around.style.overflowY = 'scroll';
    if (px !== undefined) {
      tray.style.width = `${px}px`;
      body.style.minWidth = '0';
    }

    const found: string[] = [];
    const nameOf = (element: Element): string => element.id || element.textContent?.trim() || element.outerHTML;
    const isShown = (element: Element): boolean => element.getClientRects().length > 0;
    const textBox = (element: Element): DOMRect => {
      const range = document.createRange();
      range.selectNodeContents(element);
      return range.getBoundingClientRect();
    };

    for (const label of form.querySelectorAll<HTMLElement>('.form-row > label')) {
      const fields = [...(label.parentElement?.children ?? [])].filter((each) => each !== label && isShown(each));
      const [field] = fields;
      if (!isShown(label) || !field) {
        found.push(`${nameOf(label)}: it or its field is not shown`);
        continue;
      }
      const own = label.getBoundingClientRect();
      const text = textBox(label);
      const its = field.getBoundingClientRect();
      const isTick = field.matches('[type=checkbox]');
      const isBeside = own.top < its.bottom && its.top < own.bottom;
      const isInOrder = isTick ? its.right <= own.left : own.right <= its.left;
      if (!(isBeside && isInOrder) && field.tagName !== 'TEXTAREA')
        found.push(`${nameOf(label)}: not beside its field`);
      if (text.left < own.left - 1 || text.right > own.right + 1 || text.bottom > own.bottom + 2)
        found.push(`${nameOf(label)}: cut`);
      // A row of a config node has several elements beside its label.
      const width = Math.max(...fields.map((each) => each.getBoundingClientRect().right)) - its.left;
      if (!isTick && width < 160) found.push(`${nameOf(label)}: its field has ${width} px`);
      const select = label.parentElement?.querySelector('select');
      if (select && isShown(select) && select.offsetWidth < 50) found.push(`${nameOf(label)}: its list cannot be read`);
    }
    const { left } = body.getBoundingClientRect();
    const right = left + around.clientWidth;
    for (const each of form.querySelectorAll('*')) {
      if (!isShown(each) || each.closest('legend, option')) continue;
      const box = each.getBoundingClientRect();
      if (box.right > right + 0.5 || box.left < left - 0.5) found.push(`${nameOf(each)}: wider than the tray`);
    }
    if (around.scrollWidth > around.clientWidth) found.push('it scrolls to the side');
    return found;
  }, width);
}

/** Whether an element of a dialog is visible without scrolling. */
export function isInView(dialog: Dialog, selector: string): Promise<boolean> {
  return dialog.element.evaluate((tray, wanted) => {
    const box = tray.querySelector(wanted)?.getBoundingClientRect();
    const around = tray.querySelector('.red-ui-tray-body-wrapper')?.getBoundingClientRect();
    return !!box && !!around && box.height > 0 && box.top >= around.top && box.bottom <= around.bottom;
  }, selector);
}
