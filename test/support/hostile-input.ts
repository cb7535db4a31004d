import fc from 'fast-check';

/** A text that is put in and must never be returned. */
export const CANARY = 'CANARY-in-what-was-sent';

const FILE = `apiVersion: 1.0.0
kind: ServiceAccount
data:
  accessTokenLifespan: 600
  annotations:
    "vgs.io/vault-id": "tntabcdef"
  clientId: ACabc1234-calm-x1y2z
  clientSecret: ${CANARY}
  name: calm
  scopes:
  - name: cards:write
  - {name: transfers:write, optional: true}
  - network-tokens:write
`;
const YAML_PIECES = [
  ...[
    '---',
    '...',
    '&a',
    '*a',
    '!!binary',
    '!x',
    '? ',
    ': ',
    '- ',
    '|',
    '>',
    '>-',
    '%YAML 1.2',
    '<<: *a',
    '#',
    '"',
    "'",
  ],
  ...['[', ']', '{', '}', ',', '\t', '\r', '\u0000', '\ufeff', '\u2028', '~', 'null', 'true', '0x1f', '1e999', CANARY],
];

/** A file of the `vgs` CLI in which any line may be changed at random, or any text at all. */
export const hostileFile: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(
        fc.record({
          line: fc.nat(20),
          column: fc.nat(40),
          cut: fc.nat(12),
          put: fc.oneof(
            fc.constantFrom(...YAML_PIECES),
            fc.constantFrom(...FILE.split('\n').map((line) => `\n${line}\n`)),
            fc.string({ unit: 'binary', maxLength: 20 }),
          ),
        }),
        { maxLength: 6 },
      )
      .map((changes) => {
        const lines = FILE.split('\n');
        for (const { line, column, cut, put } of changes) {
          const at = line % lines.length;
          const text = lines[at] ?? '';
          const from = column % (text.length + 1);
          lines[at] = text.slice(0, from) + put + text.slice(from + cut);
        }
        return lines.join('\n');
      }),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom(...YAML_PIECES, 'kind', 'data', '\n', '  '), { maxLength: 200 })
      .map((all) => all.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 500 }) },
);

/** The fields that the routes of the dialogs accept. */
const BOTH = { texts: ['name', 'scope', 'tls', 'proxy', 'clientSecret'], flags: ['insecureHttp', 'practice'] };
export const ROUTES: Record<string, { addresses: string[]; texts: string[]; flags: string[] }> = {
  'vgs-account/test': {
    addresses: ['tokenUrl'],
    texts: [...BOTH.texts, 'vaultId', 'clientAuth', 'clientId'],
    flags: BOTH.flags,
  },
  'vg-server/test': {
    addresses: ['url'],
    texts: [...BOTH.texts, 'applicationId', 'platform', 'module', 'mfaCredentials', 'username', 'password'],
    flags: [...BOTH.flags, 'signIn'],
  },
  'auth-store/test': {
    addresses: ['url'],
    texts: [
      'name',
      'kind',
      'context',
      'prefix',
      'tls',
      'encryptionKey',
      'previousEncryptionKey',
      'username',
      'password',
    ],
    flags: ['variablesOnly'],
  },
  'vgs-account/import': { addresses: [], texts: [], flags: [] },
};

/**
 * The body of a dialog's request: almost valid, or any JSON.
 *
 * @param addresses of existing servers
 */
export function hostileBody(route: string, addresses: readonly string[]): fc.Arbitrary<unknown> {
  const fields = ROUTES[route] ?? { addresses: [], texts: [], flags: [] };
  const words = [CANARY, '__PWRD__', '', 'body', 'header', 'a-client', 'robot', 'redis', 'context', 'none', 'VGUser'];
  const text = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...words, '$(HOME)', '$(NOT_THERE)', '_ADD_') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  );
  const address = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...addresses) },
    { weight: 1, arbitrary: fc.constantFrom('http://elsewhere.invalid', 'https://', 'no address', CANARY) },
  );
  const each = (names: string[], value: fc.Arbitrary<unknown>): Record<string, fc.Arbitrary<unknown>> =>
    Object.fromEntries(names.map((name) => [name, value]));
  const right: fc.Arbitrary<object> = fc.record<Record<string, unknown>>(
    {
      id: fc.constantFrom('account', 'server', 'store', 'new'),
      ...each(fields.texts, text),
      ...each(fields.flags, fc.boolean()),
      ...each(fields.addresses, address),
    },
    { requiredKeys: ['id', ...fields.addresses] },
  );
  const names = ['id', 'yaml', '__proto__', 'constructor', 'toString', ...Object.values(fields).flat()];
  const wrong = fc.dictionary(fc.constantFrom(...names), fc.oneof(text, fc.boolean(), fc.jsonValue()), { maxKeys: 4 });
  return fc.oneof(
    { weight: 4, arbitrary: right },
    { weight: 2, arbitrary: fc.tuple(right, wrong).map(([one, other]) => ({ ...one, ...other })) },
    { weight: 1, arbitrary: wrong },
    // Node-RED itself refuses anything except an object or a list.
    { weight: 1, arbitrary: fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())) },
  );
}
