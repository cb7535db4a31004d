/**
 * `npm start [-- USER_DIRECTORY]`: a Node-RED with the example flows. Each journey is tried once in another Node-RED: here
 * it would use up the code that a person's first click needs, because a code is sent only once in 30 s.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { linkProject, NodeRed } from '../test/support/node-red.ts';
import { isCompiled } from './compiled.ts';
import { mergeConfigNodes } from './merge-config-nodes.ts';
import { PROJECT } from './project.ts';
import { tryJourneys } from './try-journeys.ts';
import { runsOn } from './versions.ts';

/** The interval of the check that `npm start` still runs, in ms. */
const LOOK_FOR_PARENT = 500;

const port = Number(process.env.PORT ?? 1880);
const userDir = resolve(process.argv[2] ?? join(PROJECT, '.node-red'));
const version = runsOn('node-red-5', process.version) ? 'node-red-5' : 'node-red';

if (!(await isFree(port))) {
  console.error(`Port ${port} is taken by another program. Choose another one: PORT=1881 npm start`);
  process.exit(1);
}

const end = new AbortController();
process.on('SIGINT', () => end.abort());
process.on('SIGTERM', () => end.abort());
endWithParent();

if (!isCompiled()) await build();
linkProject(userDir);
const isNew = !existsSync(join(userDir, 'flows.json'));
console.log(`Starting Node-RED ${version === 'node-red-5' ? '5' : '4.1'} on Node.js ${process.version} …`);
const nodeRed = await NodeRed.start({
  version,
  userDir,
  port,
  output: process.stdout,
  settings: {
    // Node-RED generates a secret and keeps it, so that it can read the credentials at the next start.
    credentialSecret: undefined,
    // The content of a session store is kept for the next start.
    contextStorage: { default: { module: 'localfilesystem', config: { flushInterval: 0 } } },
  },
}).catch((thrown) => {
  // Ctrl-C in a terminal ends Node-RED, too. Its output is complete by then.
  process.exit(end.signal.aborted ? 0 : failed(thrown));
});
const stop = async (): Promise<never> => process.exit((await nodeRed.stop()) ?? 0);
end.signal.addEventListener('abort', stop);
if (end.signal.aborted) await stop();
nodeRed.exited.then((code) => process.exit(code ?? 1));

if (isNew) await nodeRed.deploy(readExamples());
console.log(`\nNode-RED is at ${nodeRed.url}\n\nThe four journeys, on the built-in practice server:\n`);
for (const [index, line] of (await tryJourneys(version, end.signal)).entries()) console.log(`  ${index + 1}. ${line}`);
console.log('\nOpen the address in a browser and click the inject nodes yourself. Ctrl-C stops.');

function failed(thrown: Error): number {
  console.error(thrown.message.split('\n')[0]);
  return 1;
}

/** Compiles the nodes: Node-RED loads JavaScript. */
async function build(): Promise<void> {
  const tsc = spawn(process.execPath, [join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc')], {
    cwd: PROJECT,
    stdio: 'inherit',
    signal: end.signal,
  });
  const code = await new Promise((done) => tsc.once('exit', done).once('error', () => done(1)));
  if (code !== 0) process.exit(end.signal.aborted ? 0 : 1);
}

/** npm ends its shell, but not the processes of the shell: after a signal to `npm start` the parent process is another one. */
function endWithParent(): void {
  const parent = process.ppid;
  const look = (): void => {
    if (process.ppid !== parent) end.abort();
  };
  setInterval(look, LOOK_FOR_PARENT).unref();
}

/** The nodes of all examples. Equal config nodes are one, so that the lists of config nodes stay short. */
function readExamples(): object[] {
  const folder = join(PROJECT, 'examples');
  const nodes = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as { id: string }[]);
  return mergeConfigNodes(nodes);
}

function isFree(wanted: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(wanted, '127.0.0.1', () => server.close(() => done(true)));
  });
}
