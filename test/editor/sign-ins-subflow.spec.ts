import assert from 'node:assert/strict';
import { openEditor, type SavedNode } from '../support/browser.ts';
import { Dialog } from '../support/dialog.ts';
import { SignInsTab } from '../support/sign-ins-tab.ts';

/** A config node of a subflow runs once for each instance, under an id of its own. */
const FLOW: SavedNode[] = [
  { id: 'sub', type: 'subflow', name: 'tenant', in: [], out: [] },
  { id: 'inner', z: 'sub', type: 'vg-server', name: 'Of the subflow', url: '', applicationId: '' },
  { id: 'login', z: 'sub', type: 'vg-login', x: 200, y: 80, server: 'inner', wires: [[], [], []] },
  { id: 'instance', z: 'flow', type: 'subflow:sub', x: 200, y: 80, wires: [] },
];

describe('The tab Sign-ins', () => {
  it('opens the config node of a subflow', async () => {
    const editor = await openEditor(FLOW);
    const tab = new SignInsTab(editor.page);
    await tab.show();
    const card = tab.row('Needs attention', 'Of the subflow');
    await card.getByRole('button', { name: 'Open config node' }).click();
    const dialog = await Dialog.opened(editor.page, 'node-config');
    assert.equal(await dialog.field('Name').inputValue(), 'Of the subflow');
    await dialog.cancel();
  });
});
