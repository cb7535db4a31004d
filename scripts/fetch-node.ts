import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './node-red.ts';

/**
 * A Node.js from npm, outside `node_modules` and without bin links: with them, every npm script would run on it.
 *
 * @returns the path of its binary
 */
export function fetchNode(major: number): string {
  const folder = join(PROJECT, '.cache', `node${major}`);
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const node = join(folder, 'node_modules', `node-${platform}`, 'bin', binary);
  if (existsSync(node)) return node;
  const args = [
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--no-bin-links',
    '--no-audit',
    '--no-fund',
    `node-${platform}@${major}`,
  ];
  const { status } = spawnSync('npm', args, { cwd: PROJECT, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0 || !existsSync(node)) {
    console.error(`Node.js ${major} could not be fetched, so the tests that need it did not run.`);
    process.exit(1);
  }
  return node;
}
