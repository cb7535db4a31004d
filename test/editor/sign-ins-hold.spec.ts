import assert from 'node:assert/strict';
import { nodeRed, openEditor, type SavedNode } from '../support/browser.ts';
import type { Editor } from '../support/editor.ts';
import { SignInsTab } from '../support/sign-ins-tab.ts';
import { becomes, type } from '../support/steady.ts';

/** A server with a stored user, and `attach bearer` nodes that hold messages: for the stored user, and for another one. */
const serverThatHolds = (server: string, y: number, properties: object = {}): SavedNode[] => [
  {
    id: server,
    type: 'vg-server',
    name: `The ${server}`,
    practice: true,
    credentials: { username: 'sms', password: 'practice' },
    ...properties,
  },
  ...['stored', 'other'].flatMap((user, index): SavedNode[] => {
    const id = `${server}-${user}`;
    const place = { z: 'flow', y: y + 60 * index };
    const whose = user === 'stored' ? { userType: 'stored' } : { user: 'somebody else', userType: 'str' };
    return [
      { ...place, id: `ask-${id}`, x: 120, type: 'inject', name: `ask ${id}`, props: [], wires: [[`attach-${id}`]] },
      {
        ...place,
        ...whose,
        id: `attach-${id}`,
        x: 340,
        type: 'attach-bearer',
        name: `attach ${id}`,
        source: 'vg',
        server,
        hold: 600,
        wires: [['out'], []],
      },
    ];
  }),
];

const FLOW: SavedNode[] = [
  ...serverThatHolds('robot', 80),
  ...serverThatHolds('nobody', 240, { module: 'Passwordless', credentials: { username: 'email' } }),
  {
    id: 'login',
    z: 'flow',
    x: 340,
    y: 400,
    type: 'vg-login',
    name: 'sign in',
    server: 'robot',
    wires: [['out'], [], []],
  },
  {
    id: 'ask-login',
    z: 'flow',
    x: 120,
    y: 400,
    type: 'inject',
    name: 'ask login',
    props: [],
    wires: [['login']],
  },
  { id: 'out', z: 'flow', x: 560, y: 80, type: 'debug', name: 'ready', active: true, complete: 'true', wires: [] },
];

describe('The tab Sign-ins with messages on hold', () => {
  let editor: Editor;
  let tab: SignInsTab;

  before(async () => {
    editor = await openEditor(FLOW);
    await nodeRed.forget('robot', ['sms']);
    tab = new SignInsTab(editor.page);
    await tab.show();
  });

  const title = (): Promise<string | null> =>
    tab.section('Needs attention').locator('.red-ui-palette-header').first().textContent();

  it('shows a challenge and the messages that wait for it as one card, which counts once', async () => {
    for (let presses = 0; presses < 3; presses += 1) await editor.node('ask robot-stored').press();
    const card = tab.row('Needs attention', 'The robot');
    await card.getByText('Messages on hold: 3.').waitFor();
    await card.getByText('Choose the MFA method for sms.').waitFor();
    assert.equal(await card.count(), 1);
    await tab.badge(1);
    assert.match((await title()) ?? '', /\(1\)/);
    await editor.node('attach robot-stored').status(/3 waiting$/);
  });

  it('keeps a half-typed code when one more message waits, and the answer releases all of them', async () => {
    await editor.node('ask login').press();
    await editor.node('sign in').status('practice: choose a method');
    const card = tab.row('Needs attention', 'The robot');
    await card.getByRole('button', { name: '+49*****0100' }).click();
    await editor.node('sign in').status('practice: SMS code sent');
    const field = card.getByLabel('Code');
    await type(field, '12');
    await nodeRed.inject('ask-robot-stored');
    await card.getByText('Messages on hold: 4.').waitFor();
    assert.equal(await field.inputValue(), '12');

    const sent = (await card.getByText('The practice server sent the code').textContent()) ?? '';
    await type(field, /\d+/.exec(sent)?.[0] ?? '');
    await card.getByRole('button', { name: 'Submit' }).click();
    await card.waitFor({ state: 'detached' });
    await tab.badge(0);
    await editor.node('attach robot-stored').status(/^practice: valid until/);
    await editor.node('sign in').status(/^practice: valid until/);
    await editor.showDebug();
    await becomes(() => editor.page.locator('.red-ui-debug-msg').filter({ hasText: 'node: ready' }).count(), 4);
  });

  it('shows a stored user whom a person has to sign in, and the messages that wait for that, as one card', async () => {
    await tab.show();
    await editor.node('ask nobody-stored').press();
    const card = tab.row('Needs attention', 'The nobody');
    await card.getByText('Messages on hold: 1.').waitFor();
    await card.getByRole('button', { name: 'Sign in' }).waitFor();
    assert.equal(await card.count(), 1);
    await tab.badge(1);
  });

  it('shows messages that wait for another user than the stored one as a card of their own, if nothing else does', async () => {
    await editor.node('ask robot-other').press();
    const card = tab.row('Needs attention', 'The robot');
    await card.getByText('Messages on hold: 1.').waitFor();
    await card.getByRole('button', { name: 'Try again' }).waitFor();
    await tab.badge(2);
  });
});
