import assert from 'node:assert/strict';
import { PRACTICE_ACCOUNTS, PRACTICE_USERS } from '../../src/practice/users.ts';
import { readExample } from '../support/examples.ts';
import { codeOf, readPage, tableBelow } from '../support/pages.ts';

const page = readPage('docs/practice.md');

describe('docs/practice.md', () => {
  it('lists every practice user and account', () => {
    assert.deepEqual(
      tableBelow(page, '| user | what happens |'),
      PRACTICE_USERS.map(({ user, what }) => [`\`${user}\``, what]),
    );
    assert.deepEqual(
      tableBelow(page, '| VGS client id | what happens |'),
      PRACTICE_ACCOUNTS.map(({ clientId, what }) => [`\`${clientId}\``, what]),
    );
  });

  it('shows a reply with the steps of a test', () => {
    const reply = JSON.parse(codeOf(page, 'json').at(-1) ?? '') as { steps: { step: string }[] };
    assert.deepEqual(
      reply.steps.map(({ step }) => step),
      ['settings', 'token', 'api'],
    );
  });
});

describe('06 - Branch on every authentication state', () => {
  it('signs in every practice user', () => {
    const inject = readExample('06 - Branch on every authentication state.json').find(({ type }) => type === 'inject');
    assert.deepEqual(
      JSON.parse(String(inject?.payload)),
      PRACTICE_USERS.map(({ user }) => user),
    );
  });
});
