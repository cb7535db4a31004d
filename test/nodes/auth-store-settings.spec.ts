import assert from 'node:assert/strict';
import { KEY, NOWHERE, storeIn, users } from '../support/auth-store-flow.ts';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import type { FlowNode } from '../support/flows.ts';
import { load } from '../support/runtime.ts';

describe('a session store with invalid settings', () => {
  const of = (variable: string): string => `\${${variable}}`;
  const cases: [string, object, Record<string, string>, string, string[]][] = [
    ['no credentials', {}, {}, 'credentials-missing', ['"encryptionKey"', 'credentialSecret']],
    ['no encryption key', {}, { password: 'x' }, 'property-missing', ['"encryptionKey"']],
    ['a blank encryption key', {}, { encryptionKey: '  ' }, 'property-missing', ['"encryptionKey"']],
    ['an unknown kind', { kind: 'etcd' }, KEY, 'config-value-unknown', ['"kind"']],
    ['a context store that is not there', { context: 'gone' }, KEY, 'context-store-unknown', ['"gone"']],
    ['no address', { kind: 'redis' }, KEY, 'property-missing', ['"url"']],
    ['no address of a Redis', { kind: 'redis', url: 'http://x' }, KEY, 'store-address-invalid', ['"url"']],
    ['garbage', { kind: 'redis', url: '127.0.0.1:6379' }, KEY, 'store-address-invalid', ['"url"']],
    [
      'an unknown topology',
      { kind: 'redis', topology: 'ring', url: NOWHERE },
      KEY,
      'config-value-unknown',
      ['"topology"'],
    ],
    [
      'Sentinels without the name of the primary',
      { kind: 'redis', topology: 'sentinel', url: NOWHERE, primary: ' ' },
      KEY,
      'property-missing',
      ['"primary"'],
    ],
    [
      'a mix of schemes',
      { kind: 'redis', topology: 'cluster', url: `${NOWHERE},rediss://127.0.0.1:10` },
      KEY,
      'store-schemes-mixed',
      ['"url"'],
    ],
    [
      'several addresses of one server',
      { kind: 'redis', url: `${NOWHERE},a` },
      KEY,
      'store-addresses-several',
      ['"url"'],
    ],
    [
      'a database in a cluster',
      { kind: 'redis', topology: 'cluster', url: `${NOWHERE}/1` },
      KEY,
      'store-database-in-cluster',
      ['"url"'],
    ],
    [
      'empty braces in the prefix of a cluster',
      { kind: 'redis', topology: 'cluster', url: NOWHERE, prefix: 'a{}' },
      KEY,
      'store-prefix-braces',
      ['"prefix"'],
    ],
    [
      'a password that is not percent-encoded',
      { kind: 'redis', url: 'redis://u:SEC/RET@127.0.0.1:9' },
      KEY,
      'store-password-encoding',
      ['"url"', '%2F'],
    ],
    [
      'a TLS configuration that would be ignored',
      { kind: 'redis', url: NOWHERE, tls: 'tls' },
      KEY,
      'store-tls-unused',
      ['"url"'],
    ],
    ['a database that is none', { kind: 'redis', url: 'redis://x/a/b' }, KEY, 'store-address-invalid', ['"url"']],
    [
      'a password in the flow file',
      { kind: 'redis', url: 'redis://u:SECRET@127.0.0.1:9' },
      KEY,
      'store-password-written',
      ['"url"'],
    ],
    [
      'a variable without a value',
      { kind: 'redis', url: of('NOT_SET') },
      KEY,
      'variable-missing',
      ['"url"', 'NOT_SET'],
    ],
    [
      'a variable inside the prefix',
      { kind: 'redis', url: NOWHERE, prefix: `vg-auth:${of('STAGE')}:` },
      KEY,
      'variable-inside',
      ['"prefix"', 'STAGE', 'the whole value'],
    ],
    ['a variable as the key', {}, { encryptionKey: of('NOT_SET') }, 'variable-missing', ['"encryptionKey"', 'NOT_SET']],
    [
      'a key that was entered for another Redis',
      { kind: 'redis', url: NOWHERE },
      { ...KEY, secretFor: 'redis://127.0.0.1:6379' },
      'secret-again',
      ['"encryptionKey"', 'enter the secret again for 127.0.0.1:9'],
    ],
    [
      'a password that was entered for another user',
      { kind: 'redis', url: NOWHERE },
      { encryptionKey: of('STORE_KEY'), password: 'SECRET', username: 'u', secretFor: 'redis://127.0.0.1:9 another' },
      'secret-again',
      ['"password"', '127.0.0.1:9'],
    ],
    [
      'a key that was entered for a context store',
      { kind: 'redis', url: NOWHERE },
      { ...KEY, secretFor: 'context' },
      'secret-again',
      ['"encryptionKey"', '127.0.0.1:9'],
    ],
  ];
  for (const [what, store, credentials, fault, naming] of cases) {
    it(`is reported by the nodes that use it: ${what}`, async () => {
      setEnvironment({ NOT_SET: undefined, STORE_KEY: 'a key of the environment' });
      const flow = await load(users(store), { store: credentials });
      assert.match(flow.status('store'), new RegExp(fault));
      for (const id of ['vgs-token', 'vg-login', 'attach-bearer']) {
        assert.match(flow.status(id), new RegExp(fault), id);
        const arrival = await flow.ask(id);
        for (const name of naming) assertFault(arrival, 'AUTH_CONFIG', name);
        assert.doesNotMatch(JSON.stringify(arrival), /SECRET/);
      }
    });
  }

  for (const [what, of, nodes] of [
    ['is deleted', { store: 'nowhere' }, users({})],
    ['is disabled', { store: 'store' }, users({ d: true })],
  ] as [string, object, FlowNode[]][]) {
    it(`is reported by the nodes that use it: it ${what}`, async () => {
      const flow = await load(
        nodes.map((node) => (node.type.startsWith('vg') && !node.wires ? { ...node, ...of } : node)),
        { store: KEY },
      );
      for (const id of ['vgs-token', 'vg-login']) assertFault(await flow.ask(id), 'AUTH_CONFIG', '"store"');
    });
  }

  const right: [string, object, Record<string, string>][] = [
    ['the same Redis', { kind: 'redis', url: NOWHERE }, { ...KEY, secretFor: 'redis://127.0.0.1:9' }],
    ['another database', { kind: 'redis', url: `${NOWHERE}/3` }, { ...KEY, secretFor: 'redis://127.0.0.1:9' }],
    [
      'an address that is a variable',
      { kind: 'redis', url: of('STORE_URL') },
      { ...KEY, username: 'u', secretFor: `${of('STORE_URL')} u` },
    ],
    ['a context store', { context: '' }, { ...KEY, secretFor: 'redis://127.0.0.1:6379' }],
    ['nothing at all', { kind: 'redis', url: NOWHERE }, KEY],
    [
      'a Redis without a user and a password, whose variables are empty',
      { kind: 'redis', url: NOWHERE },
      { ...KEY, username: of('EMPTY'), password: of('EMPTY'), previousEncryptionKey: of('EMPTY') },
    ],
    [
      'a Redis whose address of the environment has ${ in its password',
      { kind: 'redis', url: of('STORE_URL_WITH_PASSWORD') },
      { encryptionKey: `a key with \${${'X'}} in it` },
    ],
    [
      'another Redis, but it is a variable',
      { kind: 'redis', url: NOWHERE },
      { encryptionKey: of('STORE_KEY'), secretFor: 'redis://elsewhere:6379' },
    ],
  ];
  for (const [what, store, credentials] of right) {
    it(`accepts a key that was entered for ${what}`, async () => {
      setEnvironment({
        STORE_URL: NOWHERE,
        STORE_KEY: 'a key of the environment',
        STORE_URL_WITH_PASSWORD: `redis://:\${${'X'}}@127.0.0.1:9`,
        EMPTY: '',
      });
      const flow = await load(users(store), { store: credentials });
      assert.ok(storeIn(flow), flow.status('store'));
    });
  }

  it('is reported by the nodes that use it: it is another node', async () => {
    const flow = await load(
      users({}, { store: 'other' }).map((node) => (node.id === 'server' ? { id: 'other', type: 'vg-server' } : node)),
      { store: KEY },
    );
    assertFault(await flow.ask('vgs-token'), 'AUTH_CONFIG', '"store"');
  });
});
