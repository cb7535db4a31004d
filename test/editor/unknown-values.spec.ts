import assert from 'node:assert/strict';
import { openEditor } from '../support/browser.ts';
import { known, openConfigDialog } from '../support/config-dialog.ts';
import { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';
import { becomes } from '../support/steady.ts';

const CREDENTIALS = { clientId: 'c', clientSecret: 's' };
const PRACTICE = 'Practice server: built in, no account needed';
const SOURCES = { account: 'an-account', server: 'a-server' };

/** Nodes as an imported flow can have them. */
const CONFIG = [
  { id: 'an-account', type: 'vgs-account', name: 'Acme', practice: true },
  { id: 'a-server', type: 'vg-server', practice: true, credentials: { username: 'plain', password: 'practice' } },
  { id: 'cookie', type: 'vgs-account', clientAuth: 'cookie', credentials: CREDENTIALS },
  { id: 'list', type: 'vgs-account', clientAuth: ['header'], credentials: CREDENTIALS },
  { id: 'variable', type: 'vgs-account', clientAuth: '$(CLIENT_AUTH)', credentials: CREDENTIALS },
  { id: 'yes', type: 'vgs-account', practice: 'yes', credentials: CREDENTIALS },
  { id: 'one', type: 'vgs-account', practice: 1, credentials: CREDENTIALS },
  { id: 'folded', type: 'vgs-account', byName: 'yes', credentials: CREDENTIALS },
  { id: 'https', type: 'vgs-account', insecureHttp: 'yes', credentials: CREDENTIALS },
];
const NODES = [
  { id: 'uses-cookie', type: 'vgs-token', account: 'cookie' },
  { id: 'code', type: 'vg-mfa', codeType: 'jsonata' },
  { id: 'hidden', type: 'attach-bearer', ...SOURCES, userType: 'cred' },
  { id: 'name', type: 'attach-bearer', ...SOURCES, source: 'msg', accountNameType: ['msg'] },
  { id: 'hide', type: 'attach-bearer', ...SOURCES, hide: 'no' },
];
const INVALID = ['cookie', 'list', 'yes', 'one', 'folded', 'https', ...NODES.map(({ id }) => id)];

describe('A value that a property with a fixed set of values does not have', () => {
  let editor: Editor;

  before(async () => {
    editor = await openEditor([
      ...CONFIG,
      ...NODES.map((node, index) => ({ ...node, z: 'flow', x: 200, y: 60 + 60 * index, wires: [] })),
    ]);
  });

  async function open(id: string): Promise<Dialog> {
    const config = CONFIG.find((node) => node.id === id);
    if (config) return openConfigDialog(editor, config.type, id);
    await editor.page.evaluate((node) => {
      const RED = Reflect.get(window, 'RED');
      RED.editor.edit(RED.nodes.node(node));
    }, id);
    return Dialog.opened(editor.page, 'node');
  }

  const isValid = async (id: string): Promise<boolean> => (await known(editor, id)).valid;

  it('marks the node in the editor, and the nodes that use it; a variable does not', async () => {
    for (const { id } of [...CONFIG, ...NODES]) assert.equal(await isValid(id), !INVALID.includes(id), id);
    assert.equal(await editor.chart.locator('.red-ui-flow-node-error').filter({ visible: true }).count(), NODES.length);
  });

  for (const id of INVALID.filter((each) => each !== 'uses-cookie')) {
    it(`stays, and stays marked, if nobody changes it in the dialog: ${id}`, async () => {
      const before = await known(editor, id);
      for (const leave of ['cancel', 'done'] as const) {
        const dialog = await open(id);
        await dialog.element.locator('.input-error').filter({ visible: true }).first().waitFor();
        await dialog[leave]();
        assert.deepEqual(await known(editor, id), before, leave);
      }
    });
  }

  for (const [id, shown] of [
    ['cookie', 'cookie'],
    ['list', '["header"]'],
  ]) {
    it(`is shown in the list until another one is selected: ${shown}`, async () => {
      const dialog = await open(id);
      const list = dialog.field('Sent in');
      assert.equal(await list.locator('option:checked').innerText(), shown);
      await editor.explanation(list, 'The property "Sent in" has an unknown value. Select a valid value.');
      await dialog.fill({ 'Sent in': 'header (HTTP Basic)' });
      await dialog.done();
      const { exported, valid, changed } = await known(editor, id);
      assert.deepEqual([exported.clientAuth, valid, changed], ['header', true, true]);
    });
  }

  it('is shown as the type of a value until another one is selected', async () => {
    const dialog = await open('code');
    assert.equal(await typeOf(dialog, 'Code'), 'jsonata');
    await dialog.choose('Code', 'msg.');
    await becomes(() => dialog.row('Code').locator('.input-error').count(), 0);
    await dialog.done();
    const { exported, valid } = await known(editor, 'code');
    assert.deepEqual([exported.codeType, valid], ['msg', true]);
  });

  it('shows the row of the value, also if the node does not need it', async () => {
    const user = await open('hidden');
    assert.equal(await typeOf(user, 'User'), 'cred');
    await user.choose('User', 'stored user');
    await user.done();
    assert.equal(await isValid('hidden'), true);
    const name = await open('name');
    assert.equal(await typeOf(name, 'Account'), '["msg"]');
    await name.choose('Account', 'config node');
    await name.done();
    assert.equal(await isValid('name'), true);
    const again = await open('name');
    assert.equal(await again.row('Account').filter({ visible: true }).count(), 0);
    await again.cancel();
  });

  for (const [id, written, isTicked] of [
    ['yes', 'yes', true],
    ['one', '1', true],
    ['hide', 'no', false],
  ] as const) {
    it(`is shown beside the checkbox, with a sentence, until somebody sets the checkbox: ${written}`, async () => {
      const label = id === 'hide' ? 'Hide the token from all nodes except http request' : PRACTICE;
      const dialog = await open(id);
      const row = dialog.row(label);
      assert.equal(await dialog.field(label).isChecked(), false);
      await row.getByText(written, { exact: true }).waitFor();
      const sentence = row.getByText('has an unknown value. Select a valid value.');
      await sentence.waitFor();
      await dialog.fill({ [label]: true });
      await sentence.waitFor({ state: 'detached' });
      if (!isTicked) await dialog.fill({ [label]: false });
      await dialog.done();
      const { exported, valid } = await known(editor, id);
      assert.deepEqual([exported[id === 'hide' ? 'hide' : 'practice'], valid], [isTicked, true]);
    });
  }
});

/** The type that a field with a type shows. */
async function typeOf(dialog: Dialog, label: string): Promise<string> {
  const shown = dialog.row(label).locator('.red-ui-typedInput-type-label').filter({ visible: true });
  return (await shown.innerText()).trim();
}
