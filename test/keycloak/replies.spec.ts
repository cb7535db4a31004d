import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Message } from '../support/flows.ts';
import { clientScope, credentialsOf, PATIENCE, Realm, serviceClient } from '../support/keycloak.ts';
import { callingFlow, callOf } from '../support/keycloak-flows.ts';
import { load, logged } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';
import { vgsFlow } from '../support/token-server.ts';

const LONG = 'x'.repeat(12_000);
const CLIENTS = [
  serviceClient('service', { defaultClientScopes: ['cards:write'], optionalClientScopes: ['cards:read', 'unnamed'] }),
  serviceClient('with-refresh', {
    attributes: { 'client_credentials.use_refresh_token': 'true', 'access.token.lifespan': '4' },
  }),
  serviceClient('long', {
    protocolMappers: [
      {
        name: 'long',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-hardcoded-claim-mapper',
        config: { 'claim.name': 'long', 'claim.value': LONG, 'access.token.claim': 'true', 'jsonType.label': 'String' },
      },
    ],
  }),
];

describe('replies of Keycloak', function () {
  this.timeout(PATIENCE);
  let realm: Realm;
  before(async () => {
    realm = await Realm.create(CLIENTS, {
      clientScopes: [...['cards:write', 'cards:read'].map((name) => clientScope(name)), clientScope('unnamed', false)],
    });
  });

  /** Requests these scopes. */
  const ask = async (scope: string): Promise<{ at: string; msg: Message }> => {
    const flow = await load(vgsFlow(realm.tokenUrl, { scope }), { account: credentialsOf('service') });
    return flow.ask('get');
  };

  describe('to scopes', () => {
    it('grant the default ones, even if none was requested', async () => {
      const { msg } = await ask('');
      assert.deepEqual(msg.token?.scope, ['cards:write']);
      assert.deepEqual(msg.auth, { system: 'vgs', state: 'signed-in' });
    });

    it('grant an optional one if it was requested', async () => {
      const { msg } = await ask('cards:read');
      assert.deepEqual([...(msg.token?.scope ?? [])].sort(), ['cards:read', 'cards:write']);
      assert.deepEqual(msg.auth, { system: 'vgs', state: 'signed-in' });
    });

    for (const scope of ['cards:eat', 'cards:read cards:eat', 'Cards:Read']) {
      it(`refuse one that the client does not have, and name it (${scope})`, async () => {
        const { at, msg } = await ask(scope);
        assert.equal(at, 'refused');
        const { reason, error, error_description } = msg.auth ?? {};
        assert.deepEqual([reason, error], ['scope-invalid', 'invalid_scope']);
        assert.match(error_description ?? '', new RegExp(scope));
      });
    }

    it('do not name one whose "Include in token scope" is off: the message has a warning', async () => {
      const { at, msg } = await ask('unnamed');
      assert.equal(at, 'token');
      assert.deepEqual(msg.auth, {
        system: 'vgs',
        state: 'signed-in',
        warnings: ['scope-missing'],
        missing_scope: ['unnamed'],
      });
    });
  });

  it('with a refresh token: it reaches no message and no log, and is never sent', async () => {
    const replies: string[] = [];
    const between: TestServer = await serve(async ({ text }) => {
      const response = await fetch(realm.tokenUrl, { method: 'POST', body: new URLSearchParams(text) });
      replies.push(await response.text());
      return { status: response.status, headers: { 'content-type': 'application/json' }, body: replies.at(-1) };
    });
    const flow = await load(vgsFlow(between.origin), { account: credentialsOf('with-refresh') });

    const messages: Message[] = [];
    while (replies.length < 2) {
      const { at, msg } = await flow.ask('get');
      assert.equal(at, 'token');
      messages.push(msg);
    }

    const secrets = replies.map((text) => (JSON.parse(text) as { refresh_token?: string }).refresh_token ?? '');
    assert.ok(
      secrets.every((each) => each.length > 100),
      'Keycloak sent refresh tokens',
    );
    const shown = inspect(messages, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null });
    for (const secret of secrets) {
      for (const text of [shown, JSON.stringify(messages), logged(), flow.shown('get').join()])
        assert.ok(!text.includes(secret.split('.')[2] ?? ''));
    }
    assert.deepEqual([...new Set(between.requests.map(({ form }) => form.get('grant_type')))], ['client_credentials']);
    assert.ok(between.requests.every(({ form }) => !form.has('refresh_token')));
  });

  it('with a token of 16 KB: it reaches an API', async () => {
    const flow = await load([...callingFlow(realm), ...vgsFlow(realm.tokenUrl, { scope: 'openid' }).slice(1)], {
      account: credentialsOf('long'),
    });
    const { msg } = await flow.ask('get');
    assert.ok((msg.token?.access_token.length ?? 0) > 16_000, `${msg.token?.access_token.length}`);

    flow.send('attach', callOf(realm));
    const answered = await flow.next();

    assert.equal(answered.at, 'answered');
    assert.equal(answered.msg.statusCode, 200, inspect(answered.msg.payload));
  });
});
