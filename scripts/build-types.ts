/**
 * Writes the types of the library, beside their sources: `src/index.d.ts` and what it needs, and nothing else.
 * The imports end in `.js`, as in the code beside them: tsc leaves `.ts` there, and no such file is published.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { PROJECT } from './node-red.ts';

const out = mkdtempSync(join(tmpdir(), 'vg-auth-types-'));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
try {
  execFileSync(
    process.execPath,
    [tsc, '--declaration', '--emitDeclarationOnly', '--outDir', out, '--rootDir', PROJECT],
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
