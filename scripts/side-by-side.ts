import { spawn } from 'node:child_process';
import { PROJECT } from './project.ts';

/** A program to run in the project's folder. */
export interface Job {
  /** Its name in the report of failures. */
  name: string;
  command: string;
  args: string[];
  /** Variables in addition to those of this process. */
  environment?: Record<string, string>;
}

/**
 * Runs programs side by side. The output of each appears when it has finished, so that outputs do not mix; the output
 * of a single program appears at once.
 *
 * @param limit how many run at the same time
 * @returns the exit code for this process: 1 if a program failed, else 0
 */
export async function runSideBySide(jobs: readonly Job[], limit = 2): Promise<number> {
  const waiting = [...jobs];
  const failed: string[] = [];
  const runUntilNoneIsLeft = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift())
      if ((await run(job, jobs.length === 1)) !== 0) failed.push(job.name);
  };
  await Promise.all(Array.from({ length: limit }, runUntilNoneIsLeft));
  if (failed.length > 0) console.error(`\nfailed: ${failed.join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

/** @returns the exit code; null if a signal ended the program */
function run({ name, command, args, environment }: Job, isAlone: boolean): Promise<number | null> {
  const child = spawn(command, args, {
    cwd: PROJECT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', isAlone ? 'inherit' : 'pipe', isAlone ? 'inherit' : 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => {
      if (!isAlone) console.log(`\n=== ${name}`);
      process.stdout.write(Buffer.concat(output));
      done(code);
    });
  });
}
