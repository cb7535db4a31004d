import assert from 'node:assert/strict';
import { nodeRed, openEditor, type SavedNode } from '../support/browser.ts';
import { known } from '../support/config-dialog.ts';
import type { Dialog } from '../support/dialog.ts';
import type { DrawnNode, Editor } from '../support/editor.ts';
import { becomes } from '../support/steady.ts';

const ACCOUNT = { id: 'account', type: 'vgs-account', name: 'the account', practice: true };
const SERVER = {
  id: 'server',
  type: 'vg-server',
  name: 'the server',
  url: 'https://identity.example.com',
  applicationId: 'app',
};
const WARNING = '"the server" has no stored user.';

describe('A new node', () => {
  async function drop(flows: object[], type: string, label: string): Promise<[Editor, DrawnNode, SavedNode]> {
    const editor = await openEditor(flows);
    const node = await editor.add(type, label, { x: 200, y: 120 });
    const id = (await node.element.getAttribute('id')) ?? '';
    return [editor, node, (await known(editor, id)).exported as SavedNode];
  }

  it('uses the only config node of its type, and is complete', async () => {
    const [editor, node, { account, server }] = await drop([ACCOUNT, SERVER], 'attach-bearer', 'attach bearer');
    assert.deepEqual({ account, server }, { account: 'account', server: '' });
    await node.mark.waitFor({ state: 'hidden' });
    const users = await editor.page.evaluate(() => Reflect.get(window, 'RED').nodes.node('account').users.length);
    assert.equal(users, 1);
    const dialog = await editor.open(node);
    assert.equal(await dialog.field('Account').inputValue(), 'account');
    await dialog.fill({ 'Token from': 'a Visual Guard session' });
    assert.equal(await dialog.field('Server').inputValue(), 'server');
    await dialog.done();
  });

  for (const [why, flows] of Object.entries({
    'there are two': [ACCOUNT, { ...ACCOUNT, id: 'other' }],
    'it belongs to another flow': [
      { id: 'elsewhere', type: 'tab', label: 'Flow 2' },
      { ...ACCOUNT, z: 'elsewhere' },
    ],
    'it is disabled': [{ ...ACCOUNT, d: true }],
  })) {
    it(`uses no config node if ${why}`, async () => {
      const [, , { account }] = await drop(flows, 'vgs-token', 'get VGS token');
      assert.equal(account, '');
    });
  }

  it('offers the practice server also if there are config nodes, and creates one for it only once', async () => {
    const [editor, node] = await drop([ACCOUNT, { ...ACCOUNT, id: 'other' }], 'attach-bearer', 'attach bearer');
    const token = await editor.add('vgs-token', 'get VGS token', { x: 200, y: 200 });
    const chosen: string[] = [];
    for (const each of [node, token]) {
      const dialog = await editor.open(each);
      await dialog.press('Use the practice server');
      assert.match(await dialog.row('Account').locator('option:checked').innerText(), /^practice server/);
      chosen.push(await dialog.field('Account').inputValue());
      await becomes(() => dialog.element.getByText('Use the practice server').first().isVisible(), false);
      await dialog.done();
    }
    assert.equal(chosen[0], chosen[1]);
    assert.equal(['account', 'other'].includes(chosen[0] ?? ''), false);
  });

  it('keeps a config node that is set, for example in a copy', async () => {
    const other = { ...SERVER, id: 'other', z: 'flow' };
    const editor = await openEditor([
      SERVER,
      other,
      { id: 'login', type: 'vg-login', z: 'flow', server: 'other', wires: [[], [], []] },
    ]);
    const kept = await editor.page.evaluate(() => {
      const RED = Reflect.get(window, 'RED');
      const node = RED.nodes.node('login');
      RED.events.emit('nodes:add', node, { source: 'palette' });
      return node.server;
    });
    assert.equal(kept, 'other');
  });
});

describe('A dialog suggests', () => {
  let editor: Editor;

  before(async () => {
    editor = await openEditor([
      SERVER,
      { id: 'login', type: 'vg-login', name: 'login', z: 'flow', x: 200, y: 80, server: 'server', wires: [[], [], []] },
      { id: 'mfa', type: 'vg-mfa', name: 'mfa', z: 'flow', x: 200, y: 160, action: 'choose', wires: [[], [], []] },
      { id: 'logout', type: 'vg-logout', name: 'logout', z: 'flow', x: 200, y: 240, server: 'server', wires: [[]] },
    ]);
  });

  it('properties of the message for user name and password', async () => {
    const dialog = await editor.open(editor.node('login'));
    await dialog.choose('Username', 'msg.');
    assert.equal(await dialog.field('Username').inputValue(), 'payload.username');
    assert.equal(await dialog.field('Password').inputValue(), 'payload.password');
    await dialog.choose('Username', 'stored user');
    await becomes(() => typeOf(dialog, 'Password'), 'stored password');
    await dialog.choose('Username', 'msg.', 'user');
    await dialog.done();
    const { exported } = await known(editor, 'login');
    const { username, usernameType, password, passwordType } = exported;
    assert.deepEqual([username, usernameType, password, passwordType], ['user', 'msg', 'payload.password', 'msg']);
  });

  it('the methods of VG login', async () => {
    const dialog = await editor.open(editor.node('mfa'));
    await dialog.choose('MFA method', 'method');
    assert.match(await dialog.row('MFA method').innerText(), /the first method offered/);
    await dialog.pick('MFA method', 'method', 'link by email');
    await dialog.done();
    const { method, methodType } = (await known(editor, 'mfa')).exported;
    assert.deepEqual([method, methodType], ['link-email', 'str']);
  });

  it('another user if the server stores none', async () => {
    const dialog = await editor.open(editor.node('logout'));
    const warning = dialog.element.getByText(WARNING);
    await warning.waitFor();
    await dialog.choose('User', 'msg.', 'user');
    await warning.waitFor({ state: 'hidden' });
    await dialog.choose('User', 'stored user');
    await warning.waitFor();
    const server = await dialog.editConfig('Server');
    await server.fill({ 'Stored user': 'robot', Password: 'x' });
    await server.done();
    await warning.waitFor({ state: 'hidden' });
    await dialog.done();
    await editor.deploy();
    assert.match(nodeRed.log, /Started flows/);
    const again = await editor.open(editor.node('logout'));
    assert.equal(await again.element.getByText(WARNING).isVisible(), false);
    await again.cancel();
  });
});

/** The source type that is chosen for a value. */
async function typeOf(dialog: Dialog, label: string): Promise<string> {
  return (await dialog.row(label).locator('.red-ui-typedInput-type-label').innerText()).trim();
}
