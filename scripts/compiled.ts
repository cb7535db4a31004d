import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './project.ts';

/**
 * Whether the compiled code is there, and newer than the sources and the options of the compiler. The compiler writes all
 * files again: a Node-RED that starts meanwhile would read an incomplete one.
 */
export function isCompiled(): boolean {
  const options = timeOf('tsconfig.json');
  const sources = ['src', 'nodes'].flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  return sources
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .every((file) => timeOf(file.replace(/\.ts$/, '.js')) >= Math.max(timeOf(file), options));
}

/** When a file of the project was written, in ms since 1970; -1 if there is none. */
function timeOf(file: string): number {
  return statSync(join(PROJECT, file), { throwIfNoEntry: false })?.mtimeMs ?? -1;
}
