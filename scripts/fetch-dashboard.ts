import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installApart } from './install-apart.ts';
import { PROJECT } from './project.ts';

export const DASHBOARD = '@flowfuse/node-red-dashboard';
/** The release that the recipe in docs/dashboard.md is tested with. This is the only place that names it. */
const VERSION = '1.31.0';

/**
 * Installs Dashboard 2 from npm, outside `node_modules`. It is no devDependency, because one test needs it, and it would
 * bring 180 packages and 135 MB to every `npm ci`.
 *
 * @returns the folder of the package
 * @throws Error if it could not be fetched
 */
export function fetchDashboard(): string {
  const folder = join(PROJECT, '.cache', 'dashboard', 'node_modules', DASHBOARD);
  const manifest = join(folder, 'package.json');
  const isThere = (): boolean => existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === VERSION;
  if (!isThere()) installApart('dashboard', `${DASHBOARD}@${VERSION}`);
  if (!isThere()) throw new Error(`${DASHBOARD} ${VERSION} could not be fetched from npm, which its test needs.`);
  return folder;
}
