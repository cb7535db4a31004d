import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LARGEST_FILE, readServiceAccountFile } from '../../src/vgs/service-account-file.ts';

const APPLIED = `apiVersion: 1.0.0
kind: ServiceAccount
data:
  clientId: ACabc1234-calm-x1y2z
  clientSecret: 0123456789
  name: calm
  scopes:
  - name: cards:write
  - name: network-tokens:write
`;

const GENERATED = `apiVersion: 1.0.0
kind: ServiceAccount
data:
  accessTokenLifespan: 600
  annotations:
    "vgs.io/vault-id": "tntabcdef"
  name: calm
  scopes:
    - cards:write
    - {name: transfers:write, optional: true}
`;

function faultOf(text: string): string {
  const read = readServiceAccountFile(text);
  return read.state === 'unreadable' ? read.fault : 'read';
}

/** A file whose data is these lines. */
function withData(...lines: string[]): string {
  return ['kind: ServiceAccount', 'data:', ...lines.map((line) => `  ${line}`)].join('\n');
}

describe('the file of a service account', () => {
  it('can be the output of "vgs apply"; a secret of digits stays a text', () => {
    assert.deepEqual(readServiceAccountFile(APPLIED), {
      state: 'read',
      clientId: 'ACabc1234-calm-x1y2z',
      clientSecret: '0123456789',
      name: 'calm',
      scopes: ['cards:write', 'network-tokens:write'],
      optionalScopes: [],
      vaultIds: [],
    });
  });

  it('can be made by "vgs generate": scopes as texts or objects, optional ones, the annotation, the life', () => {
    assert.deepEqual(readServiceAccountFile(GENERATED), {
      state: 'read',
      clientId: '',
      clientSecret: '',
      name: 'calm',
      scopes: ['cards:write'],
      optionalScopes: ['transfers:write'],
      vaultIds: ['tntabcdef'],
      lifespan: 600,
    });
  });

  it('may list vaults or tenants, be JSON, have a byte order mark, Windows lines and an empty document after it', () => {
    const vaults = readServiceAccountFile(withData('vaults: [one, two]', 'tenants:', '  - one'));
    assert.deepEqual(vaults.state === 'read' && vaults.vaultIds, ['one', 'two']);
    assert.equal(faultOf('{"kind": "ServiceAccount", "data": {"clientId": "a", "clientSecret": "b"}}'), 'read');
    assert.equal(faultOf(`\ufeff${APPLIED.replaceAll('\n', '\r\n')}---\r\n`), 'read');
  });

  const refused: [string, string, string][] = [
    ['nothing', '', 'empty'],
    ['white space and comments', ' \n# nothing\n', 'empty'],
    ['too much', `${APPLIED}#${'x'.repeat(LARGEST_FILE)}`, 'too-large'],
    ['broken YAML', `${APPLIED}  - [`, 'not-yaml'],
    ['a prompt before it', `$ vgs apply service-account -f x\n${APPLIED}`, 'not-yaml'],
    ['two documents', `${APPLIED}---\n${APPLIED}`, 'several-documents'],
    ['an anchor', withData('clientId: &a x', 'clientSecret: y'), 'has-references'],
    ['an alias', withData('clientId: &a x', 'clientSecret: *a'), 'has-references'],
    ['a tag', withData('clientId: !!js/function x', 'clientSecret: y'), 'not-yaml'],
    ['another kind', APPLIED.replace('ServiceAccount', 'Vault'), 'wrong-kind'],
    ['no kind', 'data: {clientId: a, clientSecret: b}', 'wrong-kind'],
    ['a list', '- a', 'wrong-kind'],
    ['a text', 'hello', 'wrong-kind'],
    ['another version', APPLIED.replace('1.0.0', '2.0.0'), 'wrong-version'],
    ['no data', 'kind: ServiceAccount', 'no-data'],
    ['a lost indentation', APPLIED.replace(/^ +/gm, ''), 'no-data'],
    ['a client id alone', withData('clientId: a'), 'half-credentials'],
    ['a secret alone', withData('clientSecret: a', 'clientId: null'), 'half-credentials'],
    ['nothing of an account', withData('name: calm'), 'nothing-in-it'],
    ['a sample', withData('clientId: <CLIENT_ID>', 'clientSecret: <CLIENT_SECRET>'), 'placeholder'],
    ['a map for a client id', withData('clientId: {a: b}', 'clientSecret: b'), 'value-invalid'],
    ['a client id of two lines', withData('clientId: "a\\nb"', 'clientSecret: b'), 'value-invalid'],
    ['a scope with a space', withData('scopes: ["cards:write all"]'), 'value-invalid'],
    ['a scope without a name', withData('scopes: [{optional: true}]'), 'value-invalid'],
    ['an optional of another kind', withData('scopes: [{name: a, optional: perhaps}]'), 'value-invalid'],
    ['scopes that are no list', withData('scopes: cards:write'), 'value-invalid'],
    ['a life that is no number', withData('accessTokenLifespan: long', 'scopes: [a]'), 'value-invalid'],
    ['a key that is there twice', withData('clientId: a', 'clientId: b', 'clientSecret: c'), 'value-twice'],
  ];
  for (const [what, text, fault] of refused) {
    it(`is not accepted with ${what}`, () => assert.equal(faultOf(text), fault));
  }

  it('never ends the process or takes long, however deeply it is nested', () => {
    const bombs = [
      '[',
      '{',
      '{a: ',
      '- ',
      '? ',
      ': ',
      '[{',
      '!a ',
      '&a ',
      'a: ',
      '"',
      '-\n',
      '|\n',
      '---\n',
      '\t',
      '\n',
    ];
    for (const bomb of bombs) {
      const started = performance.now();
      assert.notEqual(faultOf(bomb.repeat(Math.floor(LARGEST_FILE / bomb.length))), 'read', bomb);
      assert.ok(performance.now() - started < 2000, bomb);
    }
    const steps = Array.from({ length: 350 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
    assert.equal(faultOf(steps), 'too-deep');
  });

  it('never causes an exception or an error that contains its content', () => {
    const part = fc.constantFrom(...APPLIED.split(/(?<=\W)/), '&', '*', '{', '[', '\t', '---\n', '<<', '!', '"', "'");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const read = readServiceAccountFile(parts.join(''));
        assert.ok(read.state === 'read' || !JSON.stringify(read).includes('0123456789'));
      }),
    );
  });
});
