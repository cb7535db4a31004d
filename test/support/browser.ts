import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { freePort, linkProject, NodeRed, type NodeRedVersion, PROJECT } from '../../scripts/node-red.ts';
import { Editor } from './editor.ts';

/** The Node-RED under test: `node-red` (4.1) or `node-red-5`. */
export const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

/** A node as it stands in flows.json. */
export interface SavedNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
/** Node-RED's list of packages lives in the internet, which a test does without. */
const ELSEWHERE = 'https://catalogue.nodered.org/';

const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-editor-'));
let browser: Browser;
let context: BrowserContext | undefined;
/** What went wrong in the page since the editor was opened. */
let faults: string[] = [];
/** Everything that Node-RED sent to the page by its web socket. */
let frames: string[] = [];
export let nodeRed: NodeRed;

before('a Node-RED and a browser are there', async function () {
  this.timeout(60_000);
  linkProject(userDir);
  [nodeRed, browser] = await Promise.all([
    freePort().then((port) => NodeRed.start({ version, userDir, port })),
    chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ARGUMENTS }),
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
  const path = join(tmpdir(), `vg-auth-${version}-failed.png`);
  await page.screenshot({ path });
  console.log(`What the browser showed: ${path}`);
  // So that a dialog left open does not make the next test fail as well.
  const tray = page.locator('.red-ui-tray');
  for (let depth = 0; depth < 3 && (await tray.count()) > 0; depth += 1) {
    await page.keyboard.press('Control+Escape');
    await tray.waitFor({ state: 'detached', timeout: 1_000 }).catch(() => {});
  }
});

/** Opens the editor anew, as somebody who never saw it, on these flows. */
export async function openEditor(flows: object[] = []): Promise<Editor> {
  await context?.close();
  await nodeRed.deploy([{ id: 'flow', type: 'tab', label: 'Flow 1' }, ...flows]);
  context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  context.setDefaultTimeout(10_000);
  await context.route(`${ELSEWHERE}**`, (route) => route.abort());
  // tsx leaves calls of this helper in functions that the page runs.
  await context.addInitScript('globalThis.__name = (named) => named');
  const page = await context.newPage();
  faults = [];
  frames = [];
  listen(page);
  const editor = new Editor(page, () => nodeRed.log.split('Started flows').length);
  await editor.load(nodeRed.url);
  return editor;
}

function listen(page: Page): void {
  page.on('pageerror', (error) => faults.push(String(error.stack)));
  page.on('console', (message) => {
    if (message.type() !== 'error' || message.location().url.startsWith(ELSEWHERE)) return;
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
