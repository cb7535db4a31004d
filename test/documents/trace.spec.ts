import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { withLines } from '../../scripts/trace.ts';

const text = readFileSync(join(PROJECT, 'docs/architecture.md'), 'utf8');

describe('the trace of a sign-in in docs/architecture.md', () => {
  it('names the lines on which its functions are defined (npm run docs:lines)', () => {
    assert.ok((text.match(/`[\w/-]+\.ts:\d+` `/g) ?? []).length > 20);
    assert.equal(
      withLines(text, (file) => readFileSync(join(PROJECT, 'src', file), 'utf8')),
      text,
    );
  });

  it('finds a function that is defined over several lines, and none that is only called', () => {
    const content = 'await run(\n  1,\n);\nexport async function run(\n  value: number,\n) {}\n';
    assert.equal(
      withLines('`a.ts:1` `run`', () => content),
      '`a.ts:4` `run`',
    );
    assert.throws(() => withLines('`a.ts:1` `run`', () => 'this.run(1);\nrun(1);\n'), /a\.ts does not define run/);
  });
});
