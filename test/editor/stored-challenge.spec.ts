import assert from 'node:assert/strict';
import { addEachNode, openEditor } from '../support/browser.ts';

describe('The dialog of submit MFA code', () => {
  it('warns that an empty challenge field means that every message answers for the stored user', async () => {
    const editor = await openEditor();
    const nodes = await addEachNode(editor);
    const dialog = await editor.open(nodes['vg-mfa']);
    const warning = dialog.element.getByText('Whoever can send a message to this node');
    assert.equal(await warning.isVisible(), false);

    await dialog.fill({ Challenge: '', Name: 'mine' });

    await warning.waitFor();
    assert.match(String(await warning.textContent()), /complete the sign-in of the stored user/);
    await dialog.done();

    const again = await editor.open(nodes['vg-mfa']);
    await again.element.getByText('Whoever can send a message to this node').waitFor();
    await again.fill({ Challenge: 'payload.id', Name: 'mine' });
    await again.element.getByText('Whoever can send a message to this node').waitFor({ state: 'hidden' });
    await again.fill({ Challenge: '' });
    await again.done();
  });
});
