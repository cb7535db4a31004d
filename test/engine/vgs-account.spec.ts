import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AuthError } from '../../src/core/errors.ts';
import { checkVgsSettings, VgsAccount, type VgsSettings } from '../../src/vgs/account.ts';
import { FakeSystem, START, settle } from '../support/fake-system.ts';
import { json, OpenStep, page, ScriptedTransport, type Step } from '../support/scripted-transport.ts';
import '../support/rejections.ts';

const SETTINGS: VgsSettings = {
  tokenUrl: 'https://auth.example.org/token',
  clientId: 'AC-calm',
  clientSecret: 'secret',
  scope: '',
  clientAuth: 'body',
};
const granted = (more: object = {}): Step =>
  json(200, { access_token: 'abc', expires_in: 300, token_type: 'bearer', ...more });

function accountWith(settings: Partial<VgsSettings>, ...script: Step[]) {
  const system = new FakeSystem();
  const transport = new ScriptedTransport(system, ...script);
  return { system, transport, account: new VgsAccount({ ...SETTINGS, ...settings }, transport, system) };
}

describe('a VGS service account', () => {
  it('sends client ID, secret and grant type in the form, and no scope if none is set', async () => {
    const { account, transport } = accountWith({}, granted());
    await account.ask();
    assert.equal(transport.requests[0].url, SETTINGS.tokenUrl);
    assert.deepEqual(transport.lastForm, {
      client_id: 'AC-calm',
      client_secret: 'secret',
      grant_type: 'client_credentials',
    });
    assert.equal(transport.requests[0].basic, undefined);
  });

  it('sends its scope as words that are separated by one space, each once', async () => {
    const { account, transport } = accountWith(
      { scope: '  cards:write\n network-tokens:write cards:write ' },
      granted(),
    );
    await account.ask();
    assert.equal(transport.lastForm.scope, 'cards:write network-tokens:write');
  });

  it('sends the credentials only in the header if that is set', async () => {
    const { account, transport } = accountWith({ clientAuth: 'header', scope: 'a' }, granted());
    await account.ask();
    assert.deepEqual(transport.lastForm, { grant_type: 'client_credentials', scope: 'a' });
    assert.deepEqual(transport.requests[0].basic, { clientId: 'AC-calm', clientSecret: 'secret' });
  });

  it('gets a token that expires after expires_in, counted from the moment of the request', async () => {
    const answer = new OpenStep();
    const { account, system } = accountWith({}, answer.step);
    const asked = account.ask();
    await system.pass(4_000);
    answer.answer({ body: { access_token: 'abc', expires_in: '300' } });
    assert.equal((await asked).token?.expiresAt, START + 300_000);
  });

  it('gives a token to those who wait only, if its life is invalid and it is opaque', async () => {
    const { account, transport } = accountWith({}, granted({ expires_in: 'soon' }), granted());
    assert.equal((await account.ask()).token?.accessToken, 'abc');
    assert.equal(account.source.current(), undefined);
    await account.ask();
    assert.equal(transport.requests.length, 2);
  });

  it('reports which scopes are missing', async () => {
    const scope = 'cards:write user_id service-account';
    const { account } = accountWith({ scope: 'cards:write network-tokens:write' }, granted({ scope }));
    const { token } = await account.ask();
    assert.deepEqual(token?.missingScope, ['network-tokens:write']);
    assert.deepEqual(token?.scope, ['cards:write', 'user_id', 'service-account']);
  });

  it('reads the sample of the documentation', async () => {
    const sample = JSON.parse(readFileSync(new URL('../fixtures/vgs-token.json', import.meta.url), 'utf8'));
    const { account } = accountWith({ scope: 'cards:write network-tokens:write' }, json(200, sample));
    const { token } = await account.ask();
    assert.equal(token?.accessToken, '...');
    assert.equal(token?.expiresAt, START + 300_000);
    assert.deepEqual(token?.missingScope, ['network-tokens:write']);
  });

  it('never uses a refresh token', async () => {
    const refresh = { refresh_token: 'r', refresh_expires_in: 1800 };
    const { account, transport, system } = accountWith({}, granted(refresh), granted(refresh));
    await account.ask();
    await system.pass(300_000);
    await account.ask();
    assert.deepEqual(
      transport.requests.map(({ form }) => form.grant_type),
      ['client_credentials', 'client_credentials'],
    );
    assert.ok(!JSON.stringify(account.source.token).includes('refresh'));
  });

  it('sends one request, with its retries, for 1,000 messages at once', async () => {
    const { account, transport, system } = accountWith({}, page(503), granted());
    const asked = Promise.all(Array.from({ length: 1000 }, () => account.ask()));
    await system.pass(2_000);
    const tokens = (await asked).map(({ token }) => token?.generation);
    assert.equal(new Set(tokens).size, 1);
    assert.equal(transport.requests.length, 2);
  });

  it('sends three tries if messages wait, and one if the last attempt failed', async () => {
    const { account, transport, system } = accountWith({});
    transport.otherwise = page(503);
    for (const requests of [3, 4, 5]) {
      const asked = account.ask();
      await system.pass(5_000);
      assert.equal((await asked).failed?.code, 'AUTH_UNAVAILABLE');
      assert.equal(transport.requests.length, requests);
    }
    transport.otherwise = granted();
    const asked = account.ask();
    await system.pass(5_000);
    assert.equal((await asked).token?.accessToken, 'abc');
  });

  it('sends one try if the old token is still used', async () => {
    const { account, transport, system } = accountWith({}, granted(), page(503), granted());
    await account.ask();
    await system.pass(250_000);
    assert.equal((await account.ask()).token?.accessToken, 'abc');
    await system.pass(900);
    assert.equal(transport.requests.length, 2);
    account.source.current();
    await system.pass(900);
    assert.equal(transport.requests.length, 3);
  });

  it('sends three tries if messages wait, even if the old token has not expired', async () => {
    const { account, transport, system } = accountWith({}, granted(), page(503), page(503), granted());
    await account.ask();
    await system.pass(295_000);
    const asked = account.ask();
    await system.pass(2_000);
    assert.equal((await asked).token?.generation, account.source.token?.generation);
    assert.equal(transport.requests.length, 4);
  });

  it('returns a refusal as an answer, not as a fault', async () => {
    const { account } = accountWith({}, json(401, { error: 'unauthorized_client' }));
    const { refused, failed } = await account.ask();
    assert.equal(refused?.reason, 'client-invalid');
    assert.equal(failed, undefined);
  });

  it('succeeds with the next message after the server is back', async () => {
    const cut = new AuthError('connection-refused', { host: 'auth.example.org' });
    const { account, system } = accountWith({}, cut, cut, cut, granted());
    const first = account.ask();
    await system.pass(5_000);
    assert.equal((await first).failed?.code, 'AUTH_NETWORK');
    const next = account.ask();
    await system.pass(5_000);
    assert.equal((await next).token?.accessToken, 'abc');
  });

  it('reports its state to listeners, and remembers it for later ones', async () => {
    const { account } = accountWith({}, granted());
    const told: string[] = [];
    const end = account.changes.add(({ at }) => told.push(at));
    assert.equal(account.state.at, 'idle');
    await account.ask();
    end();
    account.source.clear();
    assert.deepEqual(told, ['renewing', 'valid']);
    assert.equal(account.state.at, 'idle');
  });

  it('uses new TLS and proxy settings with the token that is kept, and ends requests with the old ones', async () => {
    const answer = new OpenStep();
    const { account, transport, system } = accountWith({}, answer.step);
    const other = new ScriptedTransport(system, granted({ access_token: 'new' }));
    const first = account.ask();
    await settle();
    account.transport.replace(other);
    assert.equal(transport.closed, true);
    answer.answer({ body: { access_token: 'old', expires_in: 300 } });
    assert.equal((await first).token?.accessToken, 'old');
    await system.pass(300_000);
    assert.equal((await account.ask()).token?.accessToken, 'new');
  });

  it('does not close a transport with the same settings', () => {
    const { account, transport } = accountWith({});
    account.transport.replace(transport);
    assert.equal(transport.closed, false);
  });

  for (const [property, value] of [
    ['clientId', ''],
    ['clientSecret', ''],
    ['clientAuth', 'query'],
  ] as const) {
    it(`is incomplete with ${property} ${JSON.stringify(value)}: AUTH_CONFIG that names it`, () => {
      assert.throws(
        () => checkVgsSettings({ ...SETTINGS, [property]: value } as VgsSettings),
        (error: AuthError) => error.code === 'AUTH_CONFIG' && error.message.includes(`"${property}"`),
      );
    });
  }

  it('is complete with all of them', () => assert.doesNotThrow(() => checkVgsSettings(SETTINGS)));
});
