/**
 * `npm run soak:year [-- MONTHS]`: a year in minutes, with the clock passed in. Three processes share a session store. Each
 * gets a message every 10 s for a VGS account, and one for the stored user of a Visual Guard server. Tokens are valid for
 * 300 s. Each month the client secrets are rotated, and the processes are restarted one after the other. There are three
 * outages of the identity servers.
 *
 * It fails if a message has no outcome, or a wrong one; if a token request is sent that policy does not
 * allow (`identity-server.ts`); or if the heap, after a collection, is larger at the end than 1.1 times that of the second
 * month.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryStore } from '../test/support/memory-store.ts';
import { IdentityServer, type Outage } from './year/identity-server.ts';
import { type MessageResult, Replica } from './year/replica.ts';
import { settled, YearClock } from './year/year-clock.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH = (365 / 12) * DAY;
const REPLICAS = 3;
/** Each process gets one message for each system in this time. */
const PACE = 10 * SECOND;
/** After an outage a process may wait this long in its back-off. */
const RECOVERY = 30 * SECOND;
const MOST_GROWTH = 1.1;

interface Event {
  at: number;
  run: () => void;
}

const months = Number(process.argv[2] ?? 12);
if (!(months >= 3 && months <= 12)) {
  console.error('How many months, from 3 to 12? npm run soak:year -- 3');
  process.exit(1);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const clock = new YearClock();
const shared = { memory: new MemoryStore(clock) };
const vault = { secret: 'secret-1' };
const servers = {
  vgs: new IdentityServer('VGS', clock, vault.secret),
  vg: new IdentityServer('VG', clock, vault.secret),
};
let started = 0;
const replicas: (Replica | undefined)[] = Array.from({ length: REPLICAS }, start);
const messages = { sent: 0, token: 0, refused: 0, needed: 0, failed: 0, waiting: 0 };
const faults: string[] = [];
/** Until then a message may fail. */
let excusedUntil = 0;
let restarts = 0;
let rotations = 0;

const heaps: number[] = [];
const begun = performance.now();
for (let month = 1; month <= months; month += 1) {
  await pass(MONTH, eventsOf(month));
  for (const replica of replicas) replica?.tidy();
  await settled();
  collect();
  collect();
  const heap = process.memoryUsage().heapUsed;
  heaps.push(heap);
  const { vgs, vg } = servers;
  console.log(
    `month ${String(month).padStart(2)}: heap ${(heap / 2 ** 20).toFixed(2)} MiB, ${vgs.counts.granted} VGS tokens, ${vg.counts.granted} Visual Guard tokens, ${messages.sent} messages, ${allFaults().length} faults`,
  );
}
await clock.pass(5 * MINUTE);
await settled();

const growth = (heaps.at(-1) ?? 0) / (heaps[1] ?? 1);
console.log(`\n${months} months in ${((performance.now() - begun) / 60_000).toFixed(1)} min`);
console.log(`messages: ${JSON.stringify(messages)}`);
for (const [name, { counts }] of Object.entries(servers)) console.log(`${name}: ${JSON.stringify(counts)}`);
console.log(`${rotations} rotations, ${restarts} restarts of a process`);
console.log(`heap of the last month / of the second one: ${growth.toFixed(3)}`);
const outcomes = messages.token + messages.refused + messages.needed + messages.failed;
if (outcomes !== messages.sent || messages.waiting !== 0)
  faults.push(`${messages.sent} messages had ${outcomes} outcomes, and ${messages.waiting} still wait`);
if (messages.refused + messages.needed > 0) faults.push('a message was refused, or wants a human');
if (growth > MOST_GROWTH) faults.push('the heap grows');
const all = allFaults();
for (const fault of all.slice(0, 20)) console.error(fault);
if (all.length > 20) console.error(`and ${all.length - 20} more`);
console.log(all.length === 0 ? 'each message had one outcome, and nothing grows' : 'FAILED');
process.exit(all.length > 0 ? 1 : 0);

/** The faults: wrong outcomes, and requests that policy does not allow. */
function allFaults(): string[] {
  return [...faults, ...servers.vgs.violations, ...servers.vg.violations];
}

function start(): Replica {
  started += 1;
  return new Replica(`${started}`, clock, shared, servers, vault);
}

/** The events of a month, by the time since it began. */
function eventsOf(month: number): Event[] {
  const events: Event[] = [
    // The new secret is in the vault before the old one is deleted.
    { at: 5 * DAY, run: () => rotate(`secret-${month + 1}`) },
    { at: 5 * DAY + HOUR, run: () => deleteOldSecrets() },
  ];
  for (let index = 0; index < REPLICAS; index += 1) {
    const at = 12 * DAY + index * 10 * MINUTE;
    events.push({ at, run: () => stop(index) }, { at: at + MINUTE, run: () => restart(index) });
  }
  const [outage, length] = ({ 3: ['busy', HOUR], 7: ['silent', 10 * MINUTE], 10: ['unreachable', 6 * HOUR] } as const)[
    month as 3 | 7 | 10
  ] ?? [undefined, 0];
  if (outage) {
    events.push({ at: 20 * DAY, run: () => setOutage(outage, length) });
    events.push({ at: 20 * DAY + length, run: () => setOutage(undefined, 0) });
  }
  return events.sort((a, b) => a.at - b.at);
}

function rotate(secret: string): void {
  rotations += 1;
  vault.secret = secret;
  for (const server of Object.values(servers)) server.secrets.add(secret);
}

function deleteOldSecrets(): void {
  for (const server of Object.values(servers)) server.secrets = new Set([vault.secret]);
}

function setOutage(outage: Outage | undefined, length: number): void {
  for (const server of Object.values(servers)) server.outage = outage;
  if (outage) excusedUntil = clock.now() + length + RECOVERY;
}

function stop(index: number): void {
  replicas[index]?.stop();
  replicas[index] = undefined;
}

function restart(index: number): void {
  restarts += 1;
  replicas[index] = start();
}

/** Lets time pass, with messages and events. */
async function pass(ms: number, events: Event[]): Promise<void> {
  const startedAt = clock.now();
  for (const end = startedAt + ms; clock.now() < end; ) {
    for (let event = events[0]; event && startedAt + event.at <= clock.now(); event = events[0]) {
      events.shift();
      event.run();
    }
    for (const replica of replicas) {
      if (!replica) continue;
      tell(replica.vgsMessage());
      tell(replica.vgMessage());
    }
    // A message with a valid token may have begun a renewal in the background.
    await settled();
    await clock.pass(PACE);
  }
}

/** Counts a message, now or when it has its result. */
function tell(result: MessageResult | Promise<MessageResult>): void {
  messages.sent += 1;
  if (typeof result === 'string') {
    count(result);
    return;
  }
  messages.waiting += 1;
  void result.then((late) => {
    messages.waiting -= 1;
    count(late);
  });
}

function count(result: MessageResult): void {
  messages[result] += 1;
  if (result !== 'token' && clock.now() > excusedUntil)
    faults.push(`${new Date(clock.now()).toISOString()}: a message was ${result}`);
}
