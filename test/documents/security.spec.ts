import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { readPage, sectionOf } from '../support/pages.ts';

const page = sectionOf(readPage('docs/security.md'), '## What is promised');
const rows = page.split('\n').filter((line) => /^\| (?!promise|---)/.test(line) && !/^\|-/.test(line));

describe('docs/security.md', () => {
  it('names a test for each promise', () => {
    assert.ok(rows.length > 20);
    for (const row of rows) assert.match(row, /`test\/[\w-]+\/[\w-]+\.spec\.ts`/, row);
  });

  it('names tests that exist, by their titles', () => {
    for (const [, file = '', title] of page.matchAll(/`(test\/[\w/-]+\.spec\.ts)`(?: "([^"]+)")?/g)) {
      assert.ok(existsSync(join(PROJECT, file)), file);
      if (title) assert.ok(readFileSync(join(PROJECT, file), 'utf8').includes(title), `${file}: ${title}`);
    }
  });
});
