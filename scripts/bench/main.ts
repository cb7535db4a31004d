/** `npm run bench [-- --rounds N] [NAME …]`: the cost of the nodes, as one table. All ratios come from one run. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../project.ts';
import { attachBearer } from './attach-bearer.ts';
import { bareRequest } from './bare-request.ts';
import { requireBuilt } from './built.ts';
import { burst } from './burst.ts';
import { NODE_RED } from './embedded.ts';
import { fleet } from './fleet.ts';
import { hostileReply } from './hostile-reply.ts';
import type { Measurement, Row } from './measure.ts';
import { sessions } from './sessions.ts';
import { signInMemory } from './sign-in-memory.ts';
import { signInStore } from './sign-in-store.ts';
import { signIns } from './sign-ins.ts';
import { startUp } from './start.ts';
import { steady } from './steady.ts';

const ALL: Measurement[] = [
  attachBearer,
  burst,
  steady,
  bareRequest,
  hostileReply,
  sessions,
  signInMemory,
  signInStore,
  signIns,
  fleet,
  startUp,
];

const words = process.argv.slice(2);
const place = words.indexOf('--rounds');
const [, rounds = '30'] = place < 0 ? [] : words.splice(place, 2);
const unknown = words.filter((word) => !ALL.some(({ name }) => name === word));
if (unknown.length > 0 || !(Number(rounds) > 0)) {
  console.error(`What can be measured: ${ALL.map(({ name }) => name).join(', ')}. Rounds: --rounds 30`);
  process.exit(1);
}
if (!global.gc) throw new Error('start it with --expose-gc');

// The measured requests go to loopback, and must not go through a proxy of this machine.
for (const name of Object.keys(process.env)) if (/^(https?|all)_proxy$/i.test(name)) delete process.env[name];

const rows: Row[] = [];
for (const measurement of ALL) {
  if (words.length > 0 && !words.includes(measurement.name)) continue;
  console.error(`measuring: ${measurement.name} …`);
  rows.push(...(await measurement.run(Number(rounds))));
}
print(rows);
// Timers of Node-RED would keep the process alive.
process.exit(rows.some(({ met }) => met === false) ? 1 : 0);

function print(all: readonly Row[]): void {
  const head: Row = { what: 'measured', figure: 'median', spread: 'quartiles', aim: 'aim' };
  const cells = [head, ...all].map(({ what, figure, spread = '', aim = '', met }) => [
    what,
    figure,
    spread,
    met === undefined ? aim : `${aim}: ${met ? 'yes' : 'NO'}`,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  console.log(`\n${lines.join('\n')}\n`);
  const [cpu] = cpus();
  const nodeRed = versionOf(requireBuilt.resolve(`${NODE_RED}/package.json`));
  console.log(
    `Node.js ${process.version}, Node-RED ${nodeRed}, package ${versionOf(join(PROJECT, 'package.json'))}; ` +
      `${cpus().length} × ${cpu?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()[0]?.toFixed(1)}; ` +
      `${new Date().toISOString().slice(0, 10)}`,
  );
}

function versionOf(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
