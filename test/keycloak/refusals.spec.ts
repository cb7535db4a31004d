import assert from 'node:assert/strict';
import type { Auth } from '../../nodes/shared/msg-auth.ts';
import {
  type Client,
  credentialsOf,
  PATIENCE,
  Realm,
  type Representation,
  serviceClient,
} from '../support/keycloak.ts';
import { load, logged } from '../support/runtime.ts';
import { VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';

const REDIRECT = { redirectUris: ['http://localhost/*'] };
const CLIENTS = [
  serviceClient('service'),
  serviceClient('disabled', { enabled: false }),
  serviceClient('no-service-account', { serviceAccountsEnabled: false, standardFlowEnabled: true, ...REDIRECT }),
  serviceClient('account-disabled'),
  serviceClient('public', {
    publicClient: true,
    serviceAccountsEnabled: false,
    standardFlowEnabled: true,
    ...REDIRECT,
  }),
  serviceClient('bearer-only', { bearerOnly: true, serviceAccountsEnabled: false }),
  serviceClient('dpop', { attributes: { 'dpop.bound.access.tokens': 'true' } }),
  serviceClient('mtls', { attributes: { 'tls.client.certificate.bound.access.tokens': 'true' } }),
  serviceClient('by-jwt', { clientAuthenticatorType: 'client-jwt' }),
  serviceClient('by-secret-jwt', { clientAuthenticatorType: 'client-secret-jwt' }),
  serviceClient('by-certificate', {
    clientAuthenticatorType: 'client-x509',
    attributes: { 'x509.subjectdn': 'CN=flow' },
  }),
];

/** What is refused, the client, the reason, and Keycloak's error text if the client is in the body. */
type Refusal = [what: string, clientId: string, reason: Auth['reason'], error: string, words: RegExp];

const REFUSALS: Refusal[] = [
  ['a wrong secret', 'service', 'client-invalid', 'unauthorized_client', /credentials/],
  ['an unknown client', 'unknown', 'client-invalid', 'invalid_client', /credentials/],
  ['a disabled client', 'disabled', 'client-invalid', 'invalid_client', /./],
  [
    'a client without a service account',
    'no-service-account',
    'grant-not-allowed',
    'unauthorized_client',
    /not enabled/,
  ],
  ['a disabled service account', 'account-disabled', 'account-disabled', 'invalid_request', /disabled/],
  ['a public client', 'public', 'grant-not-allowed', 'unauthorized_client', /[Pp]ublic client/],
  ['a bearer-only client', 'bearer-only', 'client-invalid', 'invalid_client', /[Bb]earer-only/],
  ['a client that wants DPoP', 'dpop', 'unknown', 'invalid_request', /DPoP/],
  ['a client whose tokens are bound to a certificate', 'mtls', 'unknown', 'invalid_request', /MTLS/],
  ['a client that has to sign a JWT', 'by-jwt', 'client-invalid', 'invalid_client', /client_assertion/],
  [
    'a client that has to sign a JWT with its secret',
    'by-secret-jwt',
    'client-invalid',
    'invalid_client',
    /client_assertion/,
  ],
  ['a client that has to show a certificate', 'by-certificate', 'client-invalid', 'invalid_client', /credentials/],
];

/** The secret of a client; a wrong one for `service`. */
function secretOf(clientId: string): Client {
  return clientId === 'service' ? { clientId, clientSecret: 'THE-WRONG-SECRET' } : credentialsOf(clientId);
}

describe('refusals of Keycloak', function () {
  this.timeout(PATIENCE);
  let realm: Realm;
  before(async () => {
    realm = await Realm.create(CLIENTS);
    const path = `${await realm.pathOf('account-disabled')}/service-account-user`;
    const user = await realm.read<Representation>(path);
    await realm.change('PUT', `/users/${user.id}`, { ...user, enabled: false });
  });

  /**
   * Checks that the message has the text that Keycloak sends to a request without the nodes.
   *
   * @returns the message's `auth`
   */
  const refused = async (of: Realm, client: Client, clientAuth = 'body'): Promise<Auth> => {
    const { error, error_description } = await of.ask(client, clientAuth);
    const flow = await load(vgsFlow(of.tokenUrl, { clientAuth }), { account: client });

    const { at, msg } = await flow.ask('get', { payload: 'kept' });

    assert.equal(at, 'refused', msg.error?.message);
    assert.equal(msg.payload, 'kept');
    assert.ok(error && error_description);
    const { retry_at, reason, ...auth } = msg.auth as Auth;
    assert.deepEqual(auth, { system: 'vgs', state: 'refused', error, error_description });
    assert.doesNotMatch(logged() + JSON.stringify(msg), /THE-(WRONG-)?SECRET/);
    return msg.auth as Auth;
  };

  for (const [what, clientId, reason, error, words] of REFUSALS) {
    it(`${what}: reason and error text of Keycloak`, async () => {
      const auth = await refused(realm, secretOf(clientId));
      assert.deepEqual([auth.reason, auth.error], [reason, error]);
      assert.match(auth.error_description ?? '', words);
    });

    it(`${what}, with the client in the header`, async () => {
      const auth = await refused(realm, secretOf(clientId), 'header');
      assert.equal(auth.reason, reason);
    });
  }

  it('any client of a realm that requires https', async () => {
    const strict = await Realm.create([serviceClient('service')], { sslRequired: 'all' });
    const auth = await refused(strict, credentialsOf('service'));
    assert.deepEqual([auth.reason, auth.error_description], ['unknown', 'HTTPS required']);
  });

  it('any client of a disabled realm', async () => {
    const disabled = await Realm.create([serviceClient('service')]);
    await disabled.change('PUT', '', { enabled: false });
    const auth = await refused(disabled, credentialsOf('service'));
    assert.deepEqual([auth.reason, auth.error_description], ['account-disabled', 'Realm not enabled']);
  });

  for (const [what, path, status, words] of [
    [
      'a realm that does not exist',
      (url: string) => url.replace(realm.name, 'no-such-realm'),
      404,
      /Realm does not exist/,
    ],
    ['the issuer', (url: string) => url.replace(/\/protocol\/.*/, ''), 405, /Method Not Allowed/],
    ['an address without /auth', (url: string) => url.replace('/auth/', '/'), 404, /./],
    ['a path that does not exist', (url: string) => `${url}s`, 405, /Method Not Allowed/],
  ] as const) {
    it(`${what} does not concern the client: an error with the status and text of Keycloak`, async () => {
      const flow = await load(vgsFlow(path(realm.tokenUrl)), VGS_CREDENTIALS);

      const { at, msg } = await flow.ask('get');

      assert.equal(at, 'caught');
      assert.equal(msg.error?.code, 'AUTH_BAD_RESPONSE');
      assert.match(msg.error?.message ?? '', words);
      assert.match(msg.error?.message ?? '', new RegExp(`\\b${status}\\b`));
    });
  }
});
