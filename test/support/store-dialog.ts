import { Dialog } from './dialog.ts';
import type { Editor } from './editor.ts';

/**
 * Opens the dialog of a session store without another dialog. A person opens it from two other dialogs, whose buttons
 * have the same ids.
 *
 * @param id the store; a new one if none is given
 */
export async function openStoreDialog({ page }: Editor, id = '_ADD_'): Promise<Dialog> {
  await page.evaluate((node) => Reflect.get(window, 'RED').editor.editConfig('', 'auth-store', node), id);
  return Dialog.opened(page, 'node-config');
}
