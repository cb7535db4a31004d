import assert from 'node:assert/strict';
import { FAULTS } from '../../src/core/faults.ts';
import { OWN_REASONS, VISUAL_GUARD_REASONS } from '../../src/core/reasons.ts';
import { cellsOf, readPage, sectionOf } from '../support/pages.ts';

const text = readPage('docs/faults.md');
const codes = new Set<string>(Object.values(FAULTS).map(([code]) => code));
const english = JSON.parse(readPage('nodes/locales/en-US/vg-auth.json'));
/** The texts of the status of a node, with a pattern for each placeholder. */
const STATUSES = ['status', 'reasons', 'codes', 'faults', 'flaws']
  .flatMap((group) => Object.values<string>(english[group]))
  .map((status) => new RegExp(`^${status.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/__\w+__/g, '\\S+')}$`));
/** What is in backquotes like a status, and is none. */
const OTHERS = ['http request', 'attach bearer', 'docker compose up', 'client_assertion_type is missing'];

describe('docs/faults.md', () => {
  it('has every code and every reason', () => {
    const missing = [...codes, ...VISUAL_GUARD_REASONS, ...OWN_REASONS].filter((word) => !text.includes(`\`${word}\``));
    assert.deepEqual(missing, []);
  });

  it('has no other code', () => {
    const written = new Set([...text.matchAll(/AUTH_[A-Z_]+/g)].map(([code]) => code));
    assert.deepEqual([...written].sort(), [...codes].sort());
  });

  it('has rows of the same length in each table, and describes what happens in each', () => {
    for (const table of text.match(/(?:^\|.*\n)+/gm) ?? []) {
      const cells = table.trimEnd().split('\n').map(cellsOf);
      assert.deepEqual([...new Set(cells.map(({ length }) => length))].length, 1, table);
      for (const [what = ''] of cells) assert.notEqual(what, '');
    }
  });

  it('names statuses as the nodes show them', () => {
    const rows = [...sectionOf(text, '## Symptoms').matchAll(/^\|.*\|$/gm)].map(([row]) => cellsOf(row)[0] ?? '');
    const quoted = rows.flatMap((cell) => cell.split('`').filter((_, index) => index % 2 === 1));
    // A status has a blank in it. Most other words in backquotes have none: reasons, codes, properties.
    const statuses = quoted.filter((words) => words.includes(' ') && !OTHERS.includes(words));
    assert.ok(statuses.length > 10);
    assert.deepEqual(
      statuses.filter((status) => !STATUSES.some((known) => known.test(status))),
      [],
    );
  });
});
