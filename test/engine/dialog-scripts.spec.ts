import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { BODY_FAULTS } from '../../nodes/shared/dialog/request-body.ts';
import { PROJECT } from '../../scripts/node-red.ts';
import { VISUAL_GUARD_REASONS } from '../../src/reasons.ts';
import { FILE_FAULTS, readServiceAccountFile } from '../../src/vgs/service-account-file.ts';
import { FULL_SCOPE } from '../../src/visual-guard/dialect/wire.ts';

/** What a script of the editor registers. */
function load(file: string): Record<string, (...args: unknown[]) => unknown> {
  let plugin = {};
  const registerPlugin = (_: string, definition: object): void => {
    plugin = definition;
  };
  runInNewContext(readFileSync(join(PROJECT, 'resources', file), 'utf8'), { RED: { plugins: { registerPlugin } } });
  return plugin;
}

describe('the texts of the dialogs', () => {
  const texts = JSON.parse(readFileSync(join(PROJECT, 'nodes/locales/en-US/vg-auth.json'), 'utf8'));

  it('have a sentence for every verdict', () => {
    const { test } = texts;
    const outside = ['client-invalid', 'scope-invalid', 'grant-not-allowed'];
    const account = ['account-disabled', 'credentials-invalid', 'user-not-authorized', 'unknown'];
    assert.deepEqual(Object.keys(test.account).sort(), [...outside, ...account].sort());
    assert.deepEqual(Object.keys(test.client).sort(), [...outside].sort());
    assert.deepEqual(Object.keys(test.person).sort(), [...VISUAL_GUARD_REASONS, ...outside, 'held-back'].sort());
    assert.deepEqual(Object.keys(test.body), [...BODY_FAULTS]);
    assert.deepEqual(Object.keys(texts.import.fault), [...FILE_FAULTS]);
  });

  it('have every text that the scripts name', () => {
    for (const [file, section] of [
      ['dialog-test.js', 'test'],
      ['scopes.js', 'scopes'],
      ['service-account.js', 'import'],
    ] as const) {
      const source = readFileSync(join(PROJECT, 'resources', file), 'utf8');
      const keys = [...source.matchAll(/\bsay\('([\w-]+)'/g)].map(([, key]) => key ?? '');
      assert.ok(keys.length > 1, file);
      for (const key of keys) assert.equal(typeof texts[section][key], 'string', `${section}.${key}`);
    }
  });
});

describe('the spelling of a scope', () => {
  const { meant } = load('scopes.js');
  const known = FULL_SCOPE.split(' ');

  it('is mended where a known one is near', () => {
    for (const [word, right] of [
      ['VGIslocked', 'VGIsLocked'],
      ['IdentityServerAPI', 'IdentityServerApi'],
      ['vgtoken', 'VGToken'],
      ['VGRole', 'VGRoles'],
      ['offline-access', 'offline_access'],
    ]) {
      assert.equal(meant?.(word, known), right, word);
    }
  });

  it('is left alone where it is right, or known to the server alone', () => {
    for (const word of [...known, 'email', 'api', 'VGSomethingNew', 'x'.repeat(500)]) {
      assert.equal(meant?.(word, known), undefined, word);
    }
    const vgs = ['cards:write', 'cards:read', 'network-tokens:write', 'network-tokens:read'];
    for (const word of ['cards:read-pci', 'transfers:write', 'vaults:read', 'routes:read', 'aliases:write']) {
      assert.equal(meant?.(word, vgs), undefined, word);
    }
  });
});

describe('the commands that make a service account', () => {
  const { commandsFor } = load('service-account.js');
  const commands = (values: object) =>
    commandsFor?.({ vaultId: '', words: [], clientId: '', ...values }) as Record<string, string>;

  it('are those of the CLI, with samples where the dialog is empty', () => {
    assert.deepEqual(
      { ...commands({}), file: '' },
      {
        generate: 'vgs generate service-account -t calm --var vault_id=<VAULT_ID> > credentials.yaml',
        file: '',
        apply: 'vgs apply service-account -O <ORGANIZATION_ID> -f credentials.yaml',
        remove: 'vgs delete service-account <CLIENT_ID> -O <ORGANIZATION_ID>',
      },
    );
  });

  it('write a file that the import reads', () => {
    const { file = '' } = commands({ vaultId: 'tnt: "x"', words: ['cards:write', 'a"b:c', '#x'] });
    const read = readServiceAccountFile(file.replace('a\\"b:c', 'ab:c'));
    assert.equal(read.state, 'read', file);
    assert.deepEqual(read.state === 'read' && [read.vaultIds, read.scopes], [
      ['tnt: "x"'],
      ['cards:write', 'ab:c', '#x'],
    ]);
  });

  it('are safe to paste into a shell, whatever the dialog says', () => {
    const { generate, remove } = commands({ vaultId: "x'; rm -rf ~", clientId: '$(reboot)' });
    assert.match(generate ?? '', /vault_id='x'\\''; rm -rf ~' >/);
    assert.match(remove ?? '', /'\$\(reboot\)'/);
  });
});
