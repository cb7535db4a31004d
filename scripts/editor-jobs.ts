import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fetchDashboard } from './fetch-dashboard.ts';
import { fetchNode } from './fetch-node.ts';
import { MOCHA } from './mocha.ts';
import { PROJECT } from './project.ts';
import type { Job } from './side-by-side.ts';
import { NODE_RED_VERSIONS, runsOn } from './versions.ts';

/** For one test, in ms. Each step of a test has its own limit, and fails with a better message. */
const TIMEOUT = '240000';

const TESTS = 'test/editor';

/** Debian's browsers. The first one draws no windows of its own, so it needs less CPU time. */
const BROWSERS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** The files of each part: 1, 4, 5, 8 and 2, 3, 6, 7 of each eight, so that both parts take about the same time. */
function partsOf(files: string[]): string[][] {
  return [0, 1].map((part) => files.filter((_file, index) => ((index + 1) >> 1) % 2 === part));
}

/**
 * The browser: that in the variable `CHROMIUM`, else one of Debian's.
 *
 * @returns its path; this process ends if there is none
 */
function findBrowser(): string {
  const chromium = process.env.CHROMIUM ?? BROWSERS.find((path) => existsSync(path)) ?? '';
  if (existsSync(chromium)) return chromium;
  console.error(
    `There is no browser${chromium && ` at ${chromium}`}, so the tests cannot run. apt-get install chromium-headless-shell, or set CHROMIUM.`,
  );
  return process.exit(1);
}

/**
 * The browser tests on Node-RED 4.1 and 5. Each job has a Node-RED and a browser of its own. It fetches what is not here.
 *
 * @param named the files to run; all files if there is none, and then each version has two jobs
 * @param only the version to run them on, if it is not both. Then it has one job, and none if there is no such version
 */
export function editorJobs(named: string[], only: string | undefined): Job[] {
  const chromium = findBrowser();
  const versions = NODE_RED_VERSIONS.filter((version) => version === (only ?? version));
  if (versions.length === 0) return [];
  // Here and not in the tests, because those of both versions would install it at the same time.
  if (named.length === 0 || named.some((file) => file.includes('*') || file.includes('dashboard'))) fetchDashboard();
  const all = readdirSync(join(PROJECT, TESTS), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.spec.ts'))
    .map((file) => join(TESTS, file))
    .sort();
  const files = named.length > 0 ? named : all;
  const parts = named.length > 0 || versions.length === 1 ? [files] : partsOf(files);
  return versions.flatMap((version) =>
    parts.map((part, index) => ({
      name: `the editor of ${version}${parts.length > 1 ? `, part ${index + 1} of ${parts.length}` : ''}`,
      command: runsOn(version, process.version) ? process.execPath : fetchNode(22),
      args: ['--import', 'tsx', MOCHA, '--timeout', TIMEOUT, ...part],
      environment: { NODE_RED: version, CHROMIUM: chromium },
    })),
  );
}
