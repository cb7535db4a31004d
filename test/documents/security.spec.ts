import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/node-red.ts';

const page = readFileSync(join(PROJECT, 'SECURITY.md'), 'utf8');
const rows = page.split('\n').filter((line) => /^\| (?!promise|---)/.test(line) && !/^\|-/.test(line));

describe('SECURITY.md', () => {
  it('names a test for each promise', () => {
    assert.ok(rows.length > 20);
    for (const row of rows) assert.match(row, /`test\/[\w-]+\/[\w-]+\.spec\.ts`/, row);
  });

  it('names tests that there are, by their titles', () => {
    for (const [, file = '', title] of page.matchAll(/`(test\/[\w/-]+\.spec\.ts)`(?: "([^"]+)")?/g)) {
      assert.ok(existsSync(join(PROJECT, file)), file);
      if (title) assert.ok(readFileSync(join(PROJECT, file), 'utf8').includes(title), `${file}: ${title}`);
    }
  });
});
