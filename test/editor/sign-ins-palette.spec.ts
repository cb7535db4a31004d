import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { openEditorOf, version } from '../support/browser.ts';
import type { Editor } from '../support/editor.ts';
import { holdReplies } from '../support/held-replies.ts';
import { NodeRed } from '../support/node-red.ts';
import { SignInsTab } from '../support/sign-ins-tab.ts';
import { becomes } from '../support/steady.ts';

const PACKAGE = '@vg-auth/node-red-vg-auth';
const FLOW = [
  { id: 'tab', type: 'tab', label: 'Flow 1' },
  { id: 'good', type: 'vgs-account', name: 'The good', practice: true, credentials: {} },
  {
    id: 'bad',
    type: 'vgs-account',
    name: 'The bad',
    practice: true,
    credentials: { clientId: 'practice', clientSecret: 'THE-WRONG-SECRET' },
  },
];

/** A flow whose nodes are not installed yet, as after an import. */
const EARLIER = [
  { id: 'tab', type: 'tab', label: 'Flow 1' },
  { id: 'account', type: 'vgs-account', practice: true, credentials: {} },
  { id: 'get', type: 'vgs-token', z: 'tab', x: 200, y: 80, name: 'complete', account: 'account', wires: [[], []] },
  { id: 'bad-get', type: 'vgs-token', z: 'tab', x: 200, y: 160, name: 'incomplete', wires: [[], []] },
];

describe('The tab Sign-ins in an editor that is open while the package is installed', () => {
  let folder: string;
  let nodeRed: NodeRed;
  let editor: Editor;
  let tab: SignInsTab;
  /** The package as it would be published. */
  let packed: Blob;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vg-auth-palette-'));
    const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
    const [made] = JSON.parse(execFileSync('npm', pack, { cwd: PROJECT, encoding: 'utf8' })) as { filename: string }[];
    packed = new Blob([readFileSync(join(folder, made?.filename ?? ''))]);
    const userDir = join(folder, 'user');
    nodeRed = await NodeRed.start({ version, userDir, settings: { editorTheme: { tours: false } } });
    writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'user', private: true }));
    await nodeRed.admin('settings/user', { editor: { view: { 'view-show-tips': false } } });
    // It does not start before the package is there.
    await nodeRed.admin('flows', { flows: EARLIER });
    editor = await openEditorOf(nodeRed.url, 'inject');
    tab = new SignInsTab(editor.page);
    // A reload would lose it.
    await editor.page.evaluate(() => Reflect.set(window, 'isTheSamePage', true));
  });

  after(async () => {
    await editor?.page.context().close();
    await nodeRed?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [round, what] of [
    ['installed', 'comes with the package, and works at once'],
    ['installed again', 'comes back with it, and has nothing twice'],
  ] as const) {
    describe(round, () => {
      it(what, async () => {
        // Node-RED requests the plugins at the same time. The one that the tab needs comes last.
        const held = await holdReplies(editor.page, `**/plugins/${PACKAGE}/vg-auth?**`);
        await install();
        await becomes(async () => held.requests.length, 1);
        await editor.page.waitForFunction(() => !!Reflect.get(window, 'RED').plugins.getPlugin('vg-auth-sign-ins'));
        await held.release();
        await editor.palette('attach-bearer').waitFor({ state: 'attached' });
        await tab.element.waitFor({ state: 'attached' });
        if (round === 'installed') {
          await editor.node('incomplete').mark.waitFor();
          await editor.node('complete').mark.waitFor({ state: 'hidden' });
        }
        await nodeRed.deploy(FLOW);
        await tab.show();
        assert.equal(await tab.element.count(), 1);
        const row = await tab.details('The good');
        await row.getByRole('button', { name: 'Renew now' }).click();
        await row.locator('.vg-auth-state').getByText('valid until').waitFor();
        await nodeRed.admin('vg-auth/accounts/bad/renew', {});
        await tab.badge(1);
        await tab
          .row('Needs attention', 'The bad')
          .getByText(/Check the client ID/)
          .waitFor();
        assert.equal(await tab.row('Needs attention', 'The bad').count(), 1);
        await assertSamePage();
      });

      it('disappears with it, and asks for nothing any more', async () => {
        await nodeRed.deploy([]);
        // Another editor, or a script, removes it: this one gets nothing but the news.
        await remove();
        await tab.element.waitFor({ state: 'detached' });
        const left = '[id*="vg-auth-sign-ins"], [data-tab-id="vg-auth-sign-ins"], .vg-auth-badge';
        await becomes(() => editor.page.locator(left).count(), 0);
        const asked: string[] = [];
        editor.page.on('request', (request) => asked.push(request.url()));
        await editor.page.evaluate(() => Reflect.get(window, 'RED').events.emit('login', 'nobody'));
        await nodeRed.deploy([]);
        await assertSamePage();
        assert.deepEqual(
          asked.filter((url) => url.includes('vg-auth')),
          [],
        );
      });
    });
  }

  /** Installs the package as the palette does with a file. */
  async function install(): Promise<void> {
    const form = new FormData();
    form.set('tarball', packed, 'package.tgz');
    const response = await fetch(`${nodeRed.url}nodes`, { method: 'POST', body: form });
    assert.equal(response.status, 200, await response.text());
  }

  async function remove(): Promise<void> {
    const response = await fetch(`${nodeRed.url}nodes/${PACKAGE}`, { method: 'DELETE' });
    assert.equal(response.status, 204, await response.text());
  }

  async function assertSamePage(): Promise<void> {
    assert.equal(await editor.page.evaluate(() => Reflect.get(window, 'isTheSamePage')), true);
  }
});
