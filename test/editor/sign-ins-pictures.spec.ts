import { nodeRed, openEditor, type SavedNode, version } from '../support/browser.ts';
import type { Editor } from '../support/editor.ts';
import { shoot, themes } from '../support/pictures.ts';
import { SignInsTab } from '../support/sign-ins-tab.ts';

const practice = (id: string, type: string, name: string, credentials: object): SavedNode => ({
  id,
  type,
  name,
  practice: true,
  credentials,
});

const FLOW: SavedNode[] = [
  practice('cards', 'vgs-account', 'Card API', { clientId: 'practice', clientSecret: 'practice' }),
  practice('robot', 'vg-server', 'Reports robot', { username: 'email', password: 'practice' }),
  practice('old', 'vgs-account', 'Old vault', { clientId: 'disabled', clientSecret: 'practice' }),
  { id: 'call', z: 'flow', type: 'attach-bearer', x: 200, y: 80, source: 'vgs', account: 'cards', wires: [[], []] },
  { id: 'report', z: 'flow', type: 'attach-bearer', x: 200, y: 140, source: 'vg', server: 'robot', wires: [[], []] },
  { id: 'get', z: 'flow', type: 'vgs-token', x: 200, y: 200, account: 'old', wires: [[], []] },
];

describe('The picture of the tab Sign-ins', () => {
  let editor: Editor;
  let tab: SignInsTab;

  before(async () => {
    editor = await openEditor(FLOW);
    await nodeRed.forget('robot', ['email']);
    await editor.page.setViewportSize({ width: 1280, height: 1000 });
    // On Node-RED 5, the debug messages are below the tab.
    if (version === 'node-red-5') await editor.page.locator('[data-tab-id="debug"]').click();
    for (const id of ['cards', 'old', 'robot']) await nodeRed.admin(`vg-auth/accounts/${id}/sign-in`, {});
    tab = new SignInsTab(editor.page);
    await tab.show();
    const card = tab.row('Needs attention', 'Reports robot');
    await card.getByRole('button').first().click();
    await card.getByLabel('Code').waitFor();
    await tab.row('Needs attention', 'Old vault').waitFor();
    await tab.row('Accounts and servers', 'Card API').getByText('valid until').waitFor();
    await tab.expand('Recent events');
    await tab.row('Recent events', 'Code sent').first().waitFor();
    for (const told of await editor.page.locator('.red-ui-notification').all()) await told.waitFor({ state: 'hidden' });
  });

  for (const theme of themes) {
    it(`shows what needs a person, ${theme}`, async () => {
      if (version === 'node-red-5') await editor.chooseTheme(theme);
      await tab.show();
      await shoot(editor, `sign-ins-${theme}`, tab.element, 0);
    });
  }
});
