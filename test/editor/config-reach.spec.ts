import assert from 'node:assert/strict';
import { openEditor } from '../support/browser.ts';
import { known, openConfigDialog } from '../support/config-dialog.ts';

describe('A reference to a config node of another flow, as an imported flow may have it', () => {
  it('is marked as invalid in the editor, before a deploy', async () => {
    const at = { z: 'flow', x: 200, y: 80, wires: [[], []] };
    const editor = await openEditor([
      { id: 'other', type: 'tab', label: 'Flow 2' },
      { id: 'sub', type: 'subflow', name: 'sub', in: [], out: [], env: [] },
      { id: 'global', type: 'vgs-account' },
      { id: 'own', type: 'vgs-account', z: 'flow' },
      { id: 'foreign', type: 'vgs-account', z: 'other' },
      { id: 'foreign-store', type: 'auth-store', z: 'other' },
      { id: 'with-store', type: 'vgs-account', store: 'foreign-store' },
      { id: 'uses-global', type: 'vgs-token', account: 'global', ...at },
      { id: 'uses-own', type: 'vgs-token', account: 'own', ...at },
      { id: 'uses-foreign', type: 'vgs-token', account: 'foreign', ...at },
      { id: 'in-subflow', type: 'vgs-token', account: 'own', ...at, z: 'sub' },
    ]);
    const isValid = async (id: string): Promise<boolean> => (await known(editor, id)).valid;
    assert.equal(await isValid('uses-global'), true);
    assert.equal(await isValid('uses-own'), true);
    assert.equal(await isValid('in-subflow'), true, 'the flow may be around the subflow');
    assert.equal(await isValid('uses-foreign'), false);
    assert.equal(await isValid('with-store'), false);
    const dialog = await openConfigDialog(editor, 'vgs-account', 'with-store');
    await dialog.cancel();
  });
});
