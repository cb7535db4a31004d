import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';

const FOLDER = join(PROJECT, 'examples');

/** A node in a file of `examples/`. */
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

/** @param change the difference from the text of the file */
export function readExample(file: string, change: (text: string) => string = (text) => text): ExampleNode[] {
  return JSON.parse(change(readFileSync(join(FOLDER, file), 'utf8'))) as ExampleNode[];
}

/** The flow of docs/dashboard.md. It is no example, because it needs Dashboard 2. */
export const DASHBOARD_FLOW: readonly ExampleNode[] = JSON.parse(
  readFileSync(join(PROJECT, 'docs/dashboard-flow.json'), 'utf8'),
);

/** Whether the flow has nodes that answer HTTP requests. */
export function answersHttp(nodes: readonly ExampleNode[]): boolean {
  return nodes.some(({ type }) => type === 'http in');
}
