/**
 * `npm run test:editor`: the tests in a real browser, on Node-RED 4.1 and 5. It needs Debian's Chromium, or another one in CHROMIUM.
 * With file names, `npm run test:editor -- test/editor/themes.spec.ts`: those alone. With NODE_RED=node-red-5: on that one alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fetchNode } from './fetch-node.ts';
import { type NodeRedVersion, PROJECT, runsOn } from './node-red.ts';

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chromium)) {
  console.error(
    `There is no browser at ${chromium}, so the tests of the editor did not run. apt-get install chromium, or set CHROMIUM.`,
  );
  process.exit(1);
}

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const files = process.argv.length > 2 ? process.argv.slice(2) : ['test/editor/**/*.spec.ts'];
const versions = (['node-red', 'node-red-5'] as NodeRedVersion[]).filter(
  (version) => version === (process.env.NODE_RED ?? version),
);
/** For one test, in ms. A step of it has a limit of its own, which says more when it is passed. */
const TIMEOUT = '180000';
for (const version of versions) {
  const node = runsOn(version, process.version) ? process.execPath : fetchNode(22);
  console.log(`\n${version} in ${chromium}`);
  const { status } = spawnSync(node, ['--import', 'tsx', mocha, '--timeout', TIMEOUT, ...files], {
    cwd: PROJECT,
    env: { ...process.env, NODE_RED: version, CHROMIUM: chromium },
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = status ?? 1;
}
