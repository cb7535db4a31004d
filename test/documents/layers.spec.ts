import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { findLayerFaults, readImports, readLayers } from '../support/layers.ts';

const layers = readLayers(readFileSync(join(PROJECT, 'docs/architecture.md'), 'utf8'));

describe('the layers of docs/architecture.md', () => {
  it('match the imports of the code, over any number of files', () => {
    const files = sourceFiles();
    const imports = new Map(files.map((path) => [path, readImports(path, readFileSync(join(PROJECT, path), 'utf8'))]));
    assert.ok(files.length > 80);
    for (const [path, found] of imports) for (const each of found) assert.ok(imports.has(each), `${path}: ${each}`);
    assert.deepEqual(findLayerFaults(imports, layers), []);
  });

  it('name every folder of src, which has at most two files of its own', () => {
    const entries = readdirSync(join(PROJECT, 'src'), { withFileTypes: true });
    // A folder that an older version left behind has compiled files only.
    const inFolders = sourceFiles().filter((path) => path.startsWith('src/') && path.split('/').length > 2);
    const folders = new Set(inFolders.map((path) => path.split('/').slice(0, 2).join('/')));
    const named = layers.flat().filter((each) => each.startsWith('src/') && !each.endsWith('.ts'));
    assert.deepEqual(named.sort(), [...folders].sort());
    const loose = entries.filter(({ name }) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
    assert.ok(loose.length <= 2, loose.map(({ name }) => name).join(' '));
  });

  it('keep the lowest layer free of imports from the rest of the project', () => {
    const lowest = layers.at(-1)?.[0] ?? '';
    for (const path of sourceFiles().filter((each) => each.startsWith(`${lowest}/`)))
      for (const each of readImports(path, readFileSync(join(PROJECT, path), 'utf8')))
        assert.ok(each.startsWith(`${lowest}/`), `${path}: ${each}`);
  });
});

describe('the check of layers', () => {
  const table = [['top'], ['left', 'right'], ['low']];

  it('shows the whole chain of an import of an upper layer', () => {
    const imports = new Map([
      ['low/a.ts', ['low/b.ts']],
      ['low/b.ts', ['low/c.ts']],
      ['low/c.ts', ['top/d.ts']],
      ['top/d.ts', []],
    ]);
    assert.ok(findLayerFaults(imports, table).includes('low/a.ts → low/b.ts → low/c.ts → top/d.ts'));
  });

  it('finds an import of a neighbor in the same row, and a file that is in no layer', () => {
    const imports = new Map([
      ['left/a.ts', ['right/b.ts']],
      ['right/b.ts', ['low/c.ts']],
      ['low/c.ts', []],
      ['elsewhere.ts', []],
    ]);
    assert.deepEqual(findLayerFaults(imports, table), ['left/a.ts → right/b.ts', 'elsewhere.ts is in no layer']);
  });

  it('reads type imports, value imports and dynamic imports', () => {
    const source = "import type { A } from '../low/a.ts';\nimport '../low/b.ts';\nconst c = await import('./c.ts');\n";
    assert.deepEqual(readImports('left/x.ts', source), ['low/a.ts', 'low/b.ts', 'left/c.ts']);
  });
});

/** All TypeScript sources of the package, by their path from the project folder. */
function sourceFiles(): string[] {
  const found = ['src', 'nodes'].flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  );
  return found.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts')).sort();
}
