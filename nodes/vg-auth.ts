import type { NodeAPI } from 'node-red';

/** The plugin with the catalog of all nodes and the functions that all dialogs share (`vg-auth.html`). */
export default function (RED: NodeAPI): void {
  RED.plugins.registerPlugin('vg-auth', { type: 'vg-auth' });
}
