import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT } from './project.ts';

/** Where Node.js 22 and later keep what they compiled: most of the time that a Node-RED needs to start is compiling. */
const COMPILED = join(PROJECT, '.cache', 'compiled');

/** A program to run in the project's folder. */
export interface Job {
  /** Its name in the report of failures. */
  name: string;
  command: string;
  args: string[];
  /** Variables in addition to those of this process. */
  environment?: Record<string, string>;
}

/** How a program ended. */
interface Ended {
  /** null if a signal ended the program */
  code: number | null;
  /** What it printed; empty if that has been shown already. */
  output: Buffer;
}

/**
 * Runs programs side by side. The output of each appears when it has finished, so that outputs do not mix, and that of
 * programs that failed at the end, because only the end of a long log may be at hand. The output of a single program
 * appears at once.
 *
 * @param limit how many run at the same time
 * @returns the exit code for this process: 1 if a program failed, else 0
 */
export async function runSideBySide(jobs: readonly Job[], limit = 2): Promise<number> {
  const waiting = [...jobs];
  const failed: { name: string; output: Buffer }[] = [];
  const runUntilNoneIsLeft = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const { code, output } = await run(job, jobs.length === 1);
      if (code === 0) show(job.name, output);
      else failed.push({ name: job.name, output });
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

function run({ name, command, args, environment }: Job, isAlone: boolean): Promise<Ended> {
  const child = spawn(command, args, {
    cwd: PROJECT,
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env, ...environment },
    stdio: ['ignore', isAlone ? 'inherit' : 'pipe', isAlone ? 'inherit' : 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((done, failed) => {
    child.once('error', (error) => failed(new Error(`${name}: ${error.message}`)));
    child.once('close', (code) => done({ code, output: Buffer.concat(output) }));
  });
}
