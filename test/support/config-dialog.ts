import { nodeRed } from './browser.ts';
import { Dialog } from './dialog.ts';
import type { Editor } from './editor.ts';

/** What the editor knows of a node. */
interface Known {
  valid: boolean;
  changed: boolean;
  /** Whether there is something to deploy. */
  dirty: boolean;
  /** The node as it would be deployed, without credentials. */
  exported: Record<string, unknown>;
}

/** Opens the dialog of a config node by itself. A person comes there by way of another dialog, whose buttons have the same ids. */
export async function openConfigDialog({ page }: Editor, type: string, id: string): Promise<Dialog> {
  await page.evaluate(([what, node]) => Reflect.get(window, 'RED').editor.editConfig('', what, node), [type, id]);
  return Dialog.opened(page, 'node-config');
}

/** What the editor knows of a node. */
export function known({ page }: Editor, id: string): Promise<Known> {
  return page.evaluate((node) => {
    const RED = Reflect.get(window, 'RED');
    const { valid, changed } = RED.nodes.node(node);
    const exported = JSON.parse(JSON.stringify(RED.nodes.convertNode(RED.nodes.node(node), false)));
    return { valid: valid !== false, changed: !!changed, dirty: RED.nodes.dirty(), exported };
  }, id);
}

/** What is stored for a node: texts, and of each secret whether there is one. */
export async function storedCredentials(type: string, id: string): Promise<Record<string, unknown>> {
  return (await nodeRed.admin(`credentials/${type}/${id}`)) as Record<string, unknown>;
}
