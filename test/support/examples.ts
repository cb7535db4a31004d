import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/node-red.ts';

const FOLDER = join(PROJECT, 'examples');

/** A node as it is in a file of `examples/`. */
export interface ExampleNode {
  id: string;
  type: string;
  z?: string;
  name?: string;
  wires?: string[][];
  [property: string]: unknown;
}

/** The names of the files, in the order of the editor's menu. */
export const EXAMPLE_FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .sort();

/** @param change what is different from the file, in its text */
export function readExample(file: string, change: (text: string) => string = (text) => text): ExampleNode[] {
  return JSON.parse(change(readFileSync(join(FOLDER, file), 'utf8'))) as ExampleNode[];
}

/** The flow has nodes that answer HTTP requests. */
export function answersHttp(nodes: readonly ExampleNode[]): boolean {
  return nodes.some(({ type }) => type === 'http in');
}
