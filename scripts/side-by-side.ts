import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT } from './project.ts';

/** Where Node.js 22 and later keep what they compiled: most of the time that a Node-RED needs to start is compiling. */
const COMPILED = join(PROJECT, '.cache', 'compiled');

/** For one program, in minutes. The longest needs less than half of it, also on a busy machine. */
const MINUTES = 40;

/** In ms: how long a program may take to end after a signal, and its output to end after the program. */
const TO_END = 10_000;

/** A program to run in the project's folder. */
export interface Job {
  /** Its name in the report of failures. */
  name: string;
  command: string;
  args: string[];
  /** Variables in addition to those of this process. */
  environment?: Record<string, string>;
}

/** The programs that run, with what they have printed. Each leads a process group, except on Windows. */
const running = new Map<ChildProcess, { name: string; output: Buffer[] }>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // Not SIGKILL: one of them may be a script like this one, which has to stop others.
    for (const child of running.keys()) send(child, 'SIGTERM');
    for (const { name, output } of running.values()) show(`${name}, until ${signal}`, Buffer.concat(output));
    setTimeout(() => process.exit(1), 1_000);
  });
}
process.once('exit', () => {
  for (const child of running.keys()) send(child, 'SIGKILL');
});

/** Sends a signal to a program and to those that it has started. */
function send({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid) process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // All of them have ended.
  }
}

/** How a program ended. */
interface Ended {
  hasFailed: boolean;
  /** What it printed; empty if that has been shown already. */
  output: Buffer;
}

/**
 * Runs programs side by side. The output of each appears when it has finished, so that outputs do not mix, and that of
 * programs that failed at the end, because only the end of a long log may be at hand. The output of a single program
 * appears at once. A program that takes too long hangs: it is stopped and has failed.
 *
 * @param limit how many run at the same time
 * @param minutes how long each may take
 * @returns the exit code for this process: 1 if a program failed, else 0
 */
export async function runSideBySide(jobs: readonly Job[], limit = 2, minutes = MINUTES): Promise<number> {
  const waiting = [...jobs];
  const failed: { name: string; output: Buffer }[] = [];
  const runUntilNoneIsLeft = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const { hasFailed, output } = await run(job, minutes, jobs.length === 1);
      if (hasFailed) failed.push({ name: job.name, output });
      else show(job.name, output);
    }
  };
  await Promise.all(Array.from({ length: limit }, runUntilNoneIsLeft));
  for (const { name, output } of failed) show(name, output);
  if (failed.length > 0) console.error(`\nfailed: ${failed.map(({ name }) => name).join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

function show(name: string, output: Buffer): void {
  if (output.length === 0) return;
  console.log(`\n=== ${name}`);
  process.stdout.write(output);
}

function run({ name, command, args, environment }: Job, minutes: number, isAlone: boolean): Promise<Ended> {
  const child = spawn(command, args, {
    cwd: PROJECT,
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env, ...environment },
    detached: process.platform !== 'win32',
    stdio: ['ignore', isAlone ? 'inherit' : 'pipe', isAlone ? 'inherit' : 'pipe'],
  });
  const output: Buffer[] = [];
  running.set(child, { name, output });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((done, failed) => {
    let hangs = false;
    const overtime = setTimeout(() => {
      hangs = true;
      output.push(Buffer.from(`\n${name} did not end within ${minutes} minutes.\n`));
      send(child, 'SIGINT');
      setTimeout(() => send(child, 'SIGKILL'), TO_END).unref();
    }, minutes * 60_000);
    child.once('error', (error) => failed(new Error(`${name}: ${error.message}`)));
    child.once('exit', () => {
      clearTimeout(overtime);
      // A process that it left running keeps its output open.
      setTimeout(() => {
        if (!running.has(child)) return;
        send(child, 'SIGKILL');
        for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      }, TO_END).unref();
    });
    child.once('close', (code) => {
      running.delete(child);
      done({ hasFailed: hangs || code !== 0, output: Buffer.concat(output) });
    });
  });
}
