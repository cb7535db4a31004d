/**
 * `npm run soak [-- MINUTES]`: mixed traffic and deploys with short-lived tokens, in a Node-RED of its own. The default
 * is 10 minutes.
 *
 * It fails if something grows: after a warm-up of a fifth of the time, the median heap of the last third may be at most
 * 5 % and 2 MiB above that of the first third; and when the traffic has ended, there may be no more open sockets and
 * timers than before it began.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkProject, NodeRed } from '../test/support/node-red.ts';
import { spreadOf } from './bench/measure.ts';
import { idleFlow, SESSION_BOUND, type Traffic, trafficFlow } from './soak/flow.ts';
import { ShortLives } from './soak/short-lives.ts';
import type { NodeRedVersion } from './versions.ts';

/** The report of a Node-RED about its process. */
interface Sample {
  heap: number;
  rss: number;
  sockets: number;
  timers: number;
  traffic: Traffic;
}

const MIB = 2 ** 20;
/** The time between two deploys, in ms. */
const DEPLOY_PAUSE = 2_000;
const DEPLOYS = ['full', 'nodes', 'flows'] as const;
/** The longest time that either side keeps a connection open, in ms. A broken connection is kept a little longer. */
const CALM = 20_000;

const minutes = Number(process.argv[2] ?? 10);
if (!(minutes > 0)) {
  console.error('How many minutes? npm run soak -- 2');
  process.exit(1);
}

const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-soak-'));
linkProject(userDir);
const server = await ShortLives.start();
const nodeRed = await NodeRed.start({
  version: (process.env.NODE_RED ?? 'node-red') as NodeRedVersion,
  userDir,
  settings: { vgAuthMaxSessions: SESSION_BOUND },
});
const faults: string[] = [];
nodeRed.exited.then((code) => {
  if (!isOver) console.error(`Node-RED ended with ${code}:\n${nodeRed.log.slice(-3_000)}`);
  if (!isOver) process.exit(1);
});
let isOver = false;

// First some traffic, so that objects that are made only once exist before the first measurement.
await nodeRed.deploy(trafficFlow(server.origin, 0));
await pause(5_000);
const before = await calm();
tell('before', before);

const begun = Date.now();
const end = begun + minutes * 60_000;
const samples: Sample[] = [];
let deploys = 0;
while (Date.now() < end) {
  await nodeRed.deploy(trafficFlow(server.origin, deploys), DEPLOYS[deploys % DEPLOYS.length]);
  deploys += 1;
  await pause(DEPLOY_PAUSE);
  const sample = await measure();
  if (Date.now() - begun > minutes * 12_000) samples.push(sample);
  if (deploys % 15 === 1) tell(`${Math.round((Date.now() - begun) / 1000)} s`, sample);
}
const busy = await measure();
tell('busy', busy);
const after = await calm();
tell('after', after);

const third = Math.ceil(samples.length / 3);
const heapOf = (some: Sample[]): number => spreadOf(some.map(({ heap }) => heap)).median;
const first = heapOf(samples.slice(0, third));
const last = heapOf(samples.slice(-third));
console.log(`\n${deploys} deploys; ${JSON.stringify(after.traffic)}`);
console.log(`heap under traffic: ${mib(first)} in the first third, ${mib(last)} in the last`);
console.log(`token requests: ${server.requests}`);
if (last > first * 1.05 + 2 * MIB) faults.push('the heap grows');
if (after.sockets > before.sockets) faults.push(`${after.sockets - before.sockets} sockets are left open`);
if (after.timers > before.timers) faults.push(`${after.timers - before.timers} timers are left`);
for (const [kind, count] of Object.entries(after.traffic)) if (!(count > 0)) faults.push(`there was no ${kind}`);
if (/UnhandledPromise|Uncaught|TypeError|ReferenceError/.test(nodeRed.log))
  faults.push(`the log reports a defect:\n${nodeRed.log.slice(-3_000)}`);
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? 'nothing grows' : 'FAILED');

isOver = true;
await nodeRed.stop();
server.stop();
rmSync(userDir, { recursive: true, force: true });
process.exit(faults.length > 0 ? 1 : 0);

/** Ends the traffic, and measures the rest after everything had time to end. */
async function calm(): Promise<Sample> {
  await nodeRed.deploy(idleFlow());
  const until = Date.now() + CALM;
  let least = await measure();
  while (Date.now() < until) {
    await pause(2_000);
    const now = await measure();
    if (now.sockets + now.timers <= least.sockets + least.timers) least = now;
  }
  return least;
}

/** Uses a connection that is not kept, so that each measurement counts the same sockets. */
async function measure(): Promise<Sample> {
  const response = await fetch(`${nodeRed.url}soak/measure`, { headers: { connection: 'close' } });
  return (await response.json()) as Sample;
}

function tell(when: string, { heap, rss, sockets, timers }: Sample): void {
  console.log(`${when.padStart(8)}: heap ${mib(heap)}, process ${mib(rss)}, ${sockets} sockets, ${timers} timers`);
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
