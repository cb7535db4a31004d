import assert from 'node:assert/strict';
import { openEditor, saved } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';
import { type FlowNode, httpRequest, wire } from '../support/flows.ts';

const HIDE = 'Hide the token from all nodes except http request';
const SENTENCE = 'Hosts: enter names such as api.example.com or *.example.com, without https:// and without a path';

describe('The dialog of attach bearer', () => {
  let editor: Editor;

  /** An `http in`, attach bearer and `http request`, as a flow that an earlier release saved: `hosts` is absent. */
  async function open(url: string, properties: object = {}): Promise<Dialog> {
    const nodes: FlowNode[] = [
      wire('http in', 'in', ['attach'], { url: '/call', method: 'get', name: 'in' }),
      wire('attach-bearer', 'attach', ['call', ''], { source: 'msg', property: 'token', hide: true, ...properties }),
      httpRequest('call', '', { url }),
    ];
    editor = await openEditor(nodes.map((node, index) => ({ z: 'flow', x: 200 + 250 * index, y: 100, ...node })));
    return editor.open(editor.node('attach bearer'));
  }

  it('explains both choices: to hide the token, and not to', async () => {
    const dialog = await open('');
    await tip(dialog, 'hidden', /http response and code that copies headers do not/);
    await noTip(dialog, 'plain');
    await dialog.fill({ [HIDE]: false });
    await tip(dialog, 'plain', /after a failed request http response sends it to the caller/);
    await noTip(dialog, 'hidden');
    await dialog.cancel();
  });

  it('warns if msg.url can come from outside, until the hosts are named', async () => {
    const dialog = await open('');
    await tip(dialog, 'outside', /Whoever sets msg.url gets the token/);
    await noTip(dialog, 'hosts');
    await dialog.fill({ Hosts: 'api.example.com' });
    await tip(dialog, 'hosts', /An address that is set in http request is not checked here, and overrides msg.url/);
    await noTip(dialog, 'outside');
    await dialog.done();
    await editor.deploy();
    assert.equal(saved().find(({ type }) => type === 'attach-bearer')?.hosts, 'api.example.com');
  });

  it('does not warn if http request has its own address', async () => {
    const dialog = await open('https://api.example.com');
    await noTip(dialog, 'outside');
    await dialog.cancel();
  });

  it('says what is wrong with the hosts, and does not repeat them', async () => {
    const dialog = await open('', { hosts: '<img src=x onerror=document.title="RUN">' });
    await editor.explanation(dialog.field('Hosts'), SENTENCE);
    for (const [hosts, isWrong] of [
      ['https://api.example.com', true],
      ['api.example.com, *.example.com:8443', false],
      ['api.example.com/path', true],
      [['$', '{HOSTS}'].join(''), false],
    ] as const) {
      await dialog.fill({ Hosts: hosts });
      await dialog.element
        .locator(isWrong ? '#node-input-hosts.input-error' : '#node-input-hosts:not(.input-error)')
        .waitFor();
    }
    assert.doesNotMatch(await editor.page.title(), /RUN/);
    await dialog.cancel();
  });

  it('accepts statuses from 400 to 499, and reports any other entry', async () => {
    const dialog = await open('', { rejectOn: 'forbidden' });
    await editor.explanation(
      dialog.field('Rejected by'),
      'Rejected by: enter status codes from 400 to 499, such as 401 403',
    );
    for (const [rejectOn, isWrong] of [
      ['401 500', true],
      ['', false],
      ['401, 403', false],
    ] as const) {
      await dialog.fill({ 'Rejected by': rejectOn });
      await dialog.element
        .locator(isWrong ? '#node-input-rejectOn.input-error' : '#node-input-rejectOn:not(.input-error)')
        .waitFor();
    }
    await dialog.done();
    await editor.deploy();
    assert.equal(saved().find(({ type }) => type === 'attach-bearer')?.rejectOn, '401, 403');
  });

  it('has the hold option for a user of Visual Guard, and its limit if messages are held', async () => {
    const dialog = await open('', { source: 'msg', hold: 0 });
    await dialog.element.locator('#node-input-hold').waitFor({ state: 'hidden' });
    await dialog.fill({ 'Token from': 'a Visual Guard session' });
    await dialog.element.locator('#node-input-hold').waitFor({ state: 'visible' });
    await dialog.element.locator('#node-input-holdMax').waitFor({ state: 'hidden' });
    await noTip(dialog, 'hold');
    await dialog.fill({ 'Hold (s)': 'soon' });
    await editor.explanation(dialog.field('Hold (s)'), 'Hold (s): enter whole seconds, such as 600');
    await dialog.fill({ 'Hold (s)': '21600', 'Hold at most': '0' });
    await tip(dialog, 'hold', /one message with msg.auth.held for all of them/);
    await dialog.element.locator('#node-input-holdMax.input-error').waitFor();
    await dialog.fill({ 'Hold at most': '50' });
    await dialog.element.locator('#node-input-holdMax:not(.input-error)').waitFor();
    // No server is chosen.
    await dialog.fill({ 'Token from': 'the message' });
    await dialog.done();
    await editor.deploy();
    const node = saved().find(({ type }) => type === 'attach-bearer');
    assert.deepEqual([node?.hold, node?.holdMax], ['21600', '50']);
  });
});

async function tip(dialog: Dialog, name: string, text: RegExp): Promise<void> {
  await dialog.element.locator(`#attach-bearer-tip-${name}`).filter({ hasText: text, visible: true }).waitFor();
}

async function noTip(dialog: Dialog, name: string): Promise<void> {
  await dialog.element.locator(`#attach-bearer-tip-${name}`).waitFor({ state: 'hidden' });
}
