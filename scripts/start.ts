/** `npm start [-- USER_DIRECTORY]`: a Node-RED with the example flows, and each journey tried once. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { type DebugMessage, linkProject, NodeRed, PROJECT, runsOn } from './node-red.ts';

/** What `npm start` clicks, and what has to come out. */
const JOURNEYS = [
  { name: 'Service token', click: 'call the API', result: 'the API answered', flow: 'Service token' },
  { name: 'Sign-in with a code', click: 'sign in', result: 'signed in', flow: 'Sign-in with a code' },
  { name: 'Sign-in with a link', click: 'sign in', result: 'signed in', flow: 'Sign-in with a link' },
  { name: 'Stay signed in', click: 'call the API', result: 'the API answered', flow: 'Stay signed in' },
];

interface FlowNode {
  id: string;
  type: string;
  z?: string;
  name?: string;
  label?: string;
}

const port = Number(process.env.PORT ?? 1880);
const userDir = resolve(process.argv[2] ?? join(PROJECT, '.node-red'));
const version = runsOn('node-red-5', process.version) ? 'node-red-5' : 'node-red';

if (!(await isFree(port))) {
  console.error(`Port ${port} is taken by another program. Choose another one: PORT=1881 npm start`);
  process.exit(1);
}

linkProject(userDir);
const isNew = !existsSync(join(userDir, 'flows.json'));
console.log(`Starting Node-RED ${version === 'node-red-5' ? '5' : '4.1'} on Node.js ${process.version} …`);
const nodeRed = await NodeRed.start({
  version,
  userDir,
  port,
  settings: {
    // Node-RED makes one and keeps it, so that credentials can be read again at the next start.
    credentialSecret: undefined,
    // What a session store keeps is there again at the next start.
    contextStorage: { default: { module: 'localfilesystem', config: { flushInterval: 0 } } },
  },
});
const stop = async (): Promise<never> => process.exit((await nodeRed.stop()) ?? 0);
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
nodeRed.exited.then((code) => process.exit(code ?? 1));

if (isNew) await nodeRed.deploy(readExamples());
console.log(`\nNode-RED is at ${nodeRed.url}\n\nThe four journeys, on the built-in practice server:\n`);
const { flows } = (await nodeRed.admin('flows')) as { flows: FlowNode[] };
let failures = 0;
for (const [index, journey] of JOURNEYS.entries()) {
  const line = await run(journey, flows);
  console.log(`  ${index + 1}. ${line}`);
}
if (failures > 0) console.log(`\nTo begin again with the flows as they came, stop, delete ${userDir} and start.`);
console.log('\nOpen the address in a browser and click the inject nodes yourself. Ctrl-C stops.');

async function run(journey: (typeof JOURNEYS)[number], all: FlowNode[]): Promise<string> {
  const tab = all.find(({ type, label }) => type === 'tab' && label === journey.flow);
  const inject = all.find(({ type, z, name }) => type === 'inject' && z === tab?.id && name === journey.click);
  if (!inject) {
    failures += 1;
    return `${journey.name}: not tried, its flow is not there any more`;
  }
  try {
    const said = await nodeRed.nextDebug(journey.result, () => nodeRed.inject(inject.id));
    return `${journey.name}: ${tell(said)}`;
  } catch {
    failures += 1;
    return `${journey.name}: FAILED, nothing came out of "${journey.result}"`;
  }
}

/** One line of what a debug node showed. */
function tell({ msg }: DebugMessage): string {
  const shown = JSON.parse(msg) as { signed_in_as?: string; system?: string; state?: string; user?: string };
  if (shown.signed_in_as) return `the API knows the caller as "${shown.signed_in_as}"`;
  return `"${shown.user}" is ${shown.state}`;
}

function readExamples(): object[] {
  const folder = join(PROJECT, 'examples');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as object[]);
}

function isFree(wanted: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(wanted, '127.0.0.1', () => server.close(() => done(true)));
  });
}
