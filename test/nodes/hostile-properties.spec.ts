import assert from 'node:assert/strict';
import { type Credentials, type FlowNode, place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { always, serve, type TestServer } from '../support/servers.ts';

const PLACES = ['token', 'mfa', 'refused'].map(place);
const GRANTED = { body: { access_token: 'token', expires_in: 300, token_type: 'Bearer' } };
const STORE_KEY = 'THE-KEY-of-the-store';

/** The properties of each type of config node that are read as text, as true or false, or as a reference to a config node. */
const PROPERTIES = {
  'vgs-account': ['tokenUrl', 'scope', 'clientAuth', 'tls', 'proxy', 'store', 'insecureHttp', 'practice', 'byName'],
  'vg-server': [
    ...['url', 'applicationId', 'platform', 'scope', 'module', 'mfaCredentials', 'tls', 'proxy', 'store'],
    ...['insecureHttp', 'practice', 'byName'],
  ],
  'auth-store': ['kind', 'url', 'prefix', 'tls'],
} as const;

/** The text credentials. Node-RED stores any value that a deploy contains. */
const CREDENTIALS = {
  'vgs-account': ['clientId', 'clientSecret', 'secretFor'],
  'vg-server': ['clientSecret', 'secretFor', 'username', 'password', 'passwordFor'],
  'auth-store': ['encryptionKey', 'previousEncryptionKey', 'username', 'password', 'secretFor'],
} as const;

type Type = keyof typeof PROPERTIES;

/** JSON values that JavaScript would convert to this text. */
const like = (text: string): [string, unknown][] => [
  ['a list with it', [text]],
  ['a list in a list', [[text]]],
  ['a list with more', [text, text]],
  ['an object', { value: text }],
];

describe('a list or an object in a config node', () => {
  let evil: TestServer;
  let own: TestServer;

  beforeEach(async () => {
    evil = await serve(always(GRANTED));
    own = await serve(always(GRANTED));
  });

  /** The property if the list were read as text: an attacker's address, or a value that an attacker would choose. */
  const wanted = (property: string): string => {
    if (property === 'url' || property === 'tokenUrl') return evil.origin;
    if (property === 'secretFor' || property === 'passwordFor') return `${evil.origin} client`;
    return { clientAuth: 'header', mfaCredentials: 'none', kind: 'redis', platform: 'Native' }[property] ?? 'true';
  };
  /** Secrets that were entered for the deployed addresses. */
  const credentials = (): Record<Type, Record<string, string>> => ({
    'vgs-account': { clientId: 'client', clientSecret: 'THE-SECRET', secretFor: `${own.origin} client` },
    'vg-server': {
      clientSecret: 'THE-SECRET',
      secretFor: `${own.origin} app_Native`,
      username: 'robot',
      password: 'THE-PASSWORD',
      passwordFor: `${own.origin} robot`,
    },
    'auth-store': { encryptionKey: STORE_KEY, secretFor: 'redis://127.0.0.1:9' },
  });
  const nodes = (type: Type, change: object): FlowNode[] => [
    {
      id: 'store',
      type: 'auth-store',
      kind: 'redis',
      url: 'redis://127.0.0.1:9',
      ...(type === 'auth-store' && change),
    },
    {
      ...{ id: 'account', type: 'vgs-account', tokenUrl: own.origin, ...(type === 'auth-store' && { store: 'store' }) },
      ...(type === 'vgs-account' && change),
    },
    { id: 'server', type: 'vg-server', url: own.origin, applicationId: 'app', ...(type === 'vg-server' && change) },
    wire('vgs-token', 'vgs-token', ['token', 'refused'], { account: 'account' }),
    wire('vg-login', 'vg-login', ['token', 'mfa', 'refused'], { server: 'server' }),
    ...PLACES,
  ];
  const IDS = { 'vgs-account': 'account', 'vg-server': 'server', 'auth-store': 'store' } as const;
  const asker = (type: Type): string => (type === 'vg-server' ? 'vg-login' : 'vgs-token');

  const assertRefused = async (type: Type, all: FlowNode[], secrets: Credentials): Promise<void> => {
    const flow = await load(all, secrets);
    const { at, msg } = await flow.ask(asker(type));
    assert.deepEqual([at, msg.error?.code], ['caught', 'AUTH_CONFIG'], msg.error?.message);
    assert.doesNotMatch(msg.error?.message ?? '', /THE-/);
    assert.equal(evil.requests.length + own.requests.length, 0, 'no request was sent');
  };
  const stored = (change: Partial<Record<Type, object>> = {}): Credentials =>
    Object.fromEntries(
      (Object.keys(IDS) as Type[]).map((type) => [IDS[type], { ...credentials()[type], ...change[type] }]),
    );

  for (const type of Object.keys(PROPERTIES) as Type[]) {
    for (const property of PROPERTIES[type]) {
      for (const [index, [what]] of like('').entries()) {
        it(`is AUTH_CONFIG, and nothing is sent: ${property} of ${type} is ${what}`, async () => {
          const value = like(wanted(property))[index]?.[1];
          await assertRefused(type, nodes(type, { [property]: value }), stored());
        });
      }
    }
    for (const property of CREDENTIALS[type]) {
      it(`is AUTH_CONFIG, and nothing is sent: the credential ${property} of ${type} is a list`, async () => {
        const all = nodes(type, {});
        await assertRefused(type, all, stored({ [type]: { [property]: [wanted(property)] } }));
      });
    }
  }

  it('is not accepted as the default for which a secret was entered', async () => {
    const account = { secretFor: 'https://auth.verygoodsecurity.com client' };
    await assertRefused(
      'vgs-account',
      nodes('vgs-account', { tokenUrl: [evil.origin] }),
      stored({ 'vgs-account': account }),
    );
  });

  it('is not accepted as a context store', async () => {
    const store = { secretFor: 'context' };
    await assertRefused('auth-store', nodes('auth-store', { kind: ['redis'] }), stored({ 'auth-store': store }));
  });
});

describe('a number or a boolean in a config node', () => {
  it('is read as its text, both for the request and for secretFor', async () => {
    const server = await serve(always(GRANTED));
    const flow = await load(
      [
        { id: 'server', type: 'vg-server', url: server.origin, applicationId: 12, platform: false, scope: 7 },
        wire('vg-login', 'login', ['token', 'mfa', 'refused'], { server: 'server' }),
        ...PLACES,
      ],
      {
        server: {
          ...{ username: 'robot', password: 'THE-PASSWORD', passwordFor: `${server.origin} robot` },
          ...{ clientSecret: 'THE-SECRET', secretFor: `${server.origin} 12_false` },
        },
      },
    );
    assert.equal((await flow.ask('login')).at, 'token');
    const form = server.requests.at(-1)?.form;
    assert.deepEqual([form?.get('client_id'), form?.get('scope')], ['12_false', '7']);
  });
});
