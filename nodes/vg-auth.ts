import type { NodeAPI } from 'node-red';

/** The plugin that gives all nodes one catalogue of texts, and all dialogs one set of helpers (`vg-auth.html`). */
export default function (RED: NodeAPI): void {
  RED.plugins.registerPlugin('vg-auth', { type: 'vg-auth' });
}
