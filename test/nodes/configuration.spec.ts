import assert from 'node:assert/strict';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import { type Credentials, type FlowNode, place, wire } from '../support/flows.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import { CLIENT, serveTokens } from '../support/token-server.ts';

/** A value that is to come from the environment. */
const of = (variable: string): string => `\${${variable}}`;

const SERVER = 'https://identity.test';
const PEOPLE = { username: 'somebody', password: 'THE-PASSWORD' };

const places = ['one', 'two', 'three'].map(place);

function vgs(account: object): FlowNode[] {
  return [
    { id: 'config', type: 'vgs-account', tokenUrl: 'https://tokens.test/token', ...account },
    wire('vgs-token', 'vgs-token', ['one', 'two'], { account: 'config' }),
    wire('attach-bearer', 'attach-bearer', ['one', 'two'], { source: 'vgs', account: 'config' }),
    ...places,
  ];
}

function vg(server: object): FlowNode[] {
  return [
    { id: 'config', type: 'vg-server', url: SERVER, applicationId: 'app', ...server },
    wire('vg-login', 'vg-login', ['one', 'two', 'three'], { server: 'config' }),
    wire('vg-logout', 'vg-logout', ['one'], { server: 'config' }),
    wire('attach-bearer', 'attach-bearer', ['one', 'two'], { source: 'vg', server: 'config' }),
    ...places,
  ];
}

/** Every flow node says from the start what is wrong, and tells a Catch node with each message. */
async function assertWrong(flow: Flow, fault: string, ...naming: string[]): Promise<void> {
  const users = ['vgs-token', 'vg-login', 'vg-logout', 'attach-bearer'].filter((id) => {
    try {
      return flow.node(id);
    } catch {
      return false;
    }
  });
  assert.ok(users.length > 0);
  for (const id of users) {
    assert.match(flow.status(id), new RegExp(fault), `the status of ${id}`);
    const arrival = await flow.ask(id, { payload: 'kept' });
    for (const name of naming) assertFault(arrival, 'AUTH_CONFIG', name);
    assert.equal(arrival.msg.payload, 'kept');
    assert.match(flow.status(id), new RegExp(fault), `the status of ${id} after a message`);
  }
}

