import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { freePort } from '../support/free-port.ts';
import { type DebugMessage, NodeRed } from '../support/node-red.ts';
import { until } from '../support/until.ts';

/** Each journey: the label of its flow, the debug node at which it ends, and what that shows. */
const JOURNEYS = [
  { flow: 'Service token', ends: 'API answered', shows: /"signed_in_as":"practice"/ },
  {
    flow: 'Sign-in with a code',
    ends: 'Signed in',
    shows: /"state":"signed-in"/,
    again: /^Nothing was sent: a user gets one code/,
  },
  {
    flow: 'Sign-in with a link',
    ends: 'Signed in',
    shows: /"state":"signed-in"/,
    again: /^Nothing was sent: a user gets one link/,
  },
  { flow: 'Stay signed in', ends: 'API answered', shows: /"signed_in_as":"practice"/ },
];

interface FlowNode {
  id: string;
  type: string;
  z?: string;
  y?: number;
  label?: string;
}

describe('npm start', function () {
  this.timeout(240_000);
  let userDir: string;
  let port: number;
  let runs: Run[];
  beforeEach(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-start-'));
    port = await freePort();
    runs = [];
  });
  afterEach(async () => {
    for (const { child } of runs) child.kill('SIGTERM');
    await until(async () => !(await answers(port)), 60_000);
    rmSync(userDir, { recursive: true, force: true });
  });

  it('has journeys whose first click works, and explains why a second one sends nothing; a signal ends Node-RED', async () => {
    const run = start('npm', ['start', '--', userDir]);
    await run.said('Ctrl-C stops');
    assert.match(run.output(), new RegExp(`http://127\\.0\\.0\\.1:${port}/`));
    assert.match(run.output(), /\[info\] Started flows/, 'the log of Node-RED');
    assert.match(run.output(), /1\. Service token: the API knows the caller as "practice"/);
    assert.match(run.output(), /2\. Sign-in with a code: "all" is signed-in/);
    assert.match(run.output(), /3\. Sign-in with a link: "link" is signed-in/);
    assert.match(run.output(), /4\. Stay signed in: the API knows the caller as "practice"/);
    assert.doesNotMatch(run.output(), /Error|FAILED|EBADENGINE/);

    const nodeRed = NodeRed.at(`http://127.0.0.1:${port}/`, run.child);
    const { flows } = (await nodeRed.admin('flows')) as { flows: FlowNode[] };
    const heard: DebugMessage[] = [];
    const stop = await nodeRed.onDebug((message) => heard.push(message));
    for (const { flow, ends, shows, again } of JOURNEYS) {
      const tab = flows.find(({ type, label }) => type === 'tab' && label === flow);
      const injects = flows.filter(({ type, z }) => type === 'inject' && z === tab?.id);
      const [first] = injects.sort((one, two) => (one.y ?? 0) - (two.y ?? 0));
      const click = (): Promise<void> => nodeRed.inject(first?.id ?? '');
      assert.match((await nodeRed.nextDebug(ends, click)).msg, shows, flow);
      if (again) assert.match((await nodeRed.nextDebug('Nothing sent', click)).msg, again);
    }
    assert.deepEqual(
      heard.filter(({ name }) => name === 'Refused' || name === 'Sign-in refused'),
      [],
    );
    stop();

    run.child.kill('SIGTERM');
    await until(async () => !(await answers(port)));
  });

  it('leaves compiled code as it is, which other processes may be loading, and stops on Ctrl-C', async () => {
    const writtenAt = (): number => statSync(join(PROJECT, 'nodes/vg-auth.js')).mtimeMs;
    const before = writtenAt();
    const run = start(process.execPath, ['--import', 'tsx', 'scripts/start.ts', userDir]);
    await run.said('Node-RED is at');
    assert.equal(writtenAt(), before);
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 0);
    assert.equal(await answers(port), false);
  });

  it('reports clearly that the port is in use', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    const run = start('npm', ['start', '--', userDir]);
    assert.equal(await run.ended, 1);
    assert.match(run.output(), new RegExp(`Port ${port} is taken`));
    server.close();
  });

  function start(command: string, parameters: string[]): Run {
    const child = spawn(command, parameters, {
      cwd: PROJECT,
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    const said = (text: string): Promise<void> =>
      new Promise((done, failed) => {
        child.stdout.on('data', () => {
          if (output.includes(text)) done();
        });
        ended.then((code) => failed(new Error(`ended with ${code}:\n${output}`)));
      });
    const collect = (chunk: Buffer): void => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const run = { child, output: () => output, said, ended };
    runs.push(run);
    return run;
  }
});

interface Run {
  child: ChildProcess;
  output: () => string;
  said: (text: string) => Promise<void>;
  ended: Promise<number | null>;
}

/** Whether a program listens on this port. */
function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
