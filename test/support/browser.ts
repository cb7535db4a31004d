import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { PROJECT } from '../../scripts/project.ts';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { type DrawnNode, Editor } from './editor.ts';
import { watchForMarkup } from './markup.ts';
import { linkProject, NodeRed } from './node-red.ts';
import { PATIENCE } from './steady.ts';
import { until } from './until.ts';

/** The Node-RED under test: `node-red` (4.1) or `node-red-5`. */
export const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

/** A node in flows.json. */
export interface SavedNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** Node-RED's list of packages is on the internet. A test does not use it. */
const ELSEWHERE = 'catalogue.nodered.org';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  `--host-resolver-rules=MAP ${ELSEWHERE} ~NOTFOUND`,
];

/** Switches animations off: without a graphics card, they would take half of the tests' time. */
const STILL = `
  const still = document.createElement('style');
  still.textContent = '* { transition: none !important; animation: none !important; caret-color: transparent !important }';
  document.addEventListener('DOMContentLoaded', () => {
    document.head.append(still);
    jQuery.fx.off = true;
  });
`;

const settings = {
  // The code editor that loads faster. No dialog of this package has one.
  editorTheme: { tours: false, codeEditor: { lib: 'ace' } },
};
const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-editor-'));
/** The number of pictures of failures. */
let pictures = 0;
/** The current or last test. */
let running = '';
let browser: Browser;
let context: BrowserContext | undefined;
let withEachNode: { editor: Editor; nodes: EachNode } | undefined;
/** Errors in a page, with the test in which they happened. */
const faults: string[] = [];
/** Everything that Node-RED sent to the page over the WebSocket. */
let frames: string[] = [];
export let nodeRed: NodeRed;

before('a Node-RED and a browser are there', async () => {
  linkProject(userDir);
  [nodeRed, browser] = await Promise.all([
    NodeRed.start({ version, userDir, settings }),
    chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      headless: true,
      args: ARGUMENTS,
      // The browser of a person has scrollbars, and they take space.
      ignoreDefaultArgs: ['--hide-scrollbars'],
    }),
  ]);
});

beforeEach(function () {
  running = this.currentTest?.fullTitle() ?? '';
});

after(async () => {
  await browser?.close();
  await nodeRed?.stop();
  rmSync(userDir, { recursive: true, force: true });
});

// After all tests, because mocha runs no further test if a hook fails that runs after each.
after('no page had a fault', () => assert.deepEqual(faults, []));

afterEach('a picture shows what a test saw that failed', async function () {
  const page = context?.pages()[0];
  if (this.currentTest?.state !== 'failed' || !page) return;
  withEachNode = undefined;
  pictures += 1;
  const path = join(tmpdir(), `vg-auth-${version}-failed-${process.pid}-${pictures}.png`);
  await page.screenshot({ path }).then(
    () => console.log(`What the browser showed: ${path}`),
    (thrown) => console.log(`The browser gave no picture: ${thrown}`),
  );
  // An open dialog would make the next test fail, too.
  const tray = page.locator('.red-ui-tray').last();
  for (let left = await tray.elementHandles(); left.length > 0; left = await tray.elementHandles()) {
    await page.keyboard.press('Control+Escape');
    if (!(await page.waitForFunction((open) => !open.isConnected, left[0]).then(String, () => ''))) break;
  }
});

/**
 * Deploys these flows and opens the editor for them, as for a new user: nothing is stored in the browser, and no settings
 * of the user in Node-RED.
 *
 * @param language the language that the user has chosen, such as `de`
 */
