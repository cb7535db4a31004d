import assert from 'node:assert/strict';
import { addEachNode, openEditor } from '../support/browser.ts';

describe('The dialog of submit MFA code', () => {
  it('warns that with an empty challenge field whoever sends a message answers for the stored user', async () => {
    const editor = await openEditor();
    const nodes = await addEachNode(editor);
    const dialog = await editor.open(nodes['vg-mfa']);
    const warning = dialog.element.getByText('Whoever can send this node a message');
    assert.equal(await warning.isVisible(), false);

    await dialog.fill({ Challenge: '', Name: 'mine' });

    await warning.waitFor();
    assert.match(String(await warning.textContent()), /answers for the stored user/);
    await dialog.done();

    const again = await editor.open(nodes['vg-mfa']);
    await again.element.getByText('Whoever can send this node a message').waitFor();
    await again.fill({ Challenge: 'payload.id', Name: 'mine' });
    await again.element.getByText('Whoever can send this node a message').waitFor({ state: 'hidden' });
    await again.fill({ Challenge: '' });
    await again.done();
  });
});
