import assert from 'node:assert/strict';
import { addEachNode, type EachNode, openEditor, type SavedNode, saved, savedText } from '../support/browser.ts';
import { DEFAULTS } from '../support/defaults.ts';
import type { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';
import { becomes } from '../support/steady.ts';

/** The node types in this flow. */
const TYPES = ['vgs-account', 'vg-server', 'vgs-token', 'vg-login', 'vg-mfa', 'vg-logout', 'attach-bearer'] as const;
type Type = (typeof TYPES)[number];
const CLIENT_SECRET = 'typed-client-secret';
const PASSWORD = 'typed-password';

describe('The dialogs', () => {
  let editor: Editor;
  let nodes: EachNode;

  before(async () => {
    editor = await openEditor();
    nodes = await addEachNode(editor);
  });

  it('save the defaults of the contract, if only the required fields are filled in', async () => {
    const token = await editor.open(nodes['vgs-token']);
    const account = await token.addConfig('Account');
    await account.fill({ 'Client ID': 'an-account', 'Client secret': CLIENT_SECRET });
    await account.done();
    await token.done();

    const login = await editor.open(nodes['vg-login']);
    const server = await login.addConfig('Server');
    await server.fill({ Address: 'https://identity.example.com', Application: 'an-application' });
    await server.fill({ 'Stored user': 'a-user', Password: PASSWORD });
    await server.done();
    await login.done();

    for (const type of ['vg-mfa', 'vg-logout', 'attach-bearer'] as const) {
      const dialog = await editor.open(nodes[type]);
      if (type === 'vg-logout') await dialog.fill({ Server: 'Visual Guard server' });
      if (type === 'attach-bearer') await dialog.fill({ Account: 'VGS service account' });
      await dialog.done();
    }
    for (const node of Object.values(nodes)) await node.mark.waitFor({ state: 'hidden' });
    await editor.deploy();

    const byAccount = { account: one('vgs-account').id };
    const byServer = { server: one('vg-server').id };
    const filledIn: Record<Type, object> = {
      'vgs-account': {},
      'vg-server': { url: 'https://identity.example.com', applicationId: 'an-application' },
      'vgs-token': byAccount,
      'vg-login': byServer,
      'vg-mfa': {},
      'vg-logout': byServer,
      'attach-bearer': byAccount,
    };
    for (const type of TYPES) {
      const { id, type: _type, x, y, z, wires, ...properties } = one(type);
      assert.deepEqual(properties, { ...DEFAULTS[type], ...filledIn[type] }, type);
      assert.equal((wires as unknown[] | undefined)?.length, outputs(type), type);
    }
  });

  it('show the same values again, and of a secret only that it is stored', async () => {
    const token = await editor.open(nodes['vgs-token']);
    const account = await token.editConfig('Account');
    assert.deepEqual(await values(account, ['Client ID', 'Client secret']), ['an-account', '__PWRD__']);
    await account.unfold();
    assert.deepEqual(await values(account, ['Token URL', 'Sent in']), [DEFAULTS['vgs-account'].tokenUrl, 'body']);
    await account.done();
    await token.done();

    const login = await editor.open(nodes['vg-login']);
    const server = await login.editConfig('Server');
    assert.deepEqual(await values(server, ['Stored user', 'Password']), ['a-user', '__PWRD__']);
    await server.unfold();
    assert.deepEqual(await values(server, ['Application', 'Scope']), ['an-application', DEFAULTS['vg-server'].scope]);
    await server.cancel();
    await login.cancel();
  });

  it('keep every setting that differs from the default', async () => {
    const login = await editor.open(nodes['vg-login']);
    await login.fill({ Name: 'my login', 'MFA method': 'code by email', 'Token to': 'vg.token' });
    await login.choose('Username', 'msg.', 'user');
    await login.choose('Password', 'flow.', 'secret');
    await login.done();
    const mfa = await editor.open(nodes['vg-mfa']);
    await mfa.fill({ Action: 'choose a method (sends a code or link)' });
    await mfa.pick('MFA method', 'method', 'link by SMS');
    await mfa.done();
    const logout = await editor.open(nodes['vg-logout']);
    await logout.choose('User', 'session in msg.');
    await logout.done();
    const attach = await editor.open(nodes['attach-bearer']);
    await attach.fill({ 'Token from': 'a Visual Guard session', Server: 'Visual Guard server' });
    await attach.choose('User', 'env variable', 'WHO');
    await attach.fill({ 'Hide the token from all nodes except http request': false });
    await attach.done();
    await editor.deploy();

    has('vg-login', { name: 'my login', method: 'otp-email', property: 'vg.token' });
    has('vg-login', { username: 'user', usernameType: 'msg', password: 'secret', passwordType: 'flow' });
    has('vg-mfa', { action: 'choose', method: 'link-sms', methodType: 'str', code: 'payload' });
    has('vg-logout', { user: 'auth.session', userType: 'session' });
    has('attach-bearer', { source: 'vg', user: 'WHO', userType: 'env', hide: false });

    const again = await editor.open(nodes['attach-bearer']);
    assert.deepEqual(await values(again, ['Token from', 'User']), ['vg', 'WHO']);
    await again.cancel();
  });

  it('keep secrets out of an export and of the flow file', async () => {
    const { page } = editor;
    // The export that a person makes to share the flow.
    await editor.chart.click({ position: { x: 600, y: 500 } });
    await page.keyboard.press('Control+e');
    await page.locator('#red-ui-clipboard-dialog-export-rng-full').click();
    await page.locator('#red-ui-clipboard-dialog-export-tab-clipboard-tab-bar').getByText('JSON').click();
    const text = page.locator('#red-ui-clipboard-dialog-export-text');
    await becomes(async () => (await text.inputValue()) !== '', true);
    const exported = await text.inputValue();
    await page.keyboard.press('Escape');
    for (const type of TYPES) assert.ok(exported.includes(`"${type}"`), type);
    for (const secret of [CLIENT_SECRET, PASSWORD, '__PWRD__', 'a-user', 'an-account']) {
      assert.ok(!exported.includes(secret), `${secret} in the export`);
      assert.ok(!savedText().includes(secret), `${secret} in flows.json`);
    }
    const inPage = await page.evaluate(() => JSON.stringify(Reflect.get(window, 'RED').nodes.createCompleteNodeSet()));
    assert.ok(!inPage.includes(CLIENT_SECRET) && !inPage.includes(PASSWORD), 'createCompleteNodeSet');
  });
});

function one(type: string): SavedNode {
  const found = saved().filter((node) => node.type === type);
  assert.equal(found.length, 1, type);
  return found[0];
}

function has(type: string, properties: Record<string, unknown>): void {
  const node = one(type);
  for (const [name, value] of Object.entries(properties)) assert.deepEqual(node[name], value, `${type}.${name}`);
}

function outputs(type: string): number | undefined {
  return { 'vgs-token': 2, 'vg-login': 3, 'vg-mfa': 3, 'vg-logout': 1, 'attach-bearer': 2 }[type];
}

function values(dialog: Dialog, labels: string[]): Promise<string[]> {
  return Promise.all(labels.map((label) => dialog.field(label).inputValue()));
}
