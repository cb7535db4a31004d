import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import {
  ACCOUNT_SECRETS,
  SERVER_SECRETS,
  type SecretRule,
  STORE_SECRETS,
} from '../../nodes/shared/config/secret-owner.ts';
import { BODY_FAULTS } from '../../nodes/shared/dialog/request-body.ts';
import { PROJECT } from '../../scripts/project.ts';
import { VISUAL_GUARD_REASONS } from '../../src/core/reasons.ts';
import { flawOf, SECRET_FLAWS } from '../../src/core/secret-flaw.ts';
import { FILE_FAULTS, readServiceAccountFile } from '../../src/vgs/service-account-file.ts';
import { FULL_SCOPE } from '../../src/visual-guard/dialect/wire.ts';

/** What a script registers in the editor. */
function load(file: string): Record<string, (...args: unknown[]) => unknown> {
  let plugin = {};
  const registerPlugin = (_: string, definition: object): void => {
    plugin = definition;
  };
  runInNewContext(readFileSync(join(PROJECT, 'resources', file), 'utf8'), {
    RED: { plugins: { registerPlugin } },
    URL,
  });
  return plugin;
}

describe('the texts of the dialogs', () => {
  const texts = JSON.parse(readFileSync(join(PROJECT, 'nodes/locales/en-US/vg-auth.json'), 'utf8'));

  it('have a message for every result', () => {
    const { test } = texts;
    const outside = ['client-invalid', 'scope-invalid', 'grant-not-allowed'];
    const account = ['account-disabled', 'credentials-invalid', 'unknown'];
    assert.deepEqual(Object.keys(test.account).sort(), [...outside, ...account].sort());
    assert.deepEqual(Object.keys(test.client).sort(), [...outside].sort());
    assert.deepEqual(Object.keys(test.person).sort(), [...VISUAL_GUARD_REASONS, ...outside, 'held-back'].sort());
    assert.deepEqual(Object.keys(test.body), [...BODY_FAULTS]);
    assert.deepEqual(Object.keys(texts.import.fault), [...FILE_FAULTS]);
  });

  it('include every text that the scripts name', () => {
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

describe('a secret that looks like a paste with extra characters', () => {
  const editor = load('secrets.js').flawOf;

  it('is found both in the editor and in the running node', () => {
    const cases: [string, string | undefined][] = [
      ['secret\n', 'ends-with-line-break'],
      ['secret\r\n', 'ends-with-line-break'],
      ['"secret"\n', 'ends-with-line-break'],
      ['\nsecret', 'line-break'],
      ['a\nb', 'line-break'],
      [' secret', 'blanks'],
      ['secret\t', 'blanks'],
      ['secret\u00a0', 'blanks'],
      ['"secret"', 'quotes'],
      ["'secret'", 'quotes'],
      ['“secret”', 'quotes'],
      ['„secret“', 'quotes'],
      ['«secret»', 'quotes'],
      ['secret', undefined],
      ['a b', undefined],
      ['"', undefined],
      ['"a"b"', undefined],
      ["it's", undefined],
      ['', undefined],
    ];
    for (const [secret, flaw] of cases) {
      assert.equal(flawOf(secret), flaw, JSON.stringify(secret));
      assert.equal(editor?.(secret), flaw, JSON.stringify(secret));
    }
    const texts = JSON.parse(readFileSync(join(PROJECT, 'nodes/locales/en-US/vg-auth.json'), 'utf8'));
    assert.deepEqual(Object.keys(texts.flaws), [...SECRET_FLAWS]);
    assert.deepEqual(Object.keys(texts.test.flaw), [...SECRET_FLAWS]);
  });
});

describe('the server and client for which a secret was entered', () => {
  interface EditorRule extends Pick<SecretRule, 'credential' | 'secrets'> {
    owner(read: (property: string) => unknown): string;
    isUnused?(read: (property: string) => unknown): boolean;
  }
  const editorRules = load('secrets.js').RULES as unknown as Record<string, EditorRule[]>;
  const rules = { 'vgs-account': ACCOUNT_SECRETS, 'vg-server': SERVER_SECRETS, 'auth-store': STORE_SECRETS };
  const addresses = [
    ['https://Auth.Example.com/realms/x', 'https://auth.example.com'],
    [' https://auth.example.com:443 ', 'https://auth.example.com'],
    ['http://127.0.0.1:8080/a', 'http://127.0.0.1:8080'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['https://user:password@a.example/?q#h', 'https://a.example'],
    [`\${${'TOKEN_URL'}}`, `\${${'TOKEN_URL'}}`],
    ['$(TOKEN_URL)', '$(TOKEN_URL)'],
    ['redis://Cache.example', 'redis://cache.example:6379'],
    ['rediss://cache.example:7000/3', 'rediss://cache.example:7000'],
    ['redis://[::1]/1', 'redis://[::1]:6379'],
    ['redis://a,b', 'redis://a,b'],
    ['redis://a:1,redis://b:2', 'redis://a:1,redis://b:2'],
    ['not an address', 'not an address'],
    ['', ''],
  ] as const;

  it('are the same in the editor and in the running node', () => {
    for (const [type, own] of Object.entries(rules)) {
      const there = editorRules[type] ?? [];
      assert.equal(there.length, own.length);
      for (const [index, rule] of own.entries()) {
        const other = there[index];
        assert.equal(other?.credential, rule.credential);
        assert.deepEqual([...(other?.secrets ?? [])], rule.secrets);
        for (const [address, place] of addresses) {
          for (const more of [
            {},
            { clientId: ' client ', applicationId: 'app', username: 'robot', kind: 'redis' },
            { applicationId: 'app_Native', platform: 'Service', kind: 'redis', topology: 'sentinel' },
            { clientId: 7, applicationId: 12, platform: false, username: true, kind: 'redis' },
            { applicationId: `\${${'APP'}}`, platform: '', username: `\${${'USER'}}`, module: ' passwordless' },
          ]) {
            const node: Record<string, unknown> = { tokenUrl: address, url: address, platform: 'Native', ...more };
            const fields = {
              written: (name: string) => node[name],
              writtenCredential: (name: string) => node[name],
            };
            const said = rule.owner(fields);
            assert.equal(
              other?.owner((name) => node[name]),
              said,
              `${type} ${JSON.stringify(node)}`,
            );
            assert.equal(!!other?.isUnused?.((name) => node[name]), !!rule.isUnused?.(fields));
            if (type !== 'auth-store' && !address.startsWith('redis')) assert.ok(said.startsWith(place), said);
          }
        }
      }
    }
  });

  it('are unknown if a property is a list or an object: the running node refuses it, and the editor finds no such secret', () => {
    const plain: Record<string, unknown> = { kind: 'redis', tokenUrl: 'https://a.test', url: 'https://a.test' };
    Object.assign(plain, { clientId: 'client', applicationId: 'app', platform: 'Native', username: 'robot' });
    for (const [type, own] of Object.entries(rules)) {
      for (const [index, rule] of own.entries()) {
        const owner = (node: Record<string, unknown>): string =>
          rule.owner({ written: (name) => node[name], writtenCredential: (name) => node[name] });
        const there = editorRules[type]?.[index];
        for (const property of Object.keys(plain)) {
          for (const value of [[plain[property]], { value: plain[property] }, [[plain[property]]]]) {
            const node = { ...plain, [property]: value };
            const inEditor = there?.owner((name) => node[name]);
            if (isRead(property, owner, plain)) {
              assert.throws(() => owner(node), { fault: 'config-value-unknown' }, `${type} ${property}`);
              assert.notEqual(inEditor, owner(plain));
            } else assert.equal(inEditor, owner(node));
          }
        }
      }
    }
  });

  /** Whether a rule depends on a property. */
  function isRead(
    property: string,
    owner: (node: Record<string, unknown>) => string,
    plain: Record<string, unknown>,
  ): boolean {
    return owner({ ...plain, [property]: 'context' }) !== owner(plain);
  }

  it('are the origin and the client ID, or the text as written', () => {
    const ownerOf = (rule: SecretRule | undefined, node: Record<string, string>): string | undefined =>
      rule?.owner({ written: (name) => node[name], writtenCredential: (name) => node[name] });
    const [account] = ACCOUNT_SECRETS;
    const [client, password] = SERVER_SECRETS;
    const [store] = STORE_SECRETS;
    assert.equal(ownerOf(account, { clientId: 'my-client' }), 'https://auth.verygoodsecurity.com my-client');
    assert.equal(ownerOf(client, { url: 'https://a.test/x', applicationId: 'app' }), 'https://a.test app_Native');
    assert.equal(ownerOf(password, { url: 'https://a.test', username: 'anna' }), 'https://a.test anna');
    for (const [address, place] of addresses) {
      if (address.startsWith('redis')) assert.equal(ownerOf(store, { kind: 'redis', url: address }), place);
      else if (!address.includes(':password')) assert.equal(ownerOf(client, { url: address, platform: '' }), place);
    }
    const sentinel = { kind: 'redis', topology: 'sentinel', url: 'redis://a', username: 'u' };
    assert.equal(ownerOf(store, sentinel), 'redis://a:26379 u');
    assert.equal(ownerOf(store, { kind: 'redis', url: 'redis://r%40b@a' }), 'redis://a:6379 r@b');
    assert.equal(ownerOf(store, { url: 'redis://a' }), 'context');
  });
});

describe('the spelling of a scope', () => {
  const { meant } = load('scopes.js');
  const known = FULL_SCOPE.split(' ');

  it('is corrected if a known one is similar', () => {
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

  it('is left unchanged if it is right, or known to the server alone', () => {
    for (const word of [...known, 'email', 'api', 'VGSomethingNew', 'x'.repeat(500)]) {
      assert.equal(meant?.(word, known), undefined, word);
    }
    const vgs = ['cards:write', 'cards:read', 'network-tokens:write', 'network-tokens:read'];
    for (const word of ['cards:read-pci', 'transfers:write', 'vaults:read', 'routes:read', 'aliases:write']) {
      assert.equal(meant?.(word, vgs), undefined, word);
    }
  });
});

describe('the commands that create a service account', () => {
  const { commandsFor } = load('service-account.js');
  const commands = (values: object) =>
    commandsFor?.({ vaultId: '', words: [], clientId: '', ...values }) as Record<string, string>;

  it('are those of the CLI, with examples if the dialog is empty', () => {
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

  it('write a file that the import accepts', () => {
    const { file = '' } = commands({ vaultId: 'tnt: "x"', words: ['cards:write', 'a"b:c', '#x'] });
    const read = readServiceAccountFile(file.replace('a\\"b:c', 'ab:c'));
    assert.equal(read.state, 'read', file);
    assert.deepEqual(read.state === 'read' && [read.vaultIds, read.scopes], [
      ['tnt: "x"'],
      ['cards:write', 'ab:c', '#x'],
    ]);
  });

  it('are safe to paste into a shell, whatever the dialog contains', () => {
    const { generate, remove } = commands({ vaultId: "x'; rm -rf ~", clientId: '$(reboot)' });
    assert.match(generate ?? '', /vault_id='x'\\''; rm -rf ~' >/);
    assert.match(remove ?? '', /'\$\(reboot\)'/);
  });
});
