import assert from 'node:assert/strict';
import { openEditor } from '../support/browser.ts';
import { known, openConfigDialog, storedCredentials } from '../support/config-dialog.ts';
import type { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';

const OWN = 'https://own.example/token';
const OTHER = 'https://other.example/token';
const AGAIN = 'Enter the secret again for other.example';

/** A flow of an earlier release: secrets are stored without `secretFor`. */
function flow(): object[] {
  return [
    {
      id: 'account',
      type: 'vgs-account',
      name: '',
      tokenUrl: OWN,
      credentials: { clientId: 'client', clientSecret: 'stored-secret', secretFor: '' },
    },
    {
      id: 'server',
      type: 'vg-server',
      name: '',
      url: 'https://own.example',
      applicationId: 'app',
      platform: 'Native',
      scope: 'openid',
      module: 'VGUser',
      credentials: {
        clientSecret: 'stored-secret',
        username: 'robot',
        password: 'stored-password',
        secretFor: '',
        passwordFor: '',
      },
    },
    { id: 'store', type: 'auth-store', name: '', kind: 'redis', url: 'redis://own.example', prefix: 'vg-auth:' },
    { id: 'get', z: 'flow', type: 'vgs-token', account: 'account', x: 200, y: 100, wires: [[], []] },
    { id: 'login', z: 'flow', type: 'vg-login', server: 'server', x: 200, y: 200, wires: [[], [], []] },
  ];
}

describe('The dialog of a config node with a secret', () => {
  let editor: Editor;

  beforeEach(async () => {
    editor = await openEditor(flow());
  });

  const openAccount = (): Promise<Dialog> => openConfigDialog(editor, 'vgs-account', 'account');
  const openServer = (): Promise<Dialog> => openConfigDialog(editor, 'vg-server', 'server');

  async function secretFor(): Promise<unknown> {
    return (await storedCredentials('vgs-account', 'account')).secretFor;
  }

  /** Types a new secret, and deploys it. */
  async function typeIn(): Promise<void> {
    const dialog = await openAccount();
    await dialog.fill({ 'Client secret': 'new-secret' });
    await dialog.done();
    await editor.deploy();
    assert.equal(await secretFor(), 'https://own.example client');
  }

  it('reports nothing about a secret of an earlier release, and changes nothing', async () => {
    for (const [type, id] of [
      ['vgs-account', 'account'],
      ['vg-server', 'server'],
    ] as const) {
      const dialog = await openConfigDialog(editor, type, id);
      await dialog.done();
      const { valid, changed, dirty } = await known(editor, id);
      assert.deepEqual({ valid, changed, dirty }, { valid: true, changed: false, dirty: false }, id);
    }
    const dialog = await openAccount();
    await dialog.fill({ 'Token URL': OTHER });
    assert.equal(await dialog.element.getByText(AGAIN).count(), 0);
    await dialog.done();
    await editor.deploy();
    assert.equal(await secretFor(), '');
  });

  it('asks for it again after the address was changed, and not if the address was changed back', async () => {
    await typeIn();
    let dialog = await openAccount();
    await dialog.fill({ 'Token URL': OTHER });
    await dialog.element.getByText(AGAIN).waitFor();
    await dialog.field('Client secret').and(editor.page.locator('.input-error')).waitFor();
    await dialog.done();
    assert.equal((await known(editor, 'account')).valid, false, 'the editor warns before it deploys');
    dialog = await openAccount();
    await dialog.element.getByText(AGAIN).waitFor();
    await dialog.fill({ 'Token URL': 'https://own.example/another/path' });
    await dialog.element.getByText(AGAIN).waitFor({ state: 'detached' });
    await dialog.done();
    assert.equal((await known(editor, 'account')).valid, true);
    await editor.deploy();
    assert.equal(await secretFor(), 'https://own.example client');
  });

  it('stores the owner of a secret that is typed before or after the address', async () => {
    await typeIn();
    let dialog = await openAccount();
    await dialog.fill({ 'Token URL': OTHER, 'Client secret': 'for-other' });
    assert.equal(await dialog.element.getByText(AGAIN).count(), 0);
    await dialog.done();
    assert.equal((await known(editor, 'account')).valid, true);
    await editor.deploy();
    assert.equal(await secretFor(), 'https://other.example client');
    dialog = await openAccount();
    await dialog.fill({ 'Client secret': 'for-own', 'Client ID': 'another', 'Token URL': OWN });
    await dialog.done();
    await editor.deploy();
    assert.equal(await secretFor(), 'https://own.example another');
  });

  it('puts neither the secret nor its owner into an export', async () => {
    const dialog = await openAccount();
    await dialog.fill({ 'Client secret': 'new-secret' });
    await dialog.done();
    const exported = await editor.page.evaluate(() => {
      const RED = Reflect.get(window, 'RED');
      return JSON.stringify(RED.nodes.createExportableNodeSet([RED.nodes.node('get')]));
    });
    assert.match(exported, /own\.example/);
    assert.doesNotMatch(exported, /secretFor|new-secret|credentials/);
  });

  it('keeps the owner of a secret that is not deployed yet', async () => {
    let dialog = await openAccount();
    await dialog.fill({ 'Client secret': 'new-secret' });
    await dialog.done();
    dialog = await openAccount();
    await dialog.fill({ 'Token URL': OTHER });
    await dialog.element.getByText(AGAIN).waitFor();
    await dialog.done();
    assert.equal((await known(editor, 'account')).valid, false);
  });

  it('is restored by undo', async () => {
    await typeIn();
    const dialog = await openAccount();
    await dialog.fill({ 'Token URL': OTHER, 'Client secret': 'for-other' });
    await dialog.done();
    await editor.page.evaluate(() => Reflect.get(window, 'RED').history.pop());
    assert.equal((await known(editor, 'account')).valid, true);
    const again = await openAccount();
    assert.equal(await again.field('Token URL').inputValue(), OWN);
    assert.equal(await again.element.getByText('Enter the secret again').count(), 0);
    await again.cancel();
  });

  it('deletes the owner with the secret, and when the secret becomes a variable', async () => {
    await typeIn();
    let dialog = await openAccount();
    await dialog.fill({ 'Client secret': '$(SECRET)' });
    await dialog.done();
    await editor.deploy();
    assert.equal(await secretFor(), '');
    await typeIn();
    dialog = await openServer();
    await dialog.fill({ 'Client secret': 'x', Password: 'y' });
    await dialog.done();
    await editor.deploy();
    const stored = await storedCredentials('vg-server', 'server');
    assert.equal(stored.secretFor, 'https://own.example app_Native');
    assert.equal(stored.passwordFor, 'https://own.example robot');
    dialog = await openServer();
    await dialog.field('Client secret').fill('');
    await dialog.done();
    await editor.deploy();
    const { secretFor: client, passwordFor } = await storedCredentials('vg-server', 'server');
    assert.deepEqual([client, passwordFor], ['', 'https://own.example robot']);
  });

  it('asks for each secret separately, and for none if the practice server is used', async () => {
    let dialog = await openServer();
    await dialog.fill({ 'Client secret': 'x', Password: 'y' });
    await dialog.done();
    dialog = await openServer();
    await dialog.fill({ 'Stored user': 'another' });
    await dialog.element.getByText('Enter the secret again for own.example').waitFor();
    assert.equal(await dialog.row('Password').getByText('Enter the secret again').count(), 1);
    assert.equal(await dialog.row('Client secret').getByText('Enter the secret again').count(), 0);
    await dialog.fill({ Address: 'https://other.example' });
    await dialog.row('Client secret').getByText(AGAIN).waitFor();
    await dialog.fill({ Password: 'z' });
    assert.equal(await dialog.row('Password').getByText('Enter the secret again').count(), 0);
    await dialog.fill({ 'Practice server: built in, no account needed': true });
    assert.equal(await dialog.element.getByText('Enter the secret again').count(), 0);
    await dialog.done();
    assert.equal((await known(editor, 'server')).valid, true);
    dialog = await openServer();
    await dialog.fill({ 'Practice server: built in, no account needed': false });
    await dialog.row('Client secret').getByText(AGAIN).waitFor();
    assert.equal(await dialog.row('Password').getByText('Enter the secret again').count(), 0);
    await dialog.cancel();
  });

  it('asks for each secret of a session store again', async () => {
    let store = await openConfigDialog(editor, 'auth-store', 'store');
    await store.fill({ 'Encryption key': 'a passphrase of the tests', Password: 'for-redis' });
    await store.done();
    await editor.deploy();
    assert.equal((await storedCredentials('auth-store', 'store')).secretFor, 'redis://own.example:6379');
    store = await openConfigDialog(editor, 'auth-store', 'store');
    await store.fill({ Address: 'redis://own.example/1' });
    assert.equal(await store.element.getByText('Enter the secret again').count(), 0);
    await store.fill({ Address: 'redis://other.example' });
    for (const label of ['Encryption key', 'Password']) await store.row(label).getByText(AGAIN).waitFor();
    await store.fill({ 'Encryption key': 'another passphrase of the tests' });
    await store.row('Encryption key').getByText(AGAIN).waitFor({ state: 'detached' });
    await store.done();
    assert.equal((await known(editor, 'store')).valid, false, 'the password is not for the other Redis yet');
    store = await openConfigDialog(editor, 'auth-store', 'store');
    await store.fill({ 'Encryption key': 'a third passphrase of the tests', Password: 'for-the-other' });
    await store.done();
    await editor.deploy();
    assert.equal((await storedCredentials('auth-store', 'store')).secretFor, 'redis://other.example:6379');
    store = await openConfigDialog(editor, 'auth-store', 'store');
    await store.fill({ Kind: 'Context store: survives a restart' });
    assert.equal(await store.element.getByText('Enter the secret again').count(), 0);
    await store.cancel();
  });

  it('warns if a typed secret looks like a paste with extra characters', async () => {
    const dialog = await openAccount();
    const doubt = dialog.row('Client secret').getByText('Check whether it is part of the secret.');
    await dialog.fill({ 'Client secret': 'pasted ' });
    await doubt.waitFor();
    await dialog.fill({ 'Client secret': 'pasted' });
    await doubt.waitFor({ state: 'detached' });
    await dialog.fill({ 'Client secret': '"pasted"' });
    await dialog.row('Client secret').getByText('"Client secret" is enclosed in quotation marks.').waitFor();
    await dialog.cancel();
  });
});
