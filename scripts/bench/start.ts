import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkProject } from '../../test/support/node-red.ts';
import { PROJECT } from '../project.ts';
import { requireBuilt } from './built.ts';
import { embeddedSettings, NODE_RED } from './embedded.ts';
import { type Measurement, plainRow, type Row, spreadOf } from './measure.ts';

/** A process that reports its cost until the flows had started. */
const STARTER = `
const RED = require(process.argv[1]);
const server = require('node:http').createServer();
RED.init(server, { ...JSON.parse(process.argv[2]), httpAdminRoot: '/' });
RED.events.once('flows:started', () => {
  const { user, system } = process.cpuUsage();
  const types = RED.nodes.getNodeList().filter(({ module }) => module.includes('vg-auth')).length;
  const memory = process.memoryUsage().rss / 2 ** 20;
  require('node:fs').writeSync(1, JSON.stringify({ busy: (user + system) / 1000, memory, types }));
  process.exit(0);
});
RED.start();
`;

interface Took {
  /** Time of the processor, in ms. */
  busy: number;
  /** Resident memory, in MiB. */
  memory: number;
  types: number;
}

function start(userDir: string): Took {
  const settings = JSON.stringify(embeddedSettings(userDir));
  const args = ['-e', STARTER, requireBuilt.resolve(NODE_RED), settings];
  return JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  ) as Took;
}

/** The package with empty node files: the cost of Node-RED itself for any package of this size. */
function linkEmptyPackage(userDir: string, folder: string): void {
  for (const part of ['package.json', 'nodes', 'resources', 'examples'])
    cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
  const nodes = join(folder, 'nodes');
  for (const file of readdirSync(nodes).filter((name) => name.endsWith('.js')))
    writeFileSync(join(nodes, file), 'export default function () {}\n');
  linkProject(userDir, folder);
}

/** The cost that the package adds to the start of a Node-RED without flows. */
function addedToStart(rounds: number): Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'vg-auth-start-'));
  const [without, empty, withIt] = ['without', 'empty', 'with'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(without);
  linkEmptyPackage(empty, join(folder, 'package'));
  linkProject(withIt);
  // Nothing twice: the difference between two equal starts.
  const candidates = [without, without, empty, withIt];
  const taken: Took[][] = candidates.map(() => []);
  for (let round = -1; round < rounds; round += 1) {
    const order = [...candidates.keys()];
    if (round % 2 !== 0) order.reverse();
    for (const index of order) {
      const took = start(candidates[index] ?? '');
      if (round >= 0) taken[index]?.push(took);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  const [nothing = [], again = [], files = [], ours = []] = taken;
  if (!ours.every(({ types }) => types > 0) || nothing.some(({ types }) => types > 0))
    throw new Error('the package was not loaded as expected');
  const added = (to: Took[], from: Took[], of: (took: Took) => number): number[] =>
    to.map((took, round) => of(took) - of(from[round] as Took));
  const busy = ({ busy: ms }: Took): number => ms;
  const { low, high } = spreadOf(added(again, nothing, busy));
  const code = added(ours, files, busy);
  const memory = added(ours, nothing, ({ memory: mebibytes }) => mebibytes);
  return [
    plainRow('start of Node-RED, time of the processor: without the package', nothing.map(busy), 'ms', 0),
    plainRow('  without it, less the same again', added(again, nothing, busy), 'ms', 0),
    plainRow('  with empty node files, less without the package', added(files, nothing, busy), 'ms', 0),
    {
      ...plainRow('  with the package, less with empty node files', code, 'ms', 0),
      aim: 'no more than two equal starts differ',
      met: spreadOf(code).median <= Math.max(-low, high),
    },
    {
      ...plainRow('  resident memory: with the package, less without', memory, 'MiB', 1),
      aim: 'at most 3',
      met: spreadOf(memory).median <= 3,
    },
  ];
}

/** The packages that `npm install` of the packed package installs. */
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
