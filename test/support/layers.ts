import { posix } from 'node:path';

/** The folders of one row of the table: none of them may import from another one of the same row. */
type Row = readonly string[];

/** The imports of each file, by its path from the project folder. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/**
 * The table of layers in a document: the code block that is marked `layers`, one row a line, the top layer first.
 * A row is a list of folders or files, separated by spaces. Text after two spaces is a comment.
 */
export function readLayers(document: string): Row[] {
  const block = /^```layers\n([\s\S]*?)^```$/m.exec(document)?.[1] ?? '';
  return block
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => (line.split(/ {2,}/)[0] ?? '').split(' '));
}

/** The relative imports of a TypeScript source, imports of types included. */
export function readImports(path: string, source: string): string[] {
  const found = source.matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|^import\s+)['"](\.{1,2}\/[^'"]+)['"]/gm);
  return [...found].map(([, specifier = '']) => posix.join(posix.dirname(path), specifier));
}

/** The place of a file in the table: the row, and the entry with the longest path that matches. */
function placeOf(path: string, layers: readonly Row[]): { row: number; folder: string } | undefined {
  let best: { row: number; folder: string } | undefined;
  layers.forEach((row, index) => {
    for (const folder of row) {
      const fits = path === folder || path.startsWith(`${folder}/`);
      if (fits && (!best || folder.length > best.folder.length)) best = { row: index, folder };
    }
  });
  return best;
}

/**
 * Follows all imports, over any number of files, and finds those of an upper layer or of a neighbor.
 *
 * @returns for each fault the whole chain of files, as `a → b → c`; a file without a layer is a fault of its own
 */
export function findLayerFaults(imports: Imports, layers: readonly Row[]): string[] {
  const faults = new Set<string>();
  for (const start of imports.keys()) {
    const place = placeOf(start, layers);
    if (!place) {
      faults.add(`${start} is in no layer`);
      continue;
    }
    const chain = chainToForbidden(start, imports, (path) => {
      const other = placeOf(path, layers);
      return other !== undefined && other.folder !== place.folder && other.row <= place.row;
    });
    if (chain) faults.add(chain.join(' → '));
  }
  return [...faults];
}

/** The shortest chain of imports from a file to one that it must not reach. */
function chainToForbidden(
  start: string,
  imports: Imports,
  isForbidden: (path: string) => boolean,
): string[] | undefined {
  const queue: string[][] = [[start]];
  const seen = new Set([start]);
  for (let chain = queue.shift(); chain; chain = queue.shift()) {
    for (const next of imports.get(chain.at(-1) ?? '') ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      if (isForbidden(next)) return [...chain, next];
      queue.push([...chain, next]);
    }
  }
  return undefined;
}
