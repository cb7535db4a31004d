import assert from 'node:assert/strict';
import { openEditor, saved } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';
import { type FlowNode, httpRequest, wire } from '../support/flows.ts';

const HIDE = 'Hide the token from all nodes but http request';
const SENTENCE = 'Hosts: write names such as api.example.com or *.example.com, without https:// and without a path';

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

  it('tells what it means to hide the token, and what it means not to', async () => {
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
    await tip(dialog, 'hosts', /An address typed into http request is not seen here, and wins over msg.url/);
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

  it('says in words what is wrong with the hosts, and repeats nothing of them', async () => {
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
});

async function tip(dialog: Dialog, name: string, text: RegExp): Promise<void> {
  await dialog.element.locator(`#attach-bearer-tip-${name}`).filter({ hasText: text, visible: true }).waitFor();
}

async function noTip(dialog: Dialog, name: string): Promise<void> {
  await dialog.element.locator(`#attach-bearer-tip-${name}`).waitFor({ state: 'hidden' });
}