export async function openEditor(flows: object[] = [], language?: string): Promise<Editor> {
  await nodeRed.deploy([{ id: 'flow', type: 'tab', label: 'Flow 1' }, ...flows]);
  withEachNode = undefined;
  context ??= await newContext();
  for (const page of context.pages()) await page.close();
  // Node-RED 5 keeps there which tabs of the sidebar are open.
  await nodeRed.admin('settings/user', { editor: null });
  // It shows the first tip 1 s after it has begun to load, and fails if a busy machine is not ready then.
  await nodeRed.admin('settings/user', { editor: { view: { 'view-show-tips': false } } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  // All except the cache of scripts, which would take a second to fill again.
  const kept = { origin: new URL(nodeRed.url).origin, storageTypes: 'cookies,local_storage,indexeddb' };
  await session.send('Storage.clearDataForOrigin', kept);
  frames = [];
  listen(page);
  if (language) await page.addInitScript(`localStorage.setItem('editor-language', '${language}')`);
  const editor = new Editor(page, () => nodeRed.log.split('Started flows').length);
  await editor.load(nodeRed.url);
  // A debug message that is sent before the WebSocket is open is lost.
  await until(() => frames.length > 0, PATIENCE);
  assert.ok((await scrollbarWidth(page)) > 0, 'the browser shows scrollbars');
  return editor;
}

/**
 * The editor of another Node-RED, in a browser context of its own. Nothing is deployed in it.
 *
 * @param type a node that its palette has
 */
export async function openEditorOf(url: string, type?: string): Promise<Editor> {
  const page = await (await newContext()).newPage();
  frames = [];
  listen(page);
  const editor = new Editor(page, () => 0);
  await editor.load(url, type);
  await until(() => frames.length > 0, PATIENCE);
  return editor;
}

/** How many pixels a scrollbar takes. */
function scrollbarWidth(page: Page): Promise<number> {
  return page.evaluate(() => {
    const box = document.createElement('div');
    box.style.cssText = 'position: absolute; width: 100px; height: 100px; overflow: scroll';
    document.body.append(box);
    const width = box.offsetWidth - box.clientWidth;
    box.remove();
    return width;
  });
}

/** The flow nodes of this package, by type, with their labels in the palette. */
const NODES = {
  'vgs-token': 'get VGS token',
  'vg-login': 'VG login',
  'vg-mfa': 'submit MFA code',
  'vg-logout': 'VG logout',
  'attach-bearer': 'attach bearer',
};
export type NodeType = keyof typeof NODES;

export type EachNode = Record<NodeType, DrawnNode>;

/**
 * An editor with one node of each type, dragged into the flow and not deployed. Suites that do not change the nodes
 * share it, because a load of the editor takes seconds.
 */
export async function openEditorWithEachNode(): Promise<{ editor: Editor; nodes: EachNode }> {
  if (withEachNode) return withEachNode;
  const editor = await openEditor();
  withEachNode = { editor, nodes: await addEachNode(editor) };
  return withEachNode;
}

/** Drags one node of each type into the flow. Each has its label of the palette. */
export async function addEachNode(editor: Editor): Promise<EachNode> {
  const nodes = {} as EachNode;
  for (const [index, [type, label]] of Object.entries(NODES).entries()) {
    const node = await editor.add(type, label, { x: 200, y: 80 + 80 * index });
    assert.equal(await node.label.textContent(), label);
    nodes[type as NodeType] = node;
  }
  return nodes;
}

async function newContext(): Promise<BrowserContext> {
  const made = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  made.setDefaultTimeout(PATIENCE);
  // The code that tsx makes of a function calls this helper, also in the page.
  await made.addInitScript('globalThis.__name = (named) => named');
  await made.addInitScript(STILL);
  await watchForMarkup(made);
  return made;
}

/** An empty page for the pages of flows, in a browser context of its own: it shares no cookie with other pages. */
export async function openPage(): Promise<Page> {
  const made = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  made.setDefaultTimeout(PATIENCE);
  return made.newPage();
}

function listen(page: Page): void {
  page.on('pageerror', (error) => faults.push(`${running}: ${error.stack}`));
  page.on('console', (message) => {
    if (message.location().url.startsWith(`https://${ELSEWHERE}/`)) return;
    // Node-RED catches what a listener throws. Its own one fails when a test reports a login without a token.
    const isThrown = /^RED\.events\.emit error: \[(?!login\])/.test(message.text());
    if (message.type() !== 'error' && !isThrown) return;
    faults.push(`${running}: ${message.text()} ${message.location().url}`);
  });
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => frames.push(String(payload)));
  });
}

/** A flow of the folder `examples`, by the beginning of its file's name. */
export function example(file: string): SavedNode[] {
  return JSON.parse(readFileSync(join(PROJECT, 'examples', `${file}.json`), 'utf8'));
}

/** The flow file as it is on the disk. */
export function savedText(): string {
  return readFileSync(join(userDir, 'flows.json'), 'utf8');
}

/** The nodes in the flow file. */
export function saved(): SavedNode[] {
  return JSON.parse(savedText());
}

/** Everything that the page shows, has in its fields, or got from Node-RED over the WebSocket. */
export async function allThatThePageKnows(editor: Editor): Promise<string> {
  const shown = await editor.page.evaluate(() => {
    const fields = [...document.querySelectorAll<HTMLInputElement>('input, textarea, select')];
    return [document.documentElement.outerHTML, ...fields.map(({ value }) => value)].join('\n');
  });
  return [shown, ...frames].join('\n');
}
