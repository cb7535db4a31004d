import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { readAddress } from '../../src/http/address.ts';
import { openEditor } from '../support/browser.ts';
import { choiceFlow } from '../support/choice-flow.ts';
import { CONFIG_NODE_CHOICES, FLAGS, FLOW_NODE_CHOICES, OPEN_LISTS } from '../support/choices.ts';
import { ONE_OF_EACH } from '../support/dialog-layout.ts';
import { becomes } from '../support/steady.ts';

const ADDRESSES = [
  'https://id.example.org',
  '  https://id.example.org/  ',
  '\r\n\thttps://id.example.org/a\n',
  '\u00a0https://id.example.org/\u00a0',
  'https://id.example.org/a b',
  'https://id.exam ple.org',
  'https://id\n.example.org',
  'https://id.example.org/a\u00a0b',
  'https://',
  'id.example.org',
  'ftp://id.example.org',
  'https://me@id.example.org',
  'https://me:secret@id.example.org',
  'http://id.example.org',
  'http://me@id.example.org',
  'http://localhost:5000',
  'http://127.8.9.10',
  'http://[::1]',
  'http://id.localhost',
  'http://localhost.',
];

describe('The editor and the running node', () => {
  it('find the same faults in an address, in the same words', async () => {
    const { page } = await openEditor([{ id: 'server', type: 'vg-server' }]);
    const found = await page.evaluate((all) => {
      const RED = Reflect.get(window, 'RED');
      const { checkAddress } = RED.plugins.getPlugin('vg-auth');
      return all.map((address) => checkAddress(RED.nodes.node('server'), 'url', address));
    }, ADDRESSES);
    assert.deepEqual(Object.fromEntries(ADDRESSES.map((address, index) => [address, found[index]])), atRunTime());
  });

  it('accept the same values of a property with a fixed set of values', async () => {
    const { flow, variants } = choiceFlow();
    const { page } = await openEditor(flow);
    const shown = (): Promise<(string | undefined)[]> =>
      page.evaluate((all) => {
        const { nodes } = Reflect.get(window, 'RED');
        return all.map(({ shownBy }) => nodes.node(shownBy).status?.text as string | undefined);
      }, variants);
    const isUnknown = (status: string | undefined): boolean => /^invalid /.test(status ?? '');
    // The last one that is wrong. Node-RED sends the statuses one by one.
    const last = variants.findLastIndex(({ id }) => id.endsWith('{"a":1}'));
    await becomes(async () => isUnknown((await shown())[last]), true);
    const statuses = await shown();
    const atRunTime = variants.filter((_, index) => isUnknown(statuses[index])).map(({ id }) => id);
    const found = await page.evaluate((all) => {
      const { nodes, _: text } = Reflect.get(window, 'RED');
      const about = (node: { type: string }, property: string): string => {
        const catalogue = '@vg-auth/node-red-vg-auth/';
        const label = text(`${catalogue}${node.type}:label.${property.replace(/(Name)?Type$/, '')}`);
        return text(`${catalogue}vg-auth:errors.config-value-unknown`, { property: label });
      };
      return all.flatMap(({ id, property }) => {
        const node = nodes.node(id);
        const errors = node.validationErrors as string[];
        const wanted = about(node, property);
        return errors.length === 0 ? [] : [errors.join() === wanted ? id : `${id}: ${errors.join()}`];
      });
    }, variants);
    assert.deepEqual(found, atRunTime);
    assert.ok(atRunTime.length > variants.length / 4, `${atRunTime.length} of ${variants.length}`);
  });

  it('know of each list, checkbox and type of a value whether its values are fixed', async () => {
    const { page } = await openEditor(ONE_OF_EACH);
    const found = await page.evaluate((all) => {
      const { nodes } = Reflect.get(window, 'RED');
      return all.flatMap(({ type }) => {
        const definition = nodes.getType(type);
        const template = document.querySelector(`script[data-template-name="${type}"]`)?.innerHTML ?? '';
        const form = new DOMParser().parseFromString(template, 'text/html');
        const prefix = definition.category === 'config' ? 'node-config-input-' : 'node-input-';
        return Object.keys(definition.defaults)
          .filter((property) => form.getElementById(prefix + property)?.matches('select, [type=checkbox], [id$=Type]'))
          .map((property) => `${type} ${property}`);
      });
    }, ONE_OF_EACH);
    const known = (lists: Record<string, readonly string[]>): string[] =>
      Object.entries(lists).flatMap(([type, all]) => all.map((property) => `${type} ${property}`));
    const names = (lists: Record<string, object>): Record<string, string[]> =>
      Object.fromEntries(Object.entries(lists).map(([type, all]) => [type, Object.keys(all)]));
    const all = [names(FLOW_NODE_CHOICES), names(CONFIG_NODE_CHOICES), FLAGS, OPEN_LISTS].flatMap(known);
    assert.deepEqual(found.sort(), all.sort());
  });
});

/** For each address true, or the sentence about its fault. */
function atRunTime(): Record<string, true | string> {
  return Object.fromEntries(ADDRESSES.map((address) => [address, verdict(address)]));
}

function verdict(address: string): true | string {
  try {
    readAddress(address, 'Address', false);
    return true;
  } catch (thrown) {
    assert.ok(thrown instanceof AuthError);
    return thrown.message;
  }
}
