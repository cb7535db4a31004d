import assert from 'node:assert/strict';
import { ProgramFields } from '../../src/library/open.ts';
import { VGS_TOKEN_URL } from '../../src/vgs/account.ts';
import { readAccount } from '../../src/vgs/settings.ts';
import { FULL_SCOPE } from '../../src/visual-guard/dialect/wire.ts';
import { place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { serveTokens, VGS_CREDENTIALS } from '../support/token-server.ts';

const places = ['one', 'two', 'three'].map(place);

describe('a node that was saved without its optional properties', () => {
  for (const nothing of [undefined, null]) {
    const absent = (...properties: string[]): object =>
      nothing === null ? Object.fromEntries(properties.map((property) => [property, null])) : {};

    it(`of VGS has their defaults (${nothing})`, async () => {
      const server = await serveTokens();
      const flow = await load(
        [
          {
            id: 'account',
            type: 'vgs-account',
            tokenUrl: server.origin,
            ...absent(
              'name',
              'scope',
              'clientAuth',
              'tls',
              'proxy',
              'insecureHttp',
              'practice',
              'store',
              'byName',
              'keepAlive',
              'testUrl',
            ),
          },
          wire('vgs-token', 'get', ['one', 'two'], {
            account: 'account',
            ...absent('name', 'accountName', 'accountNameType', 'property'),
          }),
          wire('attach-bearer', 'attach', ['one', 'two'], {
            account: 'account',
            ...absent('source', 'accountName', 'accountNameType', 'user', 'userType', 'property', 'hide'),
          }),
          ...places,
        ],
        VGS_CREDENTIALS,
      );
      const got = await flow.ask('get');
      assert.deepEqual([got.at, got.msg.token?.access_token], ['one', 'token-1']);
      assert.equal(server.requests[0]?.form.get('client_id'), 'test-client', 'in the body');
      assert.equal(server.requests[0]?.form.has('scope'), false);
      const attached = await flow.ask('attach');
      assert.equal(attached.at, 'one');
      assert.equal(JSON.stringify(attached.msg.headers).includes('token-1'), false, 'the header is hidden');
    });

    it(`of Visual Guard has their defaults (${nothing})`, async () => {
      const server = await serve(() => ({
        body: { access_token: 'token', refresh_token: 'refresh', expires_in: 300, token_type: 'Bearer' },
      }));
      const named = absent('name', 'serverName', 'serverNameType');
      const flow = await load(
        [
          {
            id: 'server',
            type: 'vg-server',
            url: server.origin,
            applicationId: 'app',
            ...absent(
              'platform',
              'scope',
              'module',
              'mfaCredentials',
              'tls',
              'proxy',
              'practice',
              'store',
              'byName',
              'keepAlive',
              'testUrl',
            ),
          },
          wire('vg-login', 'login', ['one', 'two', 'three'], {
            server: 'server',
            ...named,
            ...absent('username', 'usernameType', 'password', 'passwordType', 'method', 'property'),
          }),
          wire('vg-logout', 'logout', ['one'], { server: 'server', ...named, ...absent('user', 'userType') }),
          wire('vg-mfa', 'mfa', ['one', 'two', 'three'], {
            ...absent('action', 'code', 'codeType', 'method', 'methodType', 'challenge', 'challengeType', 'property'),
          }),
          ...places,
        ],
        { server: { username: 'robot', password: 'THE-PASSWORD' } },
      );
      const { at, msg } = await flow.ask('login');
      assert.deepEqual([at, msg.token?.access_token], ['one', 'token']);
      const form = server.requests[0]?.form;
      assert.deepEqual(
        ['client_id', 'scope', 'VGAuthenticationModule', 'Username'].map((name) => form?.get(name)),
        ['app_Native', FULL_SCOPE, 'VGUser', 'robot'],
      );
      assert.equal((await flow.ask('logout')).msg.auth?.state, 'signed-out');
      const mfa = await flow.ask('mfa', { payload: '012345', auth: { challenge: { id: 'unknown' } } as never });
      assert.deepEqual([mfa.at, mfa.msg.auth?.reason, 'payload' in mfa.msg], ['three', 'challenge-unknown', false]);
    });
  }

  it('of VGS sends requests to VGS', () => {
    const settings = readAccount(new ProgramFields({ clientId: 'a', clientSecret: 'b' }));
    assert.equal(settings.tokenUrl, VGS_TOKEN_URL);
  });

  it('of a store uses the default context store', async () => {
    const server = await serveTokens();
    const flow = await load(
      [
        { id: 'store', type: 'auth-store' },
        { id: 'account', type: 'vgs-account', tokenUrl: server.origin, store: 'store' },
        wire('vgs-token', 'get', ['one', 'two'], { account: 'account' }),
        ...places,
      ],
      { ...VGS_CREDENTIALS, store: { encryptionKey: 'a passphrase that is long enough' } },
    );
    assert.equal((await flow.ask('get')).at, 'one');
  });
});
