import assert from 'node:assert/strict';
import { openEditor, type SavedNode } from '../support/browser.ts';
import { openConfigDialog } from '../support/config-dialog.ts';
import type { Editor } from '../support/editor.ts';

/** What each type has below "More", with a value that is not the default. */
const RARE: Record<string, Record<string, unknown>> = {
  'vgs-account': {
    byName: true,
    vaultId: 'tnt123',
    testUrl: 'https://api.example.com',
    store: 'store',
    clientAuth: 'header',
    insecureHttp: true,
    tls: 'tls',
    proxy: 'proxy',
  },
  'vg-server': {
    byName: true,
    scope: 'openid',
    mfaCredentials: 'username',
    keepAlive: false,
    testUrl: 'https://api.example.com',
    store: 'store',
    insecureHttp: true,
    tls: 'tls',
    proxy: 'proxy',
  },
  'auth-store': { prefix: 'mine:', tls: 'tls' },
};
const OTHERS = [
  { id: 'tls', type: 'tls-config' },
  { id: 'proxy', type: 'http proxy', url: 'http://proxy.internal' },
  { id: 'store', type: 'auth-store' },
];
const CASES = Object.entries(RARE).flatMap(([type, values]) => [
  { type, property: undefined, node: { id: `plain-${type}`, type } as SavedNode },
  ...Object.entries(values).map(([property, value]) => ({
    type,
    property,
    node: { id: `${type}-${property}`, type, [property]: value } as SavedNode,
  })),
]);

describe('The section "More"', () => {
  let editor: Editor;

  before(async () => {
    editor = await openEditor([...OTHERS, ...CASES.map(({ node }) => node)]);
  });

  for (const { type, property, node } of CASES) {
    it(`is ${property ? 'open' : 'closed'} in ${type} if ${property ?? 'nothing'} is set`, async () => {
      const dialog = await openConfigDialog(editor, type, node.id);
      assert.equal((await dialog.element.locator(`#${type}-more[open]`).count()) > 0, property !== undefined);
      await dialog.escape();
    });
  }
});