describe('a VGS account that is not well configured', () => {
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
    it(`says so: ${what}`, async () => {
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
    it(`practises with ${value}, and not with the opposite`, async () => {
      setEnvironment({ TRUE: 'true', FALSE: 'false' });
      const flow = await load(vgs({ practice: value }), {});
      assert.equal((await flow.ask('vgs-token')).msg.auth?.state, 'signed-in');
      assert.match(flow.status('vgs-token'), /practice/);
      const opposite = typeof value === 'boolean' ? false : value.replace(/true/, 'false').replace('TRUE', 'FALSE');
      await flow.deploy(vgs({ practice: opposite }));
      await assertWrong(flow, 'credentials-missing');
    });
  }

  it('has no scope and no note with variables that are empty', async () => {
    setEnvironment({ EMPTY: '' });
    const server = await serveTokens();
    const flow = await load(vgs({ tokenUrl: server.origin, scope: of('EMPTY'), vaultId: '$(EMPTY)' }), {
      config: CLIENT,
    });
    assert.equal((await flow.ask('vgs-token')).msg.auth?.state, 'signed-in');
    assert.equal(server.requests[0]?.form.has('scope'), false);
  });

  it('takes a secret with a variable inside as it is', async () => {
    const server = await serveTokens();
    const clientSecret = `THE-${of('SECRET')}`;
    const flow = await load(vgs({ tokenUrl: server.origin }), { config: { clientId: 'x', clientSecret } });
    assert.equal((await flow.ask('vgs-token')).msg.auth?.state, 'signed-in');
    assert.equal(server.requests[0]?.form.get('client_secret'), clientSecret);
  });

  it('is warned of with a secret among its properties, which is not used and not repeated', async () => {
    const flow = await load(vgs({ clientSecret: 'THE-SECRET', nextClientSecret: '' }), { config: { clientId: 'x' } });
    await assertWrong(flow, 'property-missing', '"clientSecret"');
    assert.equal(logged().split('secret-in-flow').length - 1, 1);
  });

  it('takes http to another host where that is allowed', async () => {
    const flow = await load(vgs({ tokenUrl: 'http://tokens.test/token', insecureHttp: true }), { config: CLIENT });
    assert.doesNotMatch(flow.status('vgs-token'), /faults/);
  });
});

describe('a Visual Guard server that is not well configured', () => {
  const cases: [string, object, Record<string, string>, string, string[]][] = [
    ['no address', { url: '' }, PEOPLE, 'property-missing', ['"url"']],
    ['an address that is none', { url: 'identity' }, PEOPLE, 'address-invalid', ['"url"']],
    ['http to another host', { url: 'http://identity.test' }, PEOPLE, 'address-insecure', ['"url"', 'identity.test']],
    ['no application', { applicationId: '' }, PEOPLE, 'property-missing', ['"applicationId"']],
    ['unknown MFA credentials', { mfaCredentials: 'all' }, PEOPLE, 'config-value-unknown', ['"mfaCredentials"']],
    ['a variable without a value', { url: of('NOT_SET') }, PEOPLE, 'variable-missing', ['"url"', 'NOT_SET']],
    [
      'a variable without a value as the application',
      { applicationId: of('NOT_SET') },
      PEOPLE,
      'variable-missing',
      ['"applicationId"', 'NOT_SET'],
    ],
    [
      'a variable without a value as the password',
      {},
      { username: 'x', password: of('NOT_SET') },
      'variable-missing',
      ['"password"', 'NOT_SET'],
    ],
    [
      'a variable inside the application',
      { applicationId: `${of('STAGE')}_app` },
      PEOPLE,
      'variable-inside',
      ['"applicationId"', 'STAGE'],
    ],
    [
      'an empty variable as the user',
      {},
      { username: of('EMPTY'), password: 'x' },
      'variable-missing',
      ['"username"', 'EMPTY'],
    ],
  ];
  for (const [what, server, credentials, fault, naming] of cases) {
    it(`says so: ${what}`, async () => {
      setEnvironment({ NOT_SET: undefined, EMPTY: '' });
      await assertWrong(await load(vg(server), { config: credentials }), fault, ...naming);
    });
  }

  for (const [what, credentials, naming] of [
    ['no user', { password: 'x' }, '"username" is not set'],
    ['nobody at all', {}, 'credentialSecret'],
    ['no password', { username: 'x' }, '"password" is not set'],
  ] as [string, Record<string, string>, string][]) {
    it(`tells a Catch node that ${what} is stored, where the stored user is meant`, async () => {
      const flow = await load(vg({}), { config: credentials });
      for (const id of ['vg-login', 'attach-bearer', 'vg-logout'])
        assertFault(await flow.ask(id), 'AUTH_CONFIG', naming);
    });
  }
});

describe('a config node that is not there', () => {
  const users: [string, string, object][] = [
    ['vgs-token', 'account', {}],
    ['attach-bearer', 'account', { source: 'vgs' }],
    ['attach-bearer', 'server', { source: 'vg' }],
    ['vg-login', 'server', {}],
    ['vg-logout', 'server', {}],
  ];
  for (const [type, property, rest] of users) {
    const about = (more: object): FlowNode[] => [
      { id: 'account', type: 'vgs-account' },
      { id: 'server', type: 'vg-server', url: SERVER, applicationId: 'app' },
      wire(type, type, ['one', 'two', 'three'], { ...rest, ...more }),
      ...places,
    ];
    const credentials: Credentials = { account: CLIENT, server: PEOPLE };

    it(`is told of by ${type}: no ${property} is named`, async () => {
      await assertWrong(await load(about({}), credentials), 'property-missing', `"${property}"`);
    });

    it(`is told of by ${type}: the ${property} is gone`, async () => {
      await assertWrong(await load(about({ [property]: 'gone' }), credentials), 'config-node-missing', `"${property}"`);
    });

    it(`is told of by ${type}: the ${property} is disabled`, async () => {
      const nodes = about({ [property]: property }).map((node) => (node.id === property ? { ...node, d: true } : node));
      await assertWrong(await load(nodes, credentials), 'config-node-missing', `"${property}"`);
    });

    it(`is told of by ${type}: the ${property} is of another type`, async () => {
      const other = property === 'account' ? 'server' : 'account';
      await assertWrong(await load(about({ [property]: other }), credentials), 'config-node-wrong', `"${property}"`);
    });
  }

  it('does not keep attach bearer from working with a token on the message', async () => {
    const flow = await load([wire('attach-bearer', 'attach', ['one', 'two'], { source: 'msg' }), ...places]);

    const { at, msg } = await flow.ask('attach', { token: { access_token: 'abc' } as never });

    assert.equal(at, 'one');
    assert.equal(String(msg.headers?.authorization), 'Bearer abc');
  });
});
