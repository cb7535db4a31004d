import assert from 'node:assert/strict';
import { systemClock } from '../../src/core/clock.ts';
import { FAULTS } from '../../src/core/faults.ts';
import { OWN_REASONS, VISUAL_GUARD_REASONS } from '../../src/core/reasons.ts';
import { createToken, toMessageToken } from '../../src/oauth/token.ts';
import { codeOf, readPage, sectionOf, tableBelow } from '../support/pages.ts';

const page = readPage('docs/nodes.md');
const manifest = JSON.parse(readPage('package.json'));
/** The words in backquotes of the first column of a table. */
const firstColumn = (line: string): string[] =>
  tableBelow(page, line).flatMap(([cell = '']) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, word = '']) => word));

describe('docs/nodes.md', () => {
  it('has every node type', () =>
    assert.deepEqual(firstColumn('## The nodes').sort(), Object.keys(manifest['node-red'].nodes).sort()));

  it('shows the actual msg.token', () => {
    const [code = ''] = codeOf(sectionOf(page, '## msg.token'), 'json');
    const shown = JSON.parse(code);
    const token = createToken(
      {
        accessToken: 'x',
        sentAt: systemClock.now(),
        lifetime: 1000,
        scope: ['cards:write', 'network-tokens:write'],
        missingScope: [],
      },
      systemClock,
    );
    const real = JSON.parse(JSON.stringify(toMessageToken(token)));
    assert.deepEqual({ ...shown, expires_at: 0 }, { ...real, expires_at: 0 });
    assert.equal(typeof shown.expires_at, 'number');
  });

  it('shows a msg.auth that has the properties of its own table', () => {
    const [code = ''] = codeOf(sectionOf(page, '## msg.auth'), 'json');
    const shown = JSON.parse(code);
    const properties = firstColumn('## msg.auth');
    for (const property of Object.keys(shown)) assert.ok(properties.includes(property), property);
    assert.deepEqual(Object.keys(shown.challenge), ['id', 'expires_at', 'attempts', 'methods']);
  });

  it('lists every reason in the order of the code, and every error code', () => {
    const listed = [...sectionOf(page, '## Reasons').matchAll(/`([\w-]+)`/g)].map(([, reason]) => reason);
    assert.deepEqual(listed, [...VISUAL_GUARD_REASONS, ...OWN_REASONS]);
    const codes = [...sectionOf(page, '## Errors for a Catch node').matchAll(/^\| `(AUTH_\w+)`/gm)].map(
      ([, code]) => code,
    );
    assert.deepEqual([...new Set(Object.values(FAULTS).map(([code]) => code))].sort(), codes.sort());
  });
});
