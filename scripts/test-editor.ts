/**
 * `npm run test:editor`: the tests in a real browser, on Node-RED 4.1 and 5. The tests of each are split in two, and all
 * four parts run side by side, each with a Node-RED and a browser of its own: a test waits half of its time.
 * With file names, `npm run test:editor -- test/editor/themes.spec.ts`: only those files.
 * With NODE_RED=node-red-5: only that version, and its output appears at once.
 * The browser is `chromium-headless-shell` of Debian, which is Chromium without its own windows and needs a quarter less
 * of the processor; else `chromium`, or the one in CHROMIUM.
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
if (named.length === 0 || named.some((file) => file.includes('dashboard'))) fetchDashboard();

/** The files of each part: 1, 4, 5, 8 and 2, 3, 6, 7 of each eight, so that both parts take about the same time. */
function parts(): string[][] {
  if (named.length > 0) return [named];
  const all = readdirSync(join(PROJECT, TESTS)).filter((file) => file.endsWith('.spec.ts'));
  const files = all.sort().map((file) => `${TESTS}/${file}`);
  if (versions.length === 1) return [files];
  return [0, 1].map((part) => files.filter((_file, index) => ((index + 1) >> 1) % 2 === part));
}

const jobs = versions.flatMap((version) =>
  parts().map((files, part, { length }) => ({
    name: length > 1 ? `${version}, part ${part + 1} of ${length}` : version,
    command: runsOn(version, process.version) ? process.execPath : fetchNode(22),
    args: ['--import', 'tsx', mocha, '--timeout', TIMEOUT, ...files],
    environment: { NODE_RED: version, CHROMIUM: chromium },
  })),
);
console.log(`${jobs.map(({ name }) => name).join('; ')}; in ${chromium}`);
process.exitCode = await runSideBySide(jobs, jobs.length);
