import assert from 'node:assert/strict';
import { allThatThePageKnows, openEditor, saved } from '../support/browser.ts';
import type { DrawnNode, Editor } from '../support/editor.ts';
import { TOKENS } from '../support/practice-tokens.ts';
import { type } from '../support/steady.ts';

const PRACTICE = 'Practice server: built in, no account needed';
const PRINTED = `apiVersion: 1.0.0
kind: ServiceAccount
data:
  clientId: practice
  clientSecret: practice
  scopes:
  - name: cards:write
`;

describe('From an empty Node-RED to a bearer on a message, by mouse and keyboard alone', () => {
  it('with a VGS account, whose credentials come from what the vgs command printed', async () => {
    const editor = await openEditor();
    const inject = await editor.add('inject', 'inject', { x: 160, y: 120 });
    const attach = await editor.add('attach-bearer', 'attach bearer', { x: 360, y: 120 });
    const debug = await editor.add('debug', 'debug', { x: 560, y: 120 });
    await editor.wire(inject, 1, attach);
    await editor.wire(attach, 1, debug);

    const dialog = await editor.open(attach);
    const account = await dialog.addConfig('Account');
    await account.element.getByText('Import from the vgs command').click();
    await account.fill({ YAML: PRINTED });
    await account.press('Fill in');
    await account.element.getByText('An account that was just made needs some seconds').waitFor();
    await account.fill({ [PRACTICE]: true });
    await account.press('Test');
    await account.element.getByText('Signed in at').waitFor();
    await account.done();
    await dialog.done();
    await showEverything(editor, debug);
    await editor.deploy();
    await editor.showDebug();
    await inject.press();

    await attach.status(/^practice: valid until \d\d:\d\d$/);
    assert.equal(await headerIn(editor), '"[redacted]"');
    assert.doesNotMatch(await allThatThePageKnows(editor), TOKENS);
    assert.deepEqual(
      saved().map(({ type }) => type),
      ['tab', 'vgs-account', 'inject', 'attach-bearer', 'debug'],
    );
  });

  it('with a Visual Guard user, who gets a code', async () => {
    const editor = await openEditor();
    const begin = await editor.add('inject', 'inject', { x: 160, y: 80 });
    const login = await editor.add('vg-login', 'VG login', { x: 360, y: 80 });
    const choose = await editor.add('vg-mfa', 'submit MFA code', { x: 560, y: 120 });
    const answer = await editor.add('inject', 'inject', { x: 160, y: 240 });
    const submit = await editor.add('vg-mfa', 'submit MFA code', { x: 360, y: 240 });
    const attach = await editor.add('attach-bearer', 'attach bearer', { x: 560, y: 240 });
    const debug = await editor.add('debug', 'debug', { x: 560, y: 360 });
    await editor.wire(begin, 1, login);
    await editor.wire(login, 2, choose);
    await editor.wire(answer, 1, submit);
    await editor.wire(submit, 1, attach);
    await editor.wire(attach, 1, debug);

    const signIn = await editor.open(login);
    const server = await signIn.addConfig('Server');
    await server.fill({ [PRACTICE]: true, 'Stored user': 'sms', Password: 'practice' });
    await server.done();
    await signIn.done();
    const way = await editor.open(choose);
    await way.fill({ Action: 'choose a way, so that a code or link is sent' });
    await way.choose('MFA way', 'way', 'otp-sms');
    await way.done();
    // The inject node knows no challenge: the one of the stored user is meant.
    const entered = await editor.open(submit);
    await entered.fill({ Challenge: '' });
    await entered.done();
    const bearer = await editor.open(attach);
    await bearer.fill({ 'Token from': 'a Visual Guard session', Server: 'Visual Guard server' });
    await bearer.done();
    await showEverything(editor, debug);
    await editor.deploy();
    await begin.press();

    await login.status('practice: waiting for a choice');
    const code = /\((\w+)\)$/.exec(await choose.status(/^practice: code sent by SMS \(\w+\)$/))?.[1] ?? '';
    const typed = await editor.open(answer);
    const value = typed.element
      .locator('.red-ui-editableList-container li')
      .first()
      .locator('.red-ui-typedInput-container')
      .nth(1);
    await value.locator('.red-ui-typedInput-type-select').click();
    await editor.page.locator('.red-ui-typedInput-options').filter({ visible: true }).getByText('string').click();
    await type(value.locator('input').filter({ visible: true }), code);
    await typed.done();
    // A deploy does not end what the person has begun.
    await editor.deploy();
    await editor.showDebug();
    await answer.press();

    await submit.status(/^practice: valid until \d\d:\d\d$/);
    await attach.status(/^practice: valid until \d\d:\d\d$/);
    assert.equal(await headerIn(editor), '"[redacted]"');
    assert.doesNotMatch(await allThatThePageKnows(editor), TOKENS);
  });
});

/** Lets a debug node show the whole message. */
async function showEverything(editor: Editor, debug: DrawnNode): Promise<void> {
  const dialog = await editor.open(debug);
  await dialog.choose('Output', 'complete msg object');
  await dialog.fill({ Name: 'all of it' });
  await dialog.done();
}

/** The header that the newest message has, as the debug sidebar shows it. */
function headerIn(editor: Editor): Promise<string> {
  return editor.valueIn(editor.debug('all of it'), ['headers', 'authorization']);
}
