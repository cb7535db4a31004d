import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { freePort, linkProject, NodeRed, type NodeRedVersion, PROJECT } from '../../scripts/node-red.ts';
import { type DrawnNode, Editor } from './editor.ts';
import { watchForMarkup } from './markup.ts';
import { PATIENCE } from './steady.ts';
import { until } from './until.ts';

/** The Node-RED under test: `node-red` (4.1) or `node-red-5`. */
export const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

/** A node as it stands in flows.json. */
export interface SavedNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** Node-RED's list of packages lives in the internet, which a test does without. */
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

/** Nothing slides, fades or blinks: a browser without a graphics card would spend half of the tests' time on that. */
const STILL = `
  const still = document.createElement('style');
  still.textContent = '* { transition: none !important; animation: none !important; caret-color: transparent !important }';
  document.addEventListener('DOMContentLoaded', () => {
    document.head.append(still);
    jQuery.fx.off = true;
  });
`;

const settings = {
  // The editor for code that is quicker to load. No dialog of this package has one.
  editorTheme: { tours: false, codeEditor: { lib: 'ace' } },
};
const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-editor-'));
let browser: Browser;
let context: BrowserContext | undefined;
let withEachNode: { editor: Editor; nodes: EachNode } | undefined;
/** What went wrong in the page since the editor was opened. */
let faults: string[] = [];
/** Everything that Node-RED sent to the page by its web socket. */
let frames: string[] = [];
export let nodeRed: NodeRed;

before('a Node-RED and a browser are there', async () => {
  linkProject(userDir);
  [nodeRed, browser] = await Promise.all([
    freePort().then((port) => NodeRed.start({ version, userDir, port, settings })),
    chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      headless: true,
      args: ARGUMENTS,
      // A person has scrollbars, and they take room.
      ignoreDefaultArgs: ['--hide-scrollbars'],
    }),
  ]);
});

after(async () => {
  await browser?.close();
  await nodeRed?.stop();
  rmSync(userDir, { recursive: true, force: true });
});

afterEach('the page is content', () => assert.deepEqual(faults, []));

afterEach('a picture shows what a test saw that failed', async function () {
  const page = context?.pages()[0];
  if (this.currentTest?.state !== 'failed' || !page) return;
  withEachNode = undefined;
  const path = join(tmpdir(), `vg-auth-${version}-failed-${process.pid}.png`);
  await page.screenshot({ path });
  console.log(`What the browser showed: ${path}`);
  // So that a dialog left open does not make the next test fail as well.
  const tray = page.locator('.red-ui-tray').last();
  for (let left = await tray.elementHandles(); left.length > 0; left = await tray.elementHandles()) {
    await page.keyboard.press('Control+Escape');
    if (!(await page.waitForFunction((open) => !open.isConnected, left[0]).then(String, () => ''))) break;
  }
});

/** Opens the editor anew, as somebody who never saw it, on these flows. */
export async function openEditor(flows: object[] = []): Promise<Editor> {
  await nodeRed.deploy([{ id: 'flow', type: 'tab', label: 'Flow 1' }, ...flows]);
  withEachNode = undefined;
  context ??= await newContext();
  for (const page of context.pages()) await page.close();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  // All but the cache of scripts, which would take a second to fill again.
  const kept = { origin: new URL(nodeRed.url).origin, storageTypes: 'cookies,local_storage,indexeddb' };
  await session.send('Storage.clearDataForOrigin', kept);
  faults = [];
  frames = [];
  listen(page);
  const editor = new Editor(page, () => nodeRed.log.split('Started flows').length);
  await editor.load(nodeRed.url);
  // A debug message that comes before the web socket is there is lost.
  await until(() => frames.length > 0, PATIENCE);
  assert.ok((await scrollbarWidth(page)) > 0, 'the browser shows scrollbars');
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
 * An editor with one node of each type, just dragged into the flow and not deployed.
 * Suites that leave them as they were share it: a load of the editor takes seconds.
 */
export async function openEditorWithEachNode(): Promise<{ editor: Editor; nodes: EachNode }> {
  if (withEachNode) return withEachNode;
  const editor = await openEditor();
  withEachNode = { editor, nodes: await addEachNode(editor) };
  return withEachNode;
}

/** Drags one node of each type into the flow. Each is labelled as in the palette. */
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
  // tsx leaves calls of this helper in functions that the page runs.
  await made.addInitScript('globalThis.__name = (named) => named');
  await made.addInitScript(STILL);
  await watchForMarkup(made);
  return made;
}

/** An empty page in a browser of its own, for what flows serve: it shares no cookie with any other page. */
export async function openPage(): Promise<Page> {
  const made = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  made.setDefaultTimeout(PATIENCE);
  return made.newPage();
}

function listen(page: Page): void {
  page.on('pageerror', (error) => faults.push(String(error.stack)));
  page.on('console', (message) => {
    if (message.type() !== 'error' || message.location().url.startsWith(`https://${ELSEWHERE}/`)) return;
    faults.push(`${message.text()} ${message.location().url}`);
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

/** Everything that the page shows, holds in its fields, or got from Node-RED by web socket. */
export async function allThatThePageKnows(editor: Editor): Promise<string> {
  const shown = await editor.page.evaluate(() => {
    const fields = [...document.querySelectorAll<HTMLInputElement>('input, textarea, select')];
    return [document.documentElement.outerHTML, ...fields.map(({ value }) => value)].join('\n');
  });
  return [shown, ...frames].join('\n');
}
