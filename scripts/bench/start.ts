import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkProject, PROJECT } from '../node-red.ts';
import { requireBuilt } from './built.ts';
import { embeddedSettings, NODE_RED } from './embedded.ts';
import { type Measurement, plainRow, type Row, ratioRow } from './measure.ts';

/** A process of its own, which tells what it took until the flows had started. */
const STARTER = `
const RED = require(process.argv[1]);
const server = require('node:http').createServer();
RED.init(server, { ...JSON.parse(process.argv[2]), httpAdminRoot: '/' });
RED.events.once('flows:started', () => {
  const { user, system } = process.cpuUsage();
  const types = RED.nodes.getNodeList().filter(({ module }) => module.includes('vg-auth')).length;
  require('node:fs').writeSync(1, JSON.stringify({ wall: performance.now(), busy: (user + system) / 1000, types }));
  process.exit(0);
});
RED.start();
`;

interface Took {
  wall: number;
  busy: number;
  types: number;
}

function start(userDir: string): Took {
  const settings = JSON.stringify(embeddedSettings(userDir));
  const args = ['-e', STARTER, requireBuilt.resolve(NODE_RED), settings];
  return JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  ) as Took;
}

/** What the package adds to the start of a Node-RED without flows. */
function addedToStart(rounds: number): Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'vg-auth-start-'));
  const [without, withIt] = [join(folder, 'without'), join(folder, 'with')];
  mkdirSync(without);
  linkProject(withIt);
  const taken: { without: Took[]; withIt: Took[] } = { without: [], withIt: [] };
  for (let round = -1; round < rounds; round += 1) {
    const pair = round % 2 === 0 ? [start(without), start(withIt)] : [start(withIt), start(without)].reverse();
    if (round < 0) continue;
    if (pair[0]) taken.without.push(pair[0]);
    if (pair[1]) taken.withIt.push(pair[1]);
  }
  rmSync(folder, { recursive: true, force: true });
  if (!taken.withIt.every(({ types }) => types > 0) || taken.without.some(({ types }) => types > 0))
    throw new Error('the package was not loaded where it should be');
  const added = (of: (took: Took) => number): number[] =>
    taken.withIt.map((took, round) => of(took) - of(taken.without[round] as Took));
  return [
    plainRow(
      'start of Node-RED: added by the package',
      added(({ wall }) => wall),
      'ms',
      0,
    ),
    plainRow(
      '  the same in time of the processor',
      added(({ busy }) => busy),
      'ms',
      0,
    ),
    plainRow(
      '  start without the package',
      taken.without.map(({ wall }) => wall),
      'ms',
      0,
    ),
    ratioRow(
      '  start with / without, time of the processor',
      taken.withIt.map(({ busy }) => busy),
      taken.without.map(({ busy }) => busy),
    ),
  ];
}

/** What `npm install` of the packed package brings. */
function install(): Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'vg-auth-install-'));
  const npm = (...args: string[]): string =>
    execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [packed] = JSON.parse(npm('pack', PROJECT, '--json', '--ignore-scripts')) as {
      filename: string;
      size: number;
      unpackedSize: number;
    }[];
    if (!packed) throw new Error('nothing was packed');
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    npm('install', join(folder, packed.filename), '--no-audit', '--no-fund', '--ignore-scripts');
    const { packages, bytes } = weigh(join(folder, 'node_modules'));
    return [
      { what: 'an install: the package itself, packed', figure: `${(packed.size / 1024).toFixed(0)} KiB` },
      { what: '  unpacked, with all that it needs', figure: `${(bytes / 2 ** 20).toFixed(1)} MiB` },
      { what: '  packages', figure: String(packages) },
    ];
  } catch (failure) {
    return [{ what: 'an install', figure: 'not measured', spread: String(failure).split('\n', 1)[0] ?? '' }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All packages below a node_modules folder, and the bytes of their files. */
function weigh(modules: string): { packages: number; bytes: number } {
  let packages = 0;
  let bytes = 0;
  const walk = (folder: string, isModules: boolean): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) {
        if (entry.isFile()) bytes += statSync(path).size;
        continue;
      }
      const isScope = isModules && entry.name.startsWith('@');
      if (isModules && !isScope && existsSync(join(path, 'package.json'))) packages += 1;
      walk(path, isScope || entry.name === 'node_modules');
    }
  };
  walk(modules, true);
  return { packages, bytes };
}

export const startUp: Measurement = {
  name: 'start',
  async run(rounds): Promise<Row[]> {
    return [...addedToStart(rounds), ...install()];
  },
};
