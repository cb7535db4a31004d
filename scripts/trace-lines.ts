/**
 * `npm run docs:lines`: updates the lines of the functions in the trace of docs/architecture.md. A test fails if they are wrong.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './project.ts';
import { withLines } from './trace.ts';

const path = join(PROJECT, 'docs/architecture.md');
writeFileSync(
  path,
  withLines(readFileSync(path, 'utf8'), (file) => readFileSync(join(PROJECT, 'src', file), 'utf8')),
);
