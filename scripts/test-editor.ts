/**
 * `npm run test:editor`: the tests in a real browser, on Node-RED 4.1 and 5 side by side. Each has a Node-RED and a
 * browser of its own. Chromium is Debian's, or the one in CHROMIUM.
 * With file names, `npm run test:editor -- test/editor/themes.spec.ts`: only those files.
 * With NODE_RED=node-red-5: only that version, and its output appears at once.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fetchDashboard } from './fetch-dashboard.ts';
import { fetchNode } from './fetch-node.ts';
import { runSideBySide } from './side-by-side.ts';
import { type NodeRedVersion, runsOn } from './versions.ts';

/** For one test, in ms. Each step of a test has its own limit, and fails with a better message. */
const TIMEOUT = '240000';

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chromium)) {
  console.error(
    `There is no browser at ${chromium}, so the tests of the editor did not run. apt-get install chromium, or set CHROMIUM.`,
  );
  process.exit(1);
}

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const files = process.argv.length > 2 ? process.argv.slice(2) : ['test/editor/**/*.spec.ts'];
const known: NodeRedVersion[] = ['node-red', 'node-red-5'];
const versions = known.filter((version) => version === (process.env.NODE_RED ?? version));
if (versions.length === 0) {
  console.error(`There is no ${process.env.NODE_RED} here, but ${known.join(' and ')}.`);
  process.exit(1);
}
// Here and not in the tests, because those of both versions would install it at the same time.
if (files.some((file) => file.includes('*') || file.includes('dashboard'))) fetchDashboard();
console.log(`${versions.join(' and ')} in ${chromium}`);
process.exitCode = await runSideBySide(
  versions.map((version) => ({
    name: version,
    command: runsOn(version, process.version) ? process.execPath : fetchNode(22),
    args: ['--import', 'tsx', mocha, '--timeout', TIMEOUT, ...files],
    environment: { NODE_RED: version, CHROMIUM: chromium },
  })),
);
