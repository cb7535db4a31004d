import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { MessageToken } from '../../src/core/redaction.ts';
import { assertTimeAfter, holdTime } from '../support/held-time.ts';
import { load, logged } from '../support/runtime.ts';
import { always, inTurn } from '../support/servers.ts';
import {
  CLIENT,
  grants,
  grantsInTurn,
  refuses,
  serveTokens,
  VGS_CREDENTIALS,
  vgsFlow,
} from '../support/token-server.ts';

describe('get VGS token', () => {
  it('puts the token and the account on the message, and keeps the rest of it', async () => {
    const time = holdTime();
    const server = await serveTokens(always(grants('token-1', { scope: 'cards:write user_id' })));
    const flow = await load(vgsFlow(server.origin, { scope: 'cards:write' }), VGS_CREDENTIALS);

    const { at, msg } = await flow.ask('get', { payload: { a: 1 }, topic: 't', _msgid: 'm1' });

    assert.equal(at, 'token');
    const { token, auth, ...rest } = msg;
    assert.deepEqual(
      { ...token },
      {
        access_token: 'token-1',
        token_type: 'Bearer',
        expires_at: time.now() + 300_000,
        scope: ['cards:write', 'user_id'],
      },
    );
    assert.deepEqual(auth, { system: 'vgs', state: 'signed-in' });
    assert.deepEqual(rest, { payload: { a: 1 }, topic: 't', _msgid: 'm1' });
    assert.deepEqual(flow.left, []);
  });

  it('sends client and grant as form fields, by default in the body', async () => {
    const server = await serveTokens();
    const flow = await load(vgsFlow(`${server.origin}/realms/x/token`, { scope: 'a:b  c:d', vaultId: 'tnt1' }), {
      account: CLIENT,
    });

    await flow.ask('get');

    const [request] = server.requests;
    assert.equal(request?.method, 'POST');
    assert.equal(request?.path, '/realms/x/token');
    assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded');
    assert.deepEqual(Object.fromEntries(request?.form ?? []), {
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      grant_type: 'client_credentials',
      scope: 'a:b c:d',
    });
    assert.equal(request?.headers.authorization, undefined);
  });

  it('sends the client in the header if that is chosen, and then not in the body', async () => {
    const server = await serveTokens();
    const flow = await load(vgsFlow(server.origin, { clientAuth: 'header' }), VGS_CREDENTIALS);

    await flow.ask('get');

    const [request] = server.requests;
    const basic = Buffer.from(`${CLIENT.clientId}:${CLIENT.clientSecret}`).toString('base64');
    assert.equal(request?.headers.authorization, `Basic ${basic}`);
    assert.deepEqual(Object.fromEntries(request?.form ?? []), { grant_type: 'client_credentials' });
  });

  it('puts the token into the configured property', async () => {
    const server = await serveTokens();
    const flow = await load(vgsFlow(server.origin, {}, { property: 'a.b' }), VGS_CREDENTIALS);

    const { msg } = await flow.ask('get');

    assert.equal((msg.a as { b: MessageToken }).b.access_token, 'token-1');
    assert.equal('token' in msg, false);
  });

  it('sends one request for 1,000 messages at once, and the messages in order', async () => {
    const server = await serveTokens();
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    for (let index = 0; index < 1_000; index += 1) flow.send('get', { payload: index });
    const seen: unknown[] = [];
    for (let index = 0; index < 1_000; index += 1) {
      const { at, msg } = await flow.next();
      assert.equal(at, 'token');
      assert.equal(msg.token?.access_token, 'token-1');
      seen.push(msg.payload);
    }

    assert.deepEqual(
      seen,
      Array.from({ length: 1_000 }, (_, index) => index),
    );
    assert.equal(server.requests.length, 1);
  });

  it('shows the token only to the node that uses it', async () => {
    const server = await serveTokens(always(grants('THE-ACCESS-TOKEN')));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    const { msg } = await flow.ask('get');

    assert.equal(msg.token?.access_token, 'THE-ACCESS-TOKEN');
    assert.doesNotMatch(JSON.stringify(msg), /THE-ACCESS-TOKEN/);
    assert.doesNotMatch(inspect(msg, { depth: 9 }), /THE-ACCESS-TOKEN/);
    assert.doesNotMatch(logged(), /THE-ACCESS-TOKEN|THE-CLIENT-SECRET/);
    assert.doesNotMatch(inspect(flow.node('account'), { depth: 9, showHidden: true }), /THE-ACCESS-TOKEN/);
    assert.doesNotMatch(flow.shown('get').join(), /THE-/);
  });

  const REFUSED: [string, ReturnType<typeof refuses>, string, string | undefined][] = [
    ['400 invalid_client', refuses(400, 'invalid_client'), 'client-invalid', 'invalid_client'],
    ['401 invalid_client', refuses(401, 'invalid_client'), 'client-invalid', 'invalid_client'],
    [
      '401 unauthorized_client for a wrong secret',
      refuses(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
      'client-invalid',
      'unauthorized_client',
    ],
    ['401 with an empty body', { status: 401 }, 'client-invalid', undefined],
    ['400 invalid_scope', refuses(400, 'invalid_scope', 'Invalid scopes: x'), 'scope-invalid', 'invalid_scope'],
    [
      '400 unsupported_grant_type',
      refuses(400, 'unsupported_grant_type'),
      'grant-not-allowed',
      'unsupported_grant_type',
    ],
    [
      '401 unauthorized_client about the grant',
      refuses(401, 'unauthorized_client', 'Client not enabled to retrieve service account'),
      'grant-not-allowed',
      'unauthorized_client',
    ],
    [
      '401 invalid_request of a disabled account',
      refuses(401, 'invalid_request', "User 'x' disabled"),
      'account-disabled',
      'invalid_request',
    ],
    ['400 invalid_grant', refuses(400, 'invalid_grant'), 'credentials-invalid', 'invalid_grant'],
    ['403 access_denied', refuses(403, 'access_denied', 'Realm not enabled'), 'account-disabled', 'access_denied'],
    ['400 with another word', refuses(400, 'invalid_request', 'duplicated parameter'), 'unknown', 'invalid_request'],
    ['403 with another word', refuses(403, 'some_word'), 'unknown', 'some_word'],
  ];
  for (const [what, answer, reason, error] of REFUSED) {
    it(`sends ${what} to output 2 as ${reason}`, async () => {
      const time = holdTime();
      const server = await serveTokens(always(answer));
      const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

      const { at, msg } = await flow.ask('get', { payload: 'kept', token: { access_token: 'old' } as MessageToken });

      assert.equal(at, 'refused');
      const { retry_at, ...auth } = msg.auth ?? {};
      const { error_description: said } = (answer.body ?? {}) as { error_description?: string };
      const words = { ...(error ? { error } : {}), ...(said ? { error_description: said } : {}) };
      assert.deepEqual(auth, { system: 'vgs', state: 'refused', reason, ...words });
      assertTimeAfter(retry_at, time, 30_000);
      assert.equal('token' in msg, false, 'an old token must not pass for a new one');
      assert.equal(msg.payload, 'kept');
      assert.equal(server.requests.length, 1);
    });
  }

  it('remembers a refusal for 30 s, and then sends a new request', async () => {
    const time = holdTime();
    const server = await serveTokens(inTurn(refuses(401, 'invalid_client'), grants('token-1')));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    assert.equal((await flow.ask('get')).at, 'refused');
    await time.pass(29_000);
    assert.equal((await flow.ask('get')).at, 'refused');
    assert.equal(server.requests.length, 1);

    await time.pass(1_000);
    assert.equal((await flow.ask('get')).at, 'token');
    assert.equal(server.requests.length, 2);
  });

  it('gets a new token before the old one expires, and never returns an expired one', async () => {
    const time = holdTime();
    const server = await serveTokens(grantsInTurn());
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    const next = async (): Promise<string | undefined> => (await flow.ask('get')).msg.token?.access_token;

    assert.equal(await next(), 'token-1');
    await time.pass(200_000);
    assert.equal(await next(), 'token-1');
    assert.equal(server.requests.length, 1);

    await time.pass(100_000);
    assert.equal(await next(), 'token-2');
    assert.equal(server.requests.length, 2);
  });

  it('gives a token without a usable life to those who wait for it, and to nobody after', async () => {
    const server = await serveTokens(grantsInTurn({ expires_in: 'soon' }));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    flow.send('get');
    flow.send('get');
    const both = [await flow.next('token'), await flow.next('token')];
    const third = await flow.ask('get');

    assert.deepEqual(
      both.map(({ msg }) => msg.token?.access_token),
      ['token-1', 'token-1'],
    );
    assert.equal(third.msg.token?.access_token, 'token-2');
  });

  it('shows how long the token is valid, and that it has expired, without a message', async () => {
    const time = holdTime();
    const server = await serveTokens();
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);

    await flow.ask('get');
    assert.match(flow.status('get'), /valid-until$/);
    const shown = flow.shown('get').length;

    await time.pass(299_000);
    assert.equal(flow.shown('get').length, shown, 'it does not tick');
    await time.pass(1_000);
    assert.match(flow.status('get'), /expired$/);
  });
});
