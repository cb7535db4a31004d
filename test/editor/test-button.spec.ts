import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { allThatThePageKnows, openEditorWithEachNode, saved } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import type { DrawnNode, Editor } from '../support/editor.ts';
import { holdReplies } from '../support/held-replies.ts';
import { TOKENS } from '../support/practice-tokens.ts';
import { closeServers, serve } from '../support/servers.ts';
import { becomes } from '../support/steady.ts';

const PRACTICE = 'Practice server: built in, no account needed';

describe('The Test button, before the first deploy', () => {
  let editor: Editor;
  let token: DrawnNode;
  let login: DrawnNode;

  before(async () => {
    const opened = await openEditorWithEachNode();
    editor = opened.editor;
    ({ 'vgs-token': token, 'vg-login': login } = opened.nodes);
  });

  afterEach(closeServers);

  after('nothing was deployed, and no token came to the browser', async () => {
    assert.deepEqual(
      saved().map(({ type }) => type),
      ['tab'],
    );
    assert.doesNotMatch(await allThatThePageKnows(editor), TOKENS);
  });

  it('of a VGS account shows what was granted, or why nothing was granted', async () => {
    const dialog = await editor.open(token);
    const account = await dialog.addConfig('Account');
    await account.fill({ [PRACTICE]: true, Scope: 'cards:write' });
    await account.press('Test');
    await verdict(account).filter({ hasText: 'Signed in at' }).waitFor();
    assert.match(await said(account), /All requested scopes granted: cards:write/);
    assert.match(await said(account), /Tokens are valid for 5 min/);

    await account.fill({ 'Client ID': 'practice', 'Client secret': 'not-the-secret' });
    await account.press('Test');
    await verdict(account).filter({ hasText: 'Not signed in.' }).waitFor();
    assert.doesNotMatch(await said(account), /not-the-secret/);
    await account.cancel();
    await dialog.cancel();
  });

  it('says so if a value is changed while the test runs', async () => {
    const dialog = await editor.open(token);
    const account = await dialog.addConfig('Account');
    await account.fill({ [PRACTICE]: true, Scope: 'cards:write' });
    const held = await holdReplies(editor.page, '**/vgs-account/test');
    await account.press('Test');
    await becomes(async () => held.requests.length > 0, true);
    await account.fill({ Scope: 'cards:read' });
    await held.release();
    await verdict(account).filter({ hasText: 'Signed in at' }).waitFor();
    assert.match(await said(account), /The settings have changed. Test again./);
    await account.press('Test');
    await verdict(account).filter({ hasText: 'Signed in at' }).waitFor();
    assert.doesNotMatch(await said(account), /have changed/);
    await account.cancel();
    await dialog.cancel();
  });

  it('of a Visual Guard server signs the user in only if the box is checked', async () => {
    const dialog = await editor.open(login);
    const server = await dialog.addConfig('Server');
    await server.fill({ [PRACTICE]: true });
    await server.press('Test');
    await verdict(server)
      .filter({ hasText: / responded\./ })
      .waitFor();
    assert.match(await said(server), /No user was signed in/);
    await server.fill({ 'Also sign the stored user in, and out again': true });
    await server.press('Test');
    await verdict(server).filter({ hasText: 'The stored user was signed in and signed out again.' }).waitFor();
    // A second factor is no fault.
    await server.fill({ 'Stored user': 'whatsapp', Password: 'practice' });
    await server.press('Test');
    await verdict(server).filter({ hasText: 'requires a second factor' }).waitFor();
    assert.match(await said(server), /Token: needs a person/);
    assert.doesNotMatch(await said(server), /failed/);
    await server.cancel();
    await dialog.cancel();
  });

  it('shows the result of each step: settings, token and API', async () => {
    const api = await serve(({ path }) => ({ status: path === '/me' ? 200 : 403 }));
    const tokens = await serve(() => ({ body: { access_token: 'THE-TOKEN', expires_in: 300 } }));
    const dialog = await editor.open(token);
    const account = await dialog.addConfig('Account');
    await account.fill({
      'Client ID': 'my-client',
      'Client secret': 'not-the-secret',
      'Token URL': `${tokens.origin}/token`,
      'API to test': `${api.origin}/me`,
    });
    await account.press('Test');
    await verdict(account).filter({ hasText: 'API call: ok' }).waitFor();
    assert.match(await said(account), /Settings: ok.*Token: ok.*Signed in at.*API call: ok.*responded with status 200/);
    await account.fill({ 'API to test': `${api.origin}/forbidden` });
    await account.press('Test');
    await verdict(account).filter({ hasText: 'API call: failed' }).waitFor();
    assert.match(await said(account), /Token: ok.*responded with status 403/);
    await account.fill({ 'Client secret': '' });
    await account.press('Test');
    await verdict(account).filter({ hasText: 'Settings: failed' }).waitFor();
    assert.match(await said(account), /"Client secret" is not set.*Token: skipped.*API call: skipped/);
    await account.cancel();
    await dialog.cancel();
  });

  it('fills in the token endpoint if the address is the issuer', async () => {
    const server = await serve(({ path }) => {
      if (path === '/realm/token') return { body: { access_token: 'THE-TOKEN', expires_in: 300 } };
      const document = { issuer: `${server.origin}/realm`, token_endpoint: `${server.origin}/realm/token` };
      return path === '/realm/.well-known/openid-configuration' ? { body: document } : { status: 404, body: '' };
    });
    const dialog = await editor.open(token);
    const account = await dialog.addConfig('Account');
    await account.fill({
      'Client ID': 'my-client',
      'Client secret': 'not-the-secret',
      'Token URL': `${server.origin}/realm`,
    });
    await account.press('Test');
    await verdict(account).filter({ hasText: 'This is the issuer' }).waitFor();
    await account.press('Use this address');
    assert.equal(await account.element.getByLabel('Token URL').inputValue(), `${server.origin}/realm/token`);
    await account.press('Test');
    await verdict(account).filter({ hasText: 'Token: ok' }).waitFor();
    await account.cancel();
    await dialog.cancel();
  });
});

function verdict(dialog: Dialog): Locator {
  return dialog.element.locator('[role=status][id$="test-result"]');
}

async function said(dialog: Dialog): Promise<string> {
  return (await verdict(dialog).textContent()) ?? '';
}
