import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, PROJECT } from '../../scripts/node-red.ts';

describe('npm start', () => {
  let userDir: string;
  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-start-'));
  });
  afterEach(() => rmSync(userDir, { recursive: true, force: true }));

  it('shows four journeys that worked, and stops on Ctrl-C', async function () {
    this.timeout(90_000);
    const port = await freePort();
    const run = start(port, userDir);
    await run.said('Ctrl-C stops');
    assert.match(run.output(), new RegExp(`http://127\\.0\\.0\\.1:${port}/`));
    assert.match(run.output(), /1\. Service token: the API knows the caller as "practice"/);
    assert.match(run.output(), /2\. Sign-in with a code: "all" is signed-in/);
    assert.match(run.output(), /3\. Sign-in with a link: "link" is signed-in/);
    assert.match(run.output(), /4\. Stay signed in: the API knows the caller as "practice"/);
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 0);
    assert.doesNotMatch(run.output(), /Error|FAILED/);
  });

  it('says it clearly where the port is taken', async function () {
    this.timeout(30_000);
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    const run = start(port, userDir);
    assert.equal(await run.ended, 1);
    assert.match(run.output(), new RegExp(`Port ${port} is taken`));
    server.close();
  });
});

interface Run {
  child: ReturnType<typeof spawn>;
  output: () => string;
  said: (text: string) => Promise<void>;
  ended: Promise<number | null>;
}

/** What the script `start` of package.json does after the build. */
function start(port: number, userDir: string): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts', userDir], {
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
  return { child, output: () => output, said, ended };
}
