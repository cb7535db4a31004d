import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { readAddress } from '../../src/http/address.ts';
import { openEditor } from '../support/browser.ts';

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
