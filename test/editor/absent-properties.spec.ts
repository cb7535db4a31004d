import assert from 'node:assert/strict';
import { openEditor } from '../support/browser.ts';
import { known, openConfigDialog } from '../support/config-dialog.ts';
import { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';

/** Each type with its required properties only. */
const CONFIG = [
  { id: 'account', type: 'vgs-account', credentials: { clientId: 'c', clientSecret: 's' } },
  { id: 'server', type: 'vg-server', url: 'https://identity.example', applicationId: 'app' },
  { id: 'bare-account', type: 'vgs-account' },
  { id: 'by-variable', type: 'vgs-account', practice: '$(PRACTICE)', insecureHttp: 'true', byName: 'false' },
  { id: 'null-account', type: 'vgs-account', tokenUrl: null, clientAuth: null, practice: null },
  { id: 'store', type: 'auth-store', credentials: { encryptionKey: 'a passphrase that is long enough' } },
];
const NODES = [
  { id: 'get', type: 'vgs-token', account: 'account', wires: [[], []] },
  { id: 'login', type: 'vg-login', server: 'server', wires: [[], [], []] },
  { id: 'logout', type: 'vg-logout', server: 'server', wires: [[]] },
  { id: 'mfa', type: 'vg-mfa', wires: [[], [], []] },
  { id: 'attach', type: 'attach-bearer', account: 'account', wires: [[], []] },
];

describe('A node that was saved without its optional properties', () => {
  let editor: Editor;
  const isPlaced = (id: string): boolean => NODES.some((node) => node.id === id);

  before(async () => {
    editor = await openEditor([
      ...CONFIG,
      ...NODES.map((node, index) => ({ ...node, z: 'flow', x: 200, y: 60 + 60 * index })),
    ]);
  });

  async function open(type: string, id: string): Promise<Dialog> {
    if (!isPlaced(id)) return openConfigDialog(editor, type, id);
    await editor.page.evaluate((node) => {
      const RED = Reflect.get(window, 'RED');
      RED.editor.edit(RED.nodes.node(node));
    }, id);
    return Dialog.opened(editor.page, 'node');
  }

  for (const { id, type } of [...CONFIG, ...NODES]) {
    it(`is complete, and its dialog changes nothing: ${id} (${type})`, async () => {
      const before = await known(editor, id);
      assert.deepEqual([before.changed, before.dirty], [false, false]);
      assert.equal(before.valid, true);
      for (const leave of ['cancel', 'done'] as const) {
        const dialog = await open(type, id);
        if (!id.includes('-')) assert.equal(await dialog.element.locator('.input-error:visible').count(), 0);
        await dialog[leave]();
        assert.deepEqual(await known(editor, id), before, leave);
      }
    });
  }

  it('shows the defaults', async () => {
    const shown = async (type: string, id: string): Promise<Record<string, unknown>> => {
      const dialog = await open(type, id);
      const values = await editor.page.evaluate((node) => {
        const known = Reflect.get(window, 'RED').nodes.node(node);
        const prefix = known._def.category === 'config' ? 'node-config-input-' : 'node-input-';
        const all = Object.keys(known._def.defaults).map((property) => {
          const input = document.getElementById(prefix + property) as HTMLInputElement | null;
          return [property, input?.type === 'checkbox' ? input.checked : input?.value];
        });
        const defaults = Object.entries(known._def.defaults as Record<string, { value: unknown; type?: string }>);
        const wanted = defaults.map(([property, { value, type }]) => [property, type ? undefined : value]);
        return { all: Object.fromEntries(all), wanted: Object.fromEntries(wanted) };
      }, id);
      await dialog.cancel();
      for (const [property, value] of Object.entries(values.wanted)) {
        const given = [...CONFIG, ...NODES].find((node) => node.id === id) as Record<string, unknown>;
        if (value !== undefined && given[property] === undefined)
          // A field has the text of a number.
          assert.equal(String(values.all[property]), String(value), `${type} ${property}`);
      }
      return values.all;
    };
    for (const { id, type } of [...CONFIG, ...NODES]) await shown(type, id);
    const ticks = await shown('vgs-account', 'by-variable');
    assert.deepEqual([ticks.practice, ticks.insecureHttp, ticks.byName], [false, true, false]);
    assert.equal((await shown('attach-bearer', 'attach')).hide, true);
    assert.equal((await shown('vg-mfa', 'mfa')).challenge, 'auth.challenge.id');
    assert.match(String((await shown('vg-server', 'server')).scope), /^openid profile/);
  });

  it('keeps what is changed in it, and nothing else', async () => {
    const { exported } = await known(editor, 'attach');
    const dialog = await open('attach-bearer', 'attach');
    await dialog.fill({ Name: 'renamed' });
    await dialog.done();
    const after = await known(editor, 'attach');
    assert.deepEqual([after.changed, after.exported], [true, { ...exported, x: after.exported.x, name: 'renamed' }]);
  });

  it('keeps a variable in place of a checkbox until somebody sets the checkbox', async () => {
    const dialog = await open('vgs-account', 'by-variable');
    await dialog.element.getByText('$(PRACTICE)').waitFor();
    await dialog.fill({ 'Practice server: built in, no account needed': true });
    await dialog.element.getByText('$(PRACTICE)').waitFor({ state: 'detached' });
    await dialog.done();
    const { exported, changed } = await known(editor, 'by-variable');
    assert.deepEqual([exported.practice, exported.insecureHttp, changed], [true, 'true', true]);
  });
});
