import assert from 'node:assert/strict';
import { allThatThePageKnows, openEditor, saved } from '../support/browser.ts';
import type { DrawnNode, Editor } from '../support/editor.ts';
import { TOKENS } from '../support/practice-tokens.ts';
import { SignInsTab } from '../support/sign-ins-tab.ts';
import { type } from '../support/steady.ts';

const PRACTICE = 'Practice server: built in, no account needed';
const PRINTED = `apiVersion: 1.0.0
kind: ServiceAccount
data:
  name: calm
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
    await account.press('Import');
    await account.element.getByText('A new account needs some seconds').waitFor();
    await account.fill({ [PRACTICE]: true });
    assert.equal(await account.field('Name').inputValue(), 'calm');
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

  it('with the practice server, in eight actions', async () => {
    const editor = await openEditor();
    const { by, count } = actions();
    const inject = await by(editor.add('inject', 'inject', { x: 160, y: 120 }));
    const attach = await by(editor.add('attach-bearer', 'attach bearer', { x: 360, y: 120 }));
    await by(editor.wire(inject, 1, attach));
    const dialog = await by(editor.open(attach));
    await by(dialog.press('Use the practice server'));
    assert.match(await dialog.row('Account').locator('option:checked').innerText(), /^practice server/);
    await by(dialog.done());
    await attach.mark.waitFor({ state: 'hidden' });
    await by(editor.deploy());
    await by(inject.press());

    await attach.status(/^practice: valid until \d\d:\d\d$/);
    assert.ok(count() <= 8, `${count()} actions`);
    const [{ id, practice, name }] = saved().filter(({ type }) => type === 'vgs-account');
    assert.deepEqual({ practice, name }, { practice: true, name: 'practice server' });
    assert.equal(saved().find(({ type }) => type === 'attach-bearer')?.account, id);
  });

  it('with the practice server and a code, in eighteen actions', async () => {
    const editor = await openEditor();
    const { by, count } = actions();
    const inject = await by(editor.add('inject', 'inject', { x: 160, y: 120 }));
    const attach = await by(editor.add('attach-bearer', 'attach bearer', { x: 360, y: 120 }));
    await by(editor.wire(inject, 1, attach));
    const dialog = await by(editor.open(attach));
    await by(dialog.fill({ 'Token from': 'a Visual Guard session' }));
    await by(dialog.press('Use the practice server'));
    const server = await by(dialog.editConfig('Server'));
    await by(server.fill({ 'Stored user': 'whatsapp' }));
    await by(server.fill({ Password: 'practice' }));
    await by(server.done());
    await by(dialog.done());
    await by(editor.deploy());
    await by(inject.press());

    const tab = new SignInsTab(editor.page);
    await by(tab.notification.getByRole('button', { name: 'Answer in Sign-ins' }).click());
    const card = tab.row('Needs attention', 'practice server');
    await by(card.getByRole('button', { name: '+49*****0100' }).click());
    const sent = (await card.getByText('The practice server sent the code').textContent()) ?? '';
    await by(type(card.getByLabel('Code'), /\d+/.exec(sent)?.[0] ?? ''));
    await editor.page.keyboard.press('Enter');
    await tab.element.getByText('practice server: signed in.').waitFor();
    await by(inject.press());

    await attach.status(/^practice: valid until \d\d:\d\d$/);
    assert.ok(count() <= 18, `${count()} actions`);
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
    const choice = await editor.open(choose);
    await choice.fill({ Action: 'choose a method (sends a code or link)' });
    await choice.pick('MFA method', 'method', 'code by SMS');
    await choice.done();
    // The inject node's message names no challenge. An empty field means the challenge of the stored user.
    const entered = await editor.open(submit);
    await entered.fill({ Challenge: '' });
    await entered.done();
    const bearer = await editor.open(attach);
    await bearer.fill({ 'Token from': 'a Visual Guard session', Server: 'Visual Guard server' });
    await bearer.done();
    await showEverything(editor, debug);
    await editor.deploy();
    await begin.press();

    await login.status('practice: SMS code sent');
    const code = /\((\w+)\)$/.exec(await choose.status(/^practice: SMS code sent \(\w+\)$/))?.[1] ?? '';
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
    // A deploy does not end the sign-in that is under way.
    await editor.deploy();
    await editor.showDebug();
    await answer.press();

    await submit.status(/^practice: valid until \d\d:\d\d$/);
    await attach.status(/^practice: valid until \d\d:\d\d$/);
    assert.equal(await headerIn(editor), '"[redacted]"');
    assert.doesNotMatch(await allThatThePageKnows(editor), TOKENS);
  });
});

/** Counts actions of the user: a click, a double click, a drag and a field that is filled in count 1 each, a key counts 0. */
function actions(): { by: <T>(action: Promise<T>) => Promise<T>; count: () => number } {
  let all = 0;
  const by = <T>(action: Promise<T>): Promise<T> => {
    all += 1;
    return action;
  };
  return { by, count: () => all };
}

/** Makes a debug node show the complete message. */
async function showEverything(editor: Editor, debug: DrawnNode): Promise<void> {
  const dialog = await editor.open(debug);
  await dialog.choose('Output', 'complete msg object');
  await dialog.fill({ Name: 'all of it' });
  await dialog.done();
}

/** The header of the newest message, as the debug sidebar shows it. */
function headerIn(editor: Editor): Promise<string> {
  return editor.valueIn(editor.debug('all of it'), ['headers', 'authorization']);
}
