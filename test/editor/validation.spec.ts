import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { openEditorWithEachNode } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import type { DrawnNode, Editor } from '../support/editor.ts';
import { becomes } from '../support/steady.ts';

const PRACTICE = 'Practice server: built in, no account needed';

describe('A dialog while it is being filled in', () => {
  let editor: Editor;
  let token: DrawnNode;
  let login: DrawnNode;
  let attach: DrawnNode;

  before(async () => {
    const opened = await openEditorWithEachNode();
    editor = opened.editor;
    ({ 'vgs-token': token, 'vg-login': login, 'attach-bearer': attach } = opened.nodes);
  });

  it('marks required fields, and the node, until they are filled in', async () => {
    await token.mark.waitFor();
    const dialog = await editor.open(token);
    await becomes(() => required(dialog), ['Account', 'Token to']);
    const account = await dialog.addConfig('Account');
    await becomes(() => required(account), ['Client ID', 'Client secret', 'Token URL']);
    await becomes(() => wrong(account), ['Client ID', 'Client secret']);
    await account.fill({ 'Client ID': 'me', 'Client secret': 'x' });
    await becomes(() => wrong(account), []);
    await account.fill({ 'Client ID': '' });
    await becomes(() => wrong(account), ['Client ID']);
    await account.cancel();
    await dialog.cancel();
  });

  it('shows what is wrong with an address', async () => {
    const dialog = await editor.open(login);
    const server = await dialog.addConfig('Server');
    await becomes(() => required(server), ['Address', 'Application']);
    const property = 'Address';
    const insecure = (host: string): string => new AuthError('address-insecure', { property, host }).message;
    const sentences = {
      'identity.example.com': new AuthError('address-invalid', { property }).message,
      'https://identity.example.com/a b': new AuthError('address-invalid', { property }).message,
      'http://identity.example.com': insecure('identity.example.com'),
      'http://identity.localhost': insecure('identity.localhost'),
      'https://me:secret@identity.example.com': new AuthError('address-user', { property }).message,
      'https://$(VG_HOST)/vg': 'Address: a variable has to be the whole value. Put the whole value into the variable',
    };
    for (const [address, sentence] of Object.entries(sentences)) {
      await server.fill({ Address: address });
      await becomes(() => wrong(server), ['Address', 'Application']);
      await editor.explanation(server.field('Address'), sentence);
    }
    const variable = ['$', '{VG_URL}'].join('');
    for (const address of ['https://identity.example.com/vg', 'http://localhost:5000', variable]) {
      await server.fill({ Address: address });
      await becomes(() => wrong(server), ['Application']);
    }
    const allow = 'Allow http: passwords are sent unencrypted';
    assert.equal(await server.field(allow).count(), 0, 'nothing to allow');
    await server.fill({ Address: 'http://identity.example.com' });
    await server.fill({ [allow]: true });
    await becomes(() => wrong(server), ['Application']);
    await server.cancel();
    await dialog.cancel();
  });

  it('hides the rows that the practice server does not need, and lists its users', async () => {
    const dialog = await editor.open(login);
    const server = await dialog.addConfig('Server');
    await server.unfold();
    await becomes(() => shown(server, ['Address', 'TLS', 'Proxy']), ['Address', 'TLS', 'Proxy']);
    await server.fill({ [PRACTICE]: true });
    await server.unfold();
    await becomes(() => shown(server, ['Address', 'TLS', 'Proxy']), []);
    assert.match(await server.element.getByText('must set up a second factor').innerText(), /^enrollment /);
    await becomes(() => wrong(server), []);
    await server.fill({ [PRACTICE]: false });
    await becomes(() => shown(server, ['Address', 'TLS', 'Proxy']), ['Address', 'TLS', 'Proxy']);
    await server.cancel();
    await dialog.cancel();
  });

  it('shows the client id that will be sent', async () => {
    const dialog = await editor.open(login);
    const server = await dialog.addConfig('Server');
    const sent = server.element.locator('output');
    await server.fill({ Application: 'my-app' });
    await becomes(() => sent.textContent(), 'my-app_Native');
    await server.fill({ Platform: 'Service' });
    await becomes(() => sent.textContent(), 'my-app_Service');
    await server.fill({ Application: 'whole_SPA' });
    await becomes(() => sent.textContent(), 'whole_SPA');
    await becomes(() => shown(server, ['Platform']), []);
    await server.fill({ Module: 'Passwordless: a username only' });
    await becomes(() => shown(server, ['Password']), []);
    await server.cancel();
    await dialog.cancel();
  });

  it('of attach bearer shows the rows of the selected source', async () => {
    const dialog = await editor.open(attach);
    const rows = ['Account', 'Server', 'User', 'Token in'];
    await becomes(() => shown(dialog, rows), ['Account']);
    await dialog.fill({ 'Token from': 'a Visual Guard session' });
    await becomes(() => shown(dialog, rows), ['Server', 'User']);
    await dialog.choose('User', 'msg.', 'user');
    await dialog.element.getByText('The username is trusted').waitFor();
    await dialog.fill({ 'Token from': 'the message' });
    await becomes(() => shown(dialog, rows), ['Token in']);
    await dialog.fill({ 'Token in': 'no path at all..' });
    await becomes(() => wrong(dialog), ['Token in']);
    await dialog.fill({ 'Token in': 'token' });
    await becomes(() => wrong(dialog), []);
    await dialog.done();
    await attach.mark.waitFor({ state: 'hidden' });
  });
});

/** The labels of the rows that are marked as required and shown. */
async function required(dialog: Dialog): Promise<string[]> {
  const marked = dialog.element
    .locator('label')
    .filter({ has: dialog.page.locator('.vg-auth-required'), visible: true });
  return (await marked.allInnerTexts()).map((text) => text.replace('*', '').trim());
}

/** The labels of the fields that are shown as invalid. */
async function wrong(dialog: Dialog): Promise<string[]> {
  const rows = dialog.element
    .locator('.form-row:not(details)')
    .filter({ has: dialog.page.locator('.input-error'), visible: true });
  return (await rows.locator('label').allInnerTexts()).map((text) => text.replace('*', '').trim());
}

/** The labels of those rows that are visible. */
async function shown(dialog: Dialog, labels: string[]): Promise<string[]> {
  const seen = await Promise.all(labels.map((label) => dialog.row(label).isVisible()));
  return labels.filter((_, index) => seen[index]);
}
