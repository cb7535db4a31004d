/**
 * `npm run test:editor`: the tests in a real browser, on Node-RED 4.1 and 5. The tests of each are split in two, and all
 * four parts run side by side, because a test often waits. Each part has a Node-RED and a browser of its own.
 * With file names, `npm run test:editor -- test/editor/themes.spec.ts`: only those files.
 * With NODE_RED=node-red-5: only that version, and its output appears at once.
 * The browser is the one in CHROMIUM, else Debian's `chromium-headless-shell`, else Debian's `chromium`. The first of
 * Debian's draws no windows of its own, so it needs less CPU time.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fetchDashboard } from './fetch-dashboard.ts';
import { fetchNode } from './fetch-node.ts';
import { PROJECT } from './project.ts';
import { runSideBySide } from './side-by-side.ts';
import { type NodeRedVersion, runsOn } from './versions.ts';

/** For one test, in ms. Each step of a test has its own limit, and fails with a better message. */
const TIMEOUT = '240000';

const TESTS = 'test/editor';

const browsers = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const chromium = process.env.CHROMIUM ?? browsers.find((path) => existsSync(path)) ?? '';
if (!existsSync(chromium)) {
  console.error(
    `There is no browser${chromium && ` at ${chromium}`}, so the tests of the editor did not run. apt-get install chromium-headless-shell, or set CHROMIUM.`,
  );
  process.exit(1);
}

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const named = process.argv.slice(2);
const known: NodeRedVersion[] = ['node-red', 'node-red-5'];
const versions = known.filter((version) => version === (process.env.NODE_RED ?? version));
if (versions.length === 0) {
  console.error(`There is no ${process.env.NODE_RED} here, but ${known.join(' and ')}.`);
  process.exit(1);
}
// Here and not in the tests, because those of both versions would install it at the same time.
if (named.length === 0 || named.some((file) => file.includes('*') || file.includes('dashboard'))) fetchDashboard();

/** The files of each part: 1, 4, 5, 8 and 2, 3, 6, 7 of each eight, so that both parts take about the same time. */
function partsOf(files: string[]): string[][] {
  return [0, 1].map((part) => files.filter((_file, index) => ((index + 1) >> 1) % 2 === part));
}

const all = readdirSync(join(PROJECT, TESTS), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.spec.ts'))
  .map((file) => join(TESTS, file))
  .sort();
const files = named.length > 0 ? named : all;
const parts = named.length > 0 || versions.length === 1 ? [files] : partsOf(files);
const jobs = versions.flatMap((version) =>
  parts.map((part, index) => ({
    name: parts.length > 1 ? `${version}, part ${index + 1} of ${parts.length}` : version,
    command: runsOn(version, process.version) ? process.execPath : fetchNode(22),
    args: ['--import', 'tsx', mocha, '--timeout', TIMEOUT, ...part],
    environment: { NODE_RED: version, CHROMIUM: chromium },
  })),
);
console.log(`${jobs.map(({ name }) => name).join('; ')}; in ${chromium}`);
process.exitCode = await runSideBySide(jobs, jobs.length);
