import assert from 'node:assert/strict';
import { openEditor, saved } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';
import { becomes } from '../support/steady.ts';

const PRACTICE = 'Practice server: built in, no account needed';
const ALLOW = 'Messages can select it by name';
const TIP = 'The value is the exact name of a config node';
/** For each flow node, the row that chooses its config node, from a list or by a name that a message brings. */
const NODES = [
  { type: 'vgs-token', label: 'get VGS token', row: 'Account' },
  { type: 'vg-login', label: 'VG login', row: 'Server' },
  { type: 'vg-logout', label: 'VG logout', row: 'Server' },
  { type: 'attach-bearer', label: 'attach bearer', row: 'Account' },
];

describe('A config node that a message names', () => {
  let editor: Editor;

  before(async () => {
    editor = await openEditor();
  });

  for (const [index, { type, label, row }] of NODES.entries()) {
    it(`replaces the one that is chosen in ${type}`, async () => {
      const node = await editor.add(type, label, { x: 200, y: 80 + 80 * index });
      const dialog = await editor.open(node);
      assert.equal(await kindOf(dialog, row), 'SELECT');
      assert.equal(await dialog.element.getByText(TIP).filter({ visible: true }).count(), 0);
      await dialog.choose(row, 'msg.');
      await dialog.element.getByText(TIP).filter({ visible: true }).waitFor();
      assert.equal(await kindOf(dialog, row), 'INPUT');
      await dialog.row(row).locator('.input-error').first().waitFor({ state: 'attached' });
      await dialog.fill({ [row]: 'tenant' });
      await dialog.done();
      await node.mark.waitFor({ state: 'hidden' });
      const again = await editor.open(node);
      assert.equal(await kindOf(again, row), 'INPUT');
      assert.equal(await again.field(row).inputValue(), 'tenant');
      await again.cancel();
    });
  }

  it('is in the row of the source that is chosen in attach bearer', async () => {
    const dialog = await editor.open(editor.node('attach bearer'));
    const rows = ['Account', 'Server'];
    assert.deepEqual(await shown(dialog, rows), ['Account']);
    await dialog.fill({ 'Token from': 'a Visual Guard session' });
    assert.deepEqual(await shown(dialog, rows), ['Server']);
    assert.equal(await kindOf(dialog, 'Server'), 'SELECT');
    assert.equal(await dialog.element.getByText(TIP).filter({ visible: true }).count(), 0);
    await dialog.fill({ 'Token from': 'the message' });
    assert.deepEqual(await shown(dialog, rows), []);
    await dialog.fill({ 'Token from': 'a VGS account' });
    assert.deepEqual(await shown(dialog, rows), ['Account']);
    assert.equal(await kindOf(dialog, 'Account'), 'INPUT');
    await dialog.cancel();
  });

  it('has a setting that allows messages to name it', async () => {
    const token = await editor.open(editor.node('get VGS token'));
    await token.choose('Account', 'config node');
    const account = await token.addConfig('Account');
    await account.unfold();
    assert.equal(await account.field(ALLOW).isChecked(), false);
    await account.fill({ Name: 'Acme', [PRACTICE]: true, [ALLOW]: true });
    await account.done();
    await token.choose('Account', 'msg.', 'tenant');
    await token.done();
    await editor.deploy();

    const [{ name, byName }] = saved().filter(({ type }) => type === 'vgs-account');
    assert.deepEqual({ name, byName }, { name: 'Acme', byName: true });
    const [{ accountName, accountNameType }] = saved().filter(({ type }) => type === 'vgs-token');
    assert.deepEqual({ accountName, accountNameType }, { accountName: 'tenant', accountNameType: 'msg' });
  });

  it('may need a password in VG login, whatever the one needs that is chosen in the list', async () => {
    const dialog = await editor.open(await editor.add('vg-login', 'VG login', { x: 200, y: 440 }));
    const server = await dialog.addConfig('Server');
    await server.fill({ [PRACTICE]: true, Module: 'Passwordless: a username only' });
    await server.done();
    const rows = ['Username', 'Password'];
    // The editor applies the choice a moment later.
    await becomes(() => shown(dialog, rows), ['Username']);
    await dialog.choose('Server', 'msg.', 'tenant');
    await becomes(() => shown(dialog, rows), rows);
    await dialog.cancel();
  });
});

/** Whether the field of a row is a list (SELECT) or a text (INPUT). */
function kindOf(dialog: Dialog, row: string): Promise<string> {
  return dialog.field(row).evaluate(({ tagName }) => tagName);
}

/** The labels of those rows that are visible. */
async function shown(dialog: Dialog, labels: string[]): Promise<string[]> {
  const seen = await Promise.all(labels.map((label) => dialog.row(label).filter({ visible: true }).count()));
  return labels.filter((_, index) => seen[index] > 0);
}
