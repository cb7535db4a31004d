import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installApart } from './install-apart.ts';
import { PROJECT } from './project.ts';

/**
 * Installs a Node.js from npm, outside `node_modules`.
 *
 * @returns the path of its binary
 */
export function fetchNode(major: number): string {
  const folder = `node${major}`;
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const node = join(PROJECT, '.cache', folder, 'node_modules', `node-${platform}`, 'bin', binary);
  if (existsSync(node)) return node;
  installApart(folder, `node-${platform}@${major}`);
  if (!existsSync(node)) {
    console.error(`Node.js ${major} could not be fetched, so the tests that need it did not run.`);
    process.exit(1);
  }
  return node;
}
