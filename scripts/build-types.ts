/**
 * Writes the types of the library next to their sources: `src/index.d.ts` and the files that it imports.
 * The imports end in `.js`, as in the code: tsc would leave `.ts`, and no such file is published. The comments stay here,
 * because an editor shows them; the code is published without comments.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { PROJECT } from './project.ts';

const out = mkdtempSync(join(tmpdir(), 'vg-auth-types-'));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
try {
  execFileSync(
    process.execPath,
    [tsc, '--declaration', '--emitDeclarationOnly', '--removeComments', 'false', '--outDir', out, '--rootDir', PROJECT],
    { cwd: PROJECT, stdio: 'inherit' },
  );
  const needed = new Set<string>();
  const follow = (file: string): void => {
    if (needed.has(file)) return;
    needed.add(file);
    const text = readFileSync(file, 'utf8').replace(/(from ')(\.[^']+)\.ts(')/g, (_, from, path, end) => {
      follow(join(dirname(file), `${path}.d.ts`));
      return `${from}${path}.js${end}`;
    });
    writeFileSync(join(PROJECT, relative(out, file)), text);
  };
  follow(join(out, 'src/index.d.ts'));
} finally {
  rmSync(out, { recursive: true, force: true });
}
