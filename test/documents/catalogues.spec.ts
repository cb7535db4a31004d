import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { FAULTS } from '../../src/core/faults.ts';
import { OWN_REASONS, VISUAL_GUARD_REASONS } from '../../src/core/reasons.ts';
import { PRACTICE_ACCOUNTS, PRACTICE_USERS } from '../../src/practice/users.ts';
import { VGS_TOKEN_URL } from '../../src/vgs/account.ts';
import { FULL_SCOPE } from '../../src/visual-guard/dialect/wire.ts';

const nodes = join(PROJECT, 'nodes');
const read = (path: string): string => readFileSync(join(nodes, path), 'utf8');
const catalogue = (name: string) => JSON.parse(read(`locales/en-US/${name}.json`));

describe('the English catalog', () => {
  const shared = catalogue('vg-auth');

  it('has the message of every error, with the same values as the engine', () => {
    const sentences = Object.fromEntries(
      Object.entries(FAULTS).map(([fault, [, sentence]]) => [fault, sentence.replace(/\{(\w+)\}/g, '__$1__')]),
    );
    assert.deepEqual(shared.errors, sentences);
  });

  it('has a status for every reason, every code and every fault of a configuration', () => {
    assert.deepEqual(Object.keys(shared.reasons), [...VISUAL_GUARD_REASONS, ...OWN_REASONS]);
    for (const [fault, [code]] of Object.entries(FAULTS)) {
      if (code === 'AUTH_CONFIG') assert.equal(typeof shared.faults[fault], 'string', fault);
      else assert.equal(typeof shared.codes[code], 'string', code);
    }
  });

  it('has every status that the nodes show, and no other', () => {
    const source = read('shared/status.ts') + read('shared/status-text.ts');
    const named = [...source.matchAll(/'status\.([a-z-]+)'/g)].map(([, key]) => key ?? '');
    const busy = ['renewing', 'signing-in', 'signing-out', 'signed-out', 'ready'];
    const states = ['mfa-required', 'code-required', 'link-sent'];
    const ways = ['sms', 'email', 'whatsapp', 'app', 'other'].map((way) => `code-by-${way}`);
    assert.ok(named.length > 5);
    const all = new Set([...named, ...busy, ...states, ...ways]);
    assert.deepEqual(Object.keys(shared.status).sort(), [...all].sort());
  });
});

describe('the practice users and accounts', () => {
  it('are listed in the dialogs and in the help', () => {
    const server = catalogue('vg-server').practice.people;
    const account = catalogue('vgs-account').practice.accounts;
    assert.deepEqual(server, Object.fromEntries(PRACTICE_USERS.map(({ user, what }) => [user, what])));
    assert.deepEqual(account, Object.fromEntries(PRACTICE_ACCOUNTS.map(({ clientId, what }) => [clientId, what])));
    for (const { user, what } of PRACTICE_USERS) {
      assert.ok(read('../resources/vg-server.js').includes(`'${user}'`), user);
      assert.ok(read('locales/en-US/vg-server.html').includes(`| \`${user}\` | ${what} |`), `${user} in the help`);
    }
    for (const { clientId, what } of PRACTICE_ACCOUNTS) {
      assert.ok(read('vgs-account.html').includes(`'${clientId}'`), clientId);
      assert.ok(
        read('locales/en-US/vgs-account.html').includes(`| \`${clientId}\` | ${what} |`),
        `${clientId} in the help`,
      );
    }
  });
});

describe('the dialogs', () => {
  it('begin with the addresses and scopes of the engine', () => {
    assert.ok(read('vgs-account.html').includes(`'${VGS_TOKEN_URL}'`));
    assert.ok(read('vg-server.html').includes(FULL_SCOPE));
  });
});
