import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { AUTHENTICATION_BITS, AUTHORIZATION_BITS } from '../../src/visual-guard/dialect/states.ts';
import { AUTHENTICATION_TABLE } from '../support/status-tables.ts';

const visualGuard = readFileSync(join(PROJECT, 'src/visual-guard/PROTOCOL.md'), 'utf8');

describe('the protocol description of Visual Guard', () => {
  it('has the status bits that the code reads', () => {
    const rows = [...visualGuard.matchAll(/^\| (\d+) \| (\w+) \| ([^|]*)\|/gm)];
    assert.deepEqual(
      rows.map(([, bit, name]) => ({ value: 2 ** Number(bit), name })),
      AUTHENTICATION_BITS.map(({ value, name }) => ({ value, name })),
    );
    assert.deepEqual(
      rows.map(([, , , flag = '']) => flag.trim().replace('not ', '!')),
      AUTHENTICATION_TABLE.map(({ flag = '' }) => flag),
    );
  });

  it('has the bits of the authorization status in their order', () => {
    const names = AUTHORIZATION_BITS.map(({ name }) => name).join(', ');
    assert.ok(visualGuard.includes(`: ${names}.`), names);
  });
});

describe('a protocol description', () => {
  it('is linked from the README and from CONTRIBUTING', () => {
    for (const [page, text] of [
      ['README.md', 'src/vgs/PROTOCOL.md'],
      ['README.md', 'src/visual-guard/PROTOCOL.md'],
      ['CONTRIBUTING.md', 'PROTOCOL.md'],
    ] as const)
      assert.ok(readFileSync(join(PROJECT, page), 'utf8').includes(text), `${page}: ${text}`);
  });
});
