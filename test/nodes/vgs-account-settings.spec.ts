import assert from 'node:assert/strict';
import { setEnvironment } from '../support/environment.ts';
import { load, logged } from '../support/runtime.ts';
import { CLIENT, serveTokens } from '../support/token-server.ts';
import { assertWrong, of, vgs } from '../support/wrong-settings.ts';

describe('a VGS account with invalid settings', () => {
  const cases: [string, object, Record<string, string>, string, string[]][] = [
    ['no client id', {}, { clientSecret: 'x' }, 'property-missing', ['"clientId"']],
    ['no client secret', {}, { clientId: 'x' }, 'property-missing', ['"clientSecret"']],
    ['no credentials at all', {}, {}, 'credentials-missing', ['"clientId"', 'credentialSecret']],
    ['an empty address', { tokenUrl: ' ' }, CLIENT, 'property-missing', ['"tokenUrl"']],
    ['no address', { tokenUrl: 'auth' }, CLIENT, 'address-invalid', ['"tokenUrl"']],
    ['another protocol', { tokenUrl: 'ftp://tokens.test/' }, CLIENT, 'address-invalid', ['"tokenUrl"']],
    [
      'http to another host',
      { tokenUrl: 'http://tokens.test/token' },
      CLIENT,
      'address-insecure',
      ['"tokenUrl"', 'tokens.test'],
    ],
    ['an unknown client authentication', { clientAuth: 'cookie' }, CLIENT, 'config-value-unknown', ['"clientAuth"']],
    [
      'a variable without a value as the address',
      { tokenUrl: of('NOT_SET') },
      CLIENT,
      'variable-missing',
      ['"tokenUrl"', 'NOT_SET'],
    ],
    [
      'a variable without a value as the scope',
      { scope: '$(NOT_SET)' },
      CLIENT,
      'variable-missing',
      ['"scope"', 'NOT_SET'],
    ],
    [
      'a variable without a value as the secret',
      {},
      { clientId: 'x', clientSecret: of('NOT_SET') },
      'variable-missing',
      ['"clientSecret"', 'NOT_SET'],
    ],
    [
      'a variable without a value as the client id',
      {},
      { clientId: '$(NOT_SET)', clientSecret: 'x' },
      'variable-missing',
      ['"clientId"', 'NOT_SET'],
    ],
    [
      'an empty variable as the secret',
      {},
      { clientId: 'x', clientSecret: of('EMPTY') },
      'variable-missing',
      ['"clientSecret"', 'EMPTY'],
    ],
    [
      'an empty variable as the address',
      { tokenUrl: of('EMPTY') },
      CLIENT,
      'variable-missing',
      ['"tokenUrl"', 'EMPTY'],
    ],
    ...[`https://${of('HOST')}/token`, `${of('HOST')}/token`, `https://tokens.test/$(REALM)`].map(
      (tokenUrl): [string, object, Record<string, string>, string, string[]] => [
        `${tokenUrl} as the address`,
        { tokenUrl },
        CLIENT,
        'variable-inside',
        ['"tokenUrl"', 'a variable has to be the whole value'],
      ],
    ),
    [
      'a variable of which the value has another one inside',
      { tokenUrl: of('NESTED') },
      CLIENT,
      'variable-inside',
      ['"tokenUrl"', 'HOST'],
    ],
    ['a variable inside the scope', { scope: `a ${of('X')}` }, CLIENT, 'variable-inside', ['"scope"', 'X']],
    [
      'a variable inside the client id',
      {},
      { ...CLIENT, clientId: `${of('STAGE')}-client` },
      'variable-inside',
      ['"clientId"', 'STAGE'],
    ],
    [
      'a variable inside the API to test',
      { testUrl: `https://${of('HOST')}/me` },
      CLIENT,
      'variable-inside',
      ['"testUrl"', 'HOST', 'a variable has to be the whole value'],
    ],
    [
      'a variable without a value as the API to test',
      { testUrl: of('NOT_SET') },
      CLIENT,
      'variable-missing',
      ['"testUrl"', 'NOT_SET'],
    ],
    [
      'an API to test over http',
      { testUrl: 'http://api.test/' },
      CLIENT,
      'address-insecure',
      ['"testUrl"', 'api.test'],
    ],
    ['a practice server that is a word', { practice: 'yes' }, CLIENT, 'config-value-unknown', ['"practice"']],
    ['a practice server that is a number', { practice: 1 }, CLIENT, 'config-value-unknown', ['"practice"']],
    [
      'a practice server by a variable that is a word',
      { practice: of('WORD') },
      CLIENT,
      'config-value-unknown',
      ['"practice"'],
    ],
    [
      'a practice server by a variable without a value',
      { practice: of('NOT_SET') },
      CLIENT,
      'variable-missing',
      ['"practice"', 'NOT_SET'],
    ],
    [
      'a practice server by an empty variable',
      { practice: of('EMPTY') },
      CLIENT,
      'variable-missing',
      ['"practice"', 'EMPTY'],
    ],
    ['http allowed by a word', { insecureHttp: 'yes' }, CLIENT, 'config-value-unknown', ['"insecureHttp"']],
    ['a choice by name that is a word', { byName: 'yes' }, CLIENT, 'config-value-unknown', ['"byName"']],
  ];
  for (const [what, account, credentials, fault, naming] of cases) {
    it(`reports it: ${what}`, async () => {
      setEnvironment({ NOT_SET: undefined, EMPTY: '', WORD: 'yes', NESTED: `https://${of('HOST')}/` });
      await assertWrong(await load(vgs(account), { config: credentials }), fault, ...naming);
    });
  }

  it('takes the value of a variable', async () => {
    setEnvironment({ TOKEN_URL: 'http://tokens.test/token' });
    const flow = await load(vgs({ tokenUrl: of('TOKEN_URL') }), { config: CLIENT });
    await assertWrong(flow, 'address-insecure', '"tokenUrl"');
  });

  for (const value of [true, 'true', of('TRUE')]) {
    it(`uses ${value} as practice, and not the opposite`, async () => {
      setEnvironment({ TRUE: 'true', FALSE: 'false' });
      const flow = await load(vgs({ practice: value }), {});
      assert.equal((await flow.ask('vgs-token')).msg.auth?.state, 'signed-in');
      assert.match(flow.status('vgs-token'), /practice/);
      const opposite = typeof value === 'boolean' ? false : value.replace(/true/, 'false').replace('TRUE', 'FALSE');
      await flow.deploy(vgs({ practice: opposite }));
      await assertWrong(flow, 'credentials-missing');
    });
  }

  it('has no scope and no note if their variables are empty', async () => {
    setEnvironment({ EMPTY: '' });
    const server = await serveTokens();
    const flow = await load(
      vgs({ tokenUrl: server.origin, scope: of('EMPTY'), vaultId: '$(EMPTY)', testUrl: of('EMPTY') }),
      {
        config: CLIENT,
      },
    );
    assert.equal((await flow.ask('vgs-token')).msg.auth?.state, 'signed-in');
    assert.equal(server.requests[0]?.form.has('scope'), false);
  });

  it('does not change a secret that contains a variable', async () => {
    const server = await serveTokens();
    const clientSecret = `THE-${of('SECRET')}`;
    const flow = await load(vgs({ tokenUrl: server.origin }), { config: { clientId: 'x', clientSecret } });
    assert.equal((await flow.ask('vgs-token')).msg.auth?.state, 'signed-in');
    assert.equal(server.requests[0]?.form.get('client_secret'), clientSecret);
  });

  it('logs a warning about a secret among its properties, which is neither used nor repeated', async () => {
    const flow = await load(vgs({ clientSecret: 'THE-SECRET', nextClientSecret: '' }), { config: { clientId: 'x' } });
    await assertWrong(flow, 'property-missing', '"clientSecret"');
    assert.equal(logged().split('secret-in-flow').length - 1, 1);
  });

  it('accepts http to another host if that is allowed', async () => {
    const flow = await load(vgs({ tokenUrl: 'http://tokens.test/token', insecureHttp: true }), { config: CLIENT });
    assert.doesNotMatch(flow.status('vgs-token'), /faults/);
  });
});
