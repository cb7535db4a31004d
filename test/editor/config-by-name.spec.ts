import assert from 'node:assert/strict';
import { openEditor, saved } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';

const PRACTICE = 'Practice server: built in, no account needed';
const ALLOW = 'Messages may choose it by its name';
const TIP = 'The value is the name of a config node';
/** Each flow node's own row, and the one by which a message names its config node. */
const NODES = [
  { type: 'vgs-token', label: 'get VGS token', row: 'Account', by: 'Account by' },
  { type: 'vg-login', label: 'VG login', row: 'Server', by: 'Server by' },
  { type: 'vg-logout', label: 'VG logout', row: 'Server', by: 'Server by' },
  { type: 'attach-bearer', label: 'attach bearer', row: 'Account', by: 'Account by' },
];

describe('A config node that a message names', () => {
  let editor: Editor;

  before(async () => {
    editor = await openEditor();
  });

  for (const [index, { type, label, row, by }] of NODES.entries()) {
    it(`takes the place of the one that is chosen in ${type}`, async () => {
      const node = await editor.add(type, label, { x: 200, y: 80 + 80 * index });
      const dialog = await editor.open(node);
      assert.deepEqual(await shown(dialog, [row, by]), [row, by]);
      assert.equal(await dialog.element.getByText(TIP).filter({ visible: true }).count(), 0);
      await dialog.choose(by, 'msg.');
      await dialog.element.getByText(TIP).filter({ visible: true }).waitFor();
      assert.deepEqual(await shown(dialog, [row, by]), [by]);
      await dialog.row(by).locator('.input-error').first().waitFor({ state: 'attached' });
      await dialog.fill({ [by]: 'tenant' });
      await dialog.done();
      await node.mark.waitFor({ state: 'hidden' });
      const again = await editor.open(node);
      assert.deepEqual(await shown(again, [row, by]), [by]);
      assert.equal(await again.field(by).inputValue(), 'tenant');
      await again.cancel();
    });
  }

  it('is the row of the source chosen in attach bearer', async () => {
    const dialog = await editor.open(editor.node('attach bearer'));
    const rows = ['Account', 'Account by', 'Server', 'Server by'];
    assert.deepEqual(await shown(dialog, rows), ['Account by']);
    await dialog.fill({ 'Token from': 'a Visual Guard session' });
    assert.deepEqual(await shown(dialog, rows), ['Server', 'Server by']);
    assert.equal(await dialog.element.getByText(TIP).filter({ visible: true }).count(), 0);
    await dialog.fill({ 'Token from': 'the message' });
    assert.deepEqual(await shown(dialog, rows), []);
    await dialog.fill({ 'Token from': 'a VGS account' });
    assert.deepEqual(await shown(dialog, rows), ['Account by']);
    await dialog.cancel();
  });

  it('says itself whether a message may name it', async () => {
    const token = await editor.open(editor.node('get VGS token'));
    await token.choose('Account by', 'as chosen above');
    const account = await token.addConfig('Account');
    assert.equal(await account.field(ALLOW).isChecked(), false);
    await account.fill({ Name: 'Acme', [PRACTICE]: true, [ALLOW]: true });
    await account.done();
    await token.choose('Account by', 'msg.', 'tenant');
    await token.done();
    await editor.deploy();

    const [{ name, byName }] = saved().filter(({ type }) => type === 'vgs-account');
    assert.deepEqual({ name, byName }, { name: 'Acme', byName: true });
    const [{ accountName, accountNameType }] = saved().filter(({ type }) => type === 'vgs-token');
    assert.deepEqual({ accountName, accountNameType }, { accountName: 'tenant', accountNameType: 'msg' });
  });
});

/** Which of these rows can be seen. */
async function shown(dialog: Dialog, labels: string[]): Promise<string[]> {
  const seen = await Promise.all(labels.map((label) => dialog.row(label).filter({ visible: true }).count()));
  return labels.filter((_, index) => seen[index] > 0);
}
