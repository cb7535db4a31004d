import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomId } from '../../../src/core/clock.ts';

/** The settings of Node-RED's `localfilesystem` with the place of its files. */
export interface FolderConfig {
  dir?: unknown;
  base?: unknown;
}

/** The folder of a context store of the module `localfilesystem`; undefined if settings.js does not set it. */
export function contextFolder(settings: object, { dir, base }: FolderConfig = {}): string | undefined {
  const { userDir } = settings as { userDir?: unknown };
  const parent = typeof dir === 'string' && dir !== '' ? dir : userDir;
  return typeof parent === 'string'
    ? join(parent, typeof base === 'string' && base !== '' ? base : 'context')
    : undefined;
}

/**
 * Writes a file into a folder and removes it. A context store with a cache reports no error of its disk: it only logs it.
 *
 * @throws Error of the file system, with its `code`
 */
export async function tryFolder(folder: string): Promise<void> {
  const file = join(folder, `.vg-auth-${randomId()}`);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(file, 'vg-auth', { mode: 0o600 });
  } finally {
    await rm(file, { force: true });
  }
}
