import { nodeRed } from './browser.ts';
import { Dialog } from './dialog.ts';
import type { Editor } from './editor.ts';

/** The state of a node in the editor. */
interface Known {
  valid: boolean;
  changed: boolean;
  /** Whether there is something to deploy. */
  dirty: boolean;
  /** The node as it would be deployed, without credentials. */
  exported: Record<string, unknown>;
}

/**
 * Opens the dialog of a config node without another dialog. A person opens it from the dialog of a node, whose buttons
 * have the same ids.
 */
export async function openConfigDialog({ page }: Editor, type: string, id: string): Promise<Dialog> {
  await page.evaluate(([what, node]) => Reflect.get(window, 'RED').editor.editConfig('', what, node), [type, id]);
  return Dialog.opened(page, 'node-config');
}

/** The state of a node in the editor. */
export function known({ page }: Editor, id: string): Promise<Known> {
  return page.evaluate((node) => {
    const RED = Reflect.get(window, 'RED');
    const { valid, changed } = RED.nodes.node(node);
    const exported = JSON.parse(JSON.stringify(RED.nodes.convertNode(RED.nodes.node(node), false)));
    return { valid: valid !== false, changed: !!changed, dirty: RED.nodes.dirty(), exported };
  }, id);
}

/** The stored credentials of a node: texts, and for each secret whether there is one. */
export async function storedCredentials(type: string, id: string): Promise<Record<string, unknown>> {
  return (await nodeRed.admin(`credentials/${type}/${id}`)) as Record<string, unknown>;
}
