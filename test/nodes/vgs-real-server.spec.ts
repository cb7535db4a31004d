import assert from 'node:assert/strict';
import { httpRequest, place, wire } from '../support/flows.ts';
import { BODY_CLIENT, HEADER_CLIENT, type OAuthServer, serveOAuth } from '../support/oauth-server.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';

describe('VGS against a real OAuth server', () => {
  let oauth: OAuthServer;
  before(async () => {
    oauth = await serveOAuth();
  });
  after(() => oauth.close());

  for (const [clientAuth, client] of Object.entries({ body: BODY_CLIENT, header: HEADER_CLIENT })) {
    it(`gets a token that an API accepts, with the client in the ${clientAuth}`, async () => {
      const api = await serve(oauth.api);
      const flow = await load(
        [
          { id: 'account', type: 'vgs-account', tokenUrl: oauth.tokenUrl, clientAuth, scope: 'cards:read' },
          wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
          wire('attach-bearer', 'attach', ['call', 'refused'], { source: 'vgs', account: 'account' }),
          httpRequest('call', 'answered', { ret: 'obj' }),
          ...['token', 'refused', 'answered'].map(place),
        ],
        { account: client },
      );
      const before = oauth.tokenRequests;

      const { at, msg } = await flow.ask('get', { payload: 'kept' });

      assert.equal(at, 'token');
      assert.equal(msg.token?.token_type, 'Bearer');
      assert.match(msg.token?.access_token ?? '', /^[\w-]+\.[\w-]+\.[\w-]+$/);
      assert.deepEqual(msg.token?.scope, ['cards:read']);
      assert.ok(Math.abs((msg.token?.expires_at ?? 0) - Date.now() - 300_000) < 5_000);
      assert.equal(msg.payload, 'kept');

      flow.send('attach', { url: `${api.origin}/cards`, method: 'GET', payload: '' });
      const answered = await flow.next('answered');

      assert.equal(answered.msg.statusCode, 200, JSON.stringify(answered.msg.payload));
      const claims = answered.msg.payload as Record<string, unknown>;
      assert.equal(claims.client_id, client.clientId);
      assert.equal(claims.scope, 'cards:read');
      const [request] = api.requests;
      assert.deepEqual(
        request?.headerNames.filter((name) => name.toLowerCase() === 'authorization'),
        ['authorization'],
      );
      assert.equal(request?.headers.authorization, `Bearer ${msg.token?.access_token}`);
      assert.equal(oauth.tokenRequests - before, 1, 'both nodes share one token');
    });
  }

  it('is refused with a wrong secret', async () => {
    const flow = await load(
      [
        { id: 'account', type: 'vgs-account', tokenUrl: oauth.tokenUrl },
        wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
        ...['token', 'refused'].map(place),
      ],
      { account: { clientId: BODY_CLIENT.clientId, clientSecret: 'wrong' } },
    );

    const { at, msg } = await flow.ask('get');

    assert.equal(at, 'refused');
    assert.equal(msg.auth?.reason, 'client-invalid');
    assert.equal(msg.auth?.error, 'invalid_client');
  });

  it('is refused with a scope that the client may not have', async () => {
    const flow = await load(
      [
        { id: 'account', type: 'vgs-account', tokenUrl: oauth.tokenUrl, scope: 'cards:read cards:write' },
        wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
        ...['token', 'refused'].map(place),
      ],
      { account: BODY_CLIENT },
    );

    const { at, msg } = await flow.ask('get');

    assert.equal(at, 'refused');
    assert.equal(msg.auth?.reason, 'scope-invalid');
  });

  it('reports a scope that was not granted', async () => {
    const flow = await load(
      [
        {
          id: 'account',
          type: 'vgs-account',
          tokenUrl: oauth.tokenUrl,
          scope: 'cards:read cards:eat',
          clientAuth: 'header',
        },
        wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
        ...['token', 'refused'].map(place),
      ],
      { account: HEADER_CLIENT },
    );

    const { at, msg } = await flow.ask('get');

    assert.equal(at, 'token');
    assert.deepEqual(msg.token?.scope, ['cards:read']);
    assert.deepEqual(msg.auth, {
      system: 'vgs',
      state: 'signed-in',
      warnings: ['scope-missing'],
      missing_scope: ['cards:eat'],
    });
  });
});
