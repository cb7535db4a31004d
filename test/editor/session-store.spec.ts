import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { addEachNode, type EachNode, openEditor, saved, savedText } from '../support/browser.ts';
import { DEFAULTS } from '../support/defaults.ts';
import type { Dialog } from '../support/dialog.ts';
import type { Editor } from '../support/editor.ts';
import { becomes } from '../support/steady.ts';
import { openStoreDialog } from '../support/store-dialog.ts';

const REDIS = 'Redis or Valkey: shared by several instances';
const ROWS = [
  'Context store',
  'Topology',
  'Address',
  'Primary',
  'TLS',
  'Username',
  'Password',
  'Sentinel password',
  'Key prefix',
  'Encryption key',
  'Previous key',
];
const SENTINEL_ROWS = ['Primary', 'Sentinel password'];

/** The rows of a store in Redis, except these. */
const rowsWithout = (...rows: string[]): string[] =>
  ROWS.filter((row) => row !== 'Context store' && !rows.includes(row));
const KEY = 'typed-encryption-key';

describe('The dialog of a session store', () => {
  let editor: Editor;
  let nodes: EachNode;

  before(async () => {
    editor = await openEditor();
    nodes = await addEachNode(editor);
  });

  it('shows the rows of the selected kind', async () => {
    const dialog = await openStoreDialog(editor);
    await dialog.unfold();
    await becomes(() => shown(dialog), ['Context store', 'Encryption key', 'Previous key']);
    await dialog.element.getByText('The context store must write files').waitFor();
    await dialog.fill({ Kind: REDIS });
    await becomes(() => shown(dialog), rowsWithout(...SENTINEL_ROWS));
    await dialog.element.getByText('All instances that share the store need the same address').waitFor();
    await dialog.fill({ Address: 'redis://cache.internal:6379' });
    await becomes(() => shown(dialog), rowsWithout('TLS', ...SENTINEL_ROWS));
    await dialog.fill({ Topology: 'Sentinel: Sentinels name the primary' });
    await becomes(() => shown(dialog), rowsWithout('TLS'));
    await dialog.fill({ Topology: 'cluster: any of its nodes' });
    await becomes(() => shown(dialog), rowsWithout('TLS', ...SENTINEL_ROWS));
    await dialog.fill({ Address: 'rediss://cache.internal:6379' });
    await becomes(() => shown(dialog), rowsWithout(...SENTINEL_ROWS));
    await dialog.cancel();
  });

  it('shows what is wrong', async () => {
    const dialog = await openStoreDialog(editor);
    await becomes(() => wrong(dialog), ['Encryption key']);
    await dialog.fill({ 'Encryption key': 'fifteen letters' });
    await becomes(() => wrong(dialog), ['Encryption key']);
    const tooShort = 'Encryption key: it must have at least 16 characters';
    await editor.explanation(dialog.field('Encryption key'), tooShort);
    for (const key of ['sixteen letters!', ['$', '{STORE_KEY}'].join(''), KEY]) {
      await dialog.fill({ 'Encryption key': key });
      await becomes(() => wrong(dialog), []);
    }
    await dialog.fill({ Kind: REDIS });
    await dialog.fill({ Address: '' });
    await becomes(() => wrong(dialog), ['Address']);
    for (const [address, sentence] of [
      ['cache.internal:6379', 'Address: it must begin with redis:// or rediss://'],
      ['https://cache.internal', 'Address: it must begin with redis:// or rediss://'],
      [
        'redis://user:secret@cache.internal',
        'Address: the password would be saved in the flow file. Enter it in its own field',
      ],
    ] as const) {
      await dialog.fill({ Address: address });
      await becomes(() => wrong(dialog), ['Address']);
      await editor.explanation(dialog.field('Address'), sentence);
    }
    for (const address of ['redis://user@cache.internal/3', 'rediss://[::1]:6380', ['$', '{REDIS_URL}'].join('')]) {
      await dialog.fill({ Address: address });
      await becomes(() => wrong(dialog), []);
    }
    for (const [topology, address, sentence] of [
      [
        'single: one server',
        'redis://a,b',
        'The property "Address" contains several addresses. Select the topology Sentinel or cluster, or enter one address.',
      ],
      [
        'single: one server',
        'redis://:pass/word@a',
        'The username or the password in "Address" is not percent-encoded. Write %2F for /, %23 for #, %3F for ?, %25 for % and %40 for @.',
      ],
      [
        'cluster: any of its nodes',
        'redis://a,rediss://b',
        'The addresses in "Address" use different schemes. Begin all of them with redis://, or all with rediss://.',
      ],
      [
        'cluster: any of its nodes',
        'redis://a/1',
        'A Redis cluster supports database 0 only. Remove the database number from "Address".',
      ],
    ] as const) {
      await dialog.fill({ Topology: topology, Address: address });
      await becomes(() => wrong(dialog), ['Address']);
      await editor.explanation(dialog.field('Address'), sentence);
    }
    await dialog.fill({ Address: 'redis://a,b', Topology: 'Sentinel: Sentinels name the primary' });
    await becomes(() => wrong(dialog), ['Primary']);
    await dialog.fill({ Primary: 'mymaster' });
    await becomes(() => wrong(dialog), []);
    await dialog.cancel();
  });

  it('tests before a deploy, and shows what to do', async () => {
    const dialog = await openStoreDialog(editor);
    await dialog.fill({ 'Encryption key': KEY });
    await dialog.press('Test');
    await verdict(dialog)
      .filter({ hasText: /"Context store" refers to a node that is not deployed/ })
      .waitFor();
    await dialog.fill({ Kind: REDIS, Address: 'redis://127.0.0.1:9' });
    await dialog.press('Test');
    await verdict(dialog).filter({ hasText: 'The session store 127.0.0.1:9 is unavailable.' }).waitFor();
    await verdict(dialog).filter({ hasText: 'The connection was refused.' }).waitFor();
    assert.doesNotMatch((await verdict(dialog).textContent()) ?? '', new RegExp(KEY));
    await dialog.cancel();
  });

  it('saves the defaults of the contract, and can be chosen in an account and a server', async () => {
    const store = await openStoreDialog(editor);
    await store.fill({ 'Encryption key': KEY });
    await store.done();
    for (const [node, config, values] of [
      [nodes['vgs-token'], 'Account', { 'Client ID': 'me', 'Client secret': 'x' }],
      [nodes['vg-login'], 'Server', { Address: 'https://identity.example.com', Application: 'app' }],
    ] as const) {
      const dialog = await editor.open(node);
      const inner = await dialog.addConfig(config);
      await inner.fill({ ...values, 'Session store': 'session store' });
      await inner.done();
      await dialog.done();
    }
    for (const [type, values] of [
      ['vg-logout', { Server: 'Visual Guard server' }],
      ['attach-bearer', { Account: 'VGS service account' }],
    ] as const) {
      const dialog = await editor.open(nodes[type]);
      await dialog.fill(values);
      await dialog.done();
      await nodes[type].mark.waitFor({ state: 'hidden' });
    }
    await editor.deploy();
    const one = (type: string) => saved().find((node) => node.type === type);
    const { id, ...properties } = one('auth-store') ?? { id: '' };
    assert.deepEqual(properties, { type: 'auth-store', ...DEFAULTS['auth-store'] });
    assert.equal(one('vgs-account')?.store, id);
    assert.equal(one('vg-server')?.store, id);
    assert.ok(!savedText().includes(KEY));
    const again = await openStoreDialog(editor, String(id));
    assert.equal(await again.field('Encryption key').inputValue(), '__PWRD__');
    await again.cancel();
  });

  it('tests with the stored secrets after a deploy, and sends them to no other server', async () => {
    const heard: string[] = [];
    const listener = createServer((socket) => {
      socket.on('data', (chunk) => heard.push(String(chunk)));
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const { port } = listener.address() as { port: number };
    try {
      const dialog = await openStoreDialog(editor, String(saved().find(({ type }) => type === 'auth-store')?.id));
      await dialog.press('Test');
      await verdict(dialog)
        .filter({ hasText: 'context default works: a record was written, read, locked and removed' })
        .waitFor();
      await verdict(dialog)
        .filter({ hasText: 'This context store keeps its data in memory: a restart deletes it.' })
        .waitFor();
      await dialog.fill({ Kind: REDIS, Address: `redis://127.0.0.1:${port}` });
      await dialog.press('Test');
      await verdict(dialog).filter({ hasText: 'Encryption key' }).waitFor();
      assert.deepEqual(heard, []);
      await dialog.cancel();
    } finally {
      listener.close();
    }
  });
});

function verdict(dialog: Dialog) {
  return dialog.element.locator('[role=status][id$="test-result"]');
}

/** The labels of the visible rows. */
async function shown(dialog: Dialog): Promise<string[]> {
  const seen = await Promise.all(ROWS.map((label) => dialog.row(label).isVisible()));
  return ROWS.filter((_, index) => seen[index]);
}

/** The labels of the fields that are shown as invalid. */
async function wrong(dialog: Dialog): Promise<string[]> {
  const rows = dialog.element
    .locator('.form-row:not(details)')
    .filter({ has: dialog.page.locator('.input-error'), visible: true });
  return (await rows.locator('label').allInnerTexts()).map((text) => text.replace('*', '').trim());
}
