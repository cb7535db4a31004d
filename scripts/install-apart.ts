import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT } from './project.ts';

/**
 * Installs a package from npm into `.cache`, outside `node_modules`: without bin links, because a `node` among them would
 * run every npm script, and without install scripts.
 *
 * @param folder the name of its folder in `.cache`
 * @param spec name and version. If npm fails, the package is not there: the caller looks for it
 */
export function installApart(folder: string, spec: string): void {
  const prefix = join(PROJECT, '.cache', folder);
  const flags = ['--no-save', '--no-bin-links', '--ignore-scripts', '--no-audit', '--no-fund'];
  const args = ['install', '--prefix', prefix, ...flags, spec];
  // A registry that does not answer must not hold up the tests for long.
  spawnSync('npm', args, { cwd: PROJECT, stdio: 'inherit', shell: process.platform === 'win32', timeout: 600_000 });
}
