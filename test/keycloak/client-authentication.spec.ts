import assert from 'node:assert/strict';
import { httpRequest, place, wire } from '../support/flows.ts';
import { type ClientRepresentation, clientScope, PATIENCE, Realm, serviceClient } from '../support/keycloak.ts';
import { load } from '../support/runtime.ts';

/** All printable ASCII characters except letters and digits, and some beyond ASCII. */
const SPECIAL = [
  ...Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)),
  'ä',
  'é',
  '€',
  '日',
  '🔑',
].filter((character) => !/[0-9a-z]/i.test(character));

describe('client authentication at Keycloak', function () {
  this.timeout(PATIENCE);
  const clients: ClientRepresentation[] = [
    serviceClient('plain', { defaultClientScopes: ['cards:write'] }),
    ...SPECIAL.map((character) => {
      const [id, secret] = [`id${character}of`, `${character}s${character}${character}x${character}`];
      return serviceClient(id, { secret });
    }),
    serviceClient(`all ${SPECIAL.join('')}`, { secret: SPECIAL.join('') }),
    serviceClient('percent%41+plus', { secret: 'percent%41+%2B%zz+plus' }),
  ];
  let realm: Realm;
  before(async () => {
    realm = await Realm.create(clients, { clientScopes: [clientScope('cards:write')] });
  });

  for (const clientAuth of ['body', 'header']) {
    it(`by ${clientAuth}: both nodes share one token, and Keycloak's own API accepts it`, async () => {
      const flow = await load(
        [
          { id: 'account', type: 'vgs-account', tokenUrl: realm.tokenUrl, clientAuth, scope: 'openid cards:write' },
          wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
          wire('attach-bearer', 'attach', ['call', 'refused'], { source: 'vgs', account: 'account' }),
          httpRequest('call', 'answered', { ret: 'obj' }),
          ...['token', 'refused', 'answered'].map(place),
        ],
        { account: { clientId: 'plain', clientSecret: 'THE-SECRET-OF-plain' } },
      );
      const begun = Date.now();

      const { at, msg } = await flow.ask('get', { payload: 'kept' });

      assert.equal(at, 'token', JSON.stringify(msg.auth ?? msg.error));
      assert.deepEqual(msg.auth, { system: 'vgs', state: 'signed-in' });
      assert.equal(msg.token?.token_type, 'Bearer');
      // Keycloak counts whole seconds until `exp`, so some of the 300 s may have passed.
      const expiresAt = msg.token?.expires_at ?? 0;
      assert.ok(expiresAt > begun + 200_000 && expiresAt <= Date.now() + 300_000, `${expiresAt - begun} ms`);
      assert.equal(msg.payload, 'kept');

      flow.send('attach', { url: realm.apiUrl, method: 'GET', payload: '' });
      const answered = await flow.next('answered');

      assert.equal(answered.msg.statusCode, 200, JSON.stringify(answered.msg.payload));
      assert.ok((answered.msg.payload as { sub?: string }).sub);
      flow.send('get');
      const again = await flow.next('token');
      assert.equal(again.msg.token?.access_token, msg.token?.access_token);
    });

    it(`by ${clientAuth}: an ID and a secret may contain every special character`, async () => {
      const flow = await load(
        clients
          .flatMap((_, index) => [
            { id: `account-${index}`, type: 'vgs-account', tokenUrl: realm.tokenUrl, clientAuth },
            wire('vgs-token', `get-${index}`, [`token-${index}`, 'refused'], { account: `account-${index}` }),
            place(`token-${index}`),
          ])
          .concat(place('refused')),
        Object.fromEntries(
          clients.map(({ clientId, secret = '' }, index) => [`account-${index}`, { clientId, clientSecret: secret }]),
        ),
      );

      const failed: string[] = [];
      for (const [index, { clientId }] of clients.entries()) {
        const { at, msg } = await flow.ask(`get-${index}`);
        const payload = msg.token?.access_token.split('.')[1] ?? '';
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as { azp?: string };
        if (claims.azp !== clientId) failed.push(`${clientId}: ${at} ${JSON.stringify(msg.auth ?? msg.error)}`);
      }
      assert.deepEqual(failed, []);
    });
  }
});
