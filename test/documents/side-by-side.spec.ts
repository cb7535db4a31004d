import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT } from '../../scripts/project.ts';
import { until } from '../support/until.ts';

const SCRIPT = pathToFileURL(join(PROJECT, 'scripts/side-by-side.ts')).href;

/** Runs each program for at most `minutes`, in a process of its own. @returns the process, and what it has printed so far */
function start(programs: Record<string, string>, minutes: number) {
  const jobs = Object.entries(programs).map(([name, code]) => ({
    name,
    command: process.execPath,
    args: ['-e', code],
  }));
  const source = `
    import { runSideBySide } from ${JSON.stringify(SCRIPT)};
    process.exitCode = await runSideBySide(${JSON.stringify(jobs)}, 3, ${minutes});`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], { cwd: PROJECT });
  const told = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      told.text += chunk;
    });
  return { child, told };
}

const HANGS = 'setInterval(() => {}, 1_000_000)';

describe('programs side by side', () => {
  it('are shown when they have ended, those that failed at the end', async () => {
    const { child, told } = start(
      { bad: 'console.log("of bad"); process.exit(3)', good: 'console.log("of good")' },
      40,
    );
    assert.deepEqual(await once(child, 'close'), [1, null]);
    assert.match(told.text, /=== good\nof good\n.*=== bad\nof bad\n.*failed: bad/s);
  });

  it('are stopped, and have failed, if they take too long', async () => {
    const { child, told } = start({ hangs: `console.log("of hangs"); ${HANGS}`, good: '' }, 0.05);
    assert.deepEqual(await once(child, 'close'), [1, null]);
    assert.match(told.text, /=== hangs\n(of hangs\n)?\nhangs did not end within 0.05 minutes/);
  });

  it('are stopped if the script is stopped', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'vg-auth-side-by-side-'));
    const file = join(dir, 'pid');
    const tells = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); ${HANGS}`;
    const { child } = start({ tells, other: HANGS }, 40);
    const ended = once(child, 'close');
    const pid = (): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
    await until(() => pid() > 0);
    assert.ok(isRunning(pid()));
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [1, null]);
    await until(() => !isRunning(pid()));
    rmSync(dir, { recursive: true });
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
