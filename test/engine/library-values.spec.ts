import assert from 'node:assert/strict';
import { AuthError, type Challenged, createVgsAccount, createVisualGuard, practice } from '../../src/index.ts';
import { always, closeServers, serve, type TestServer } from '../support/servers.ts';
import { grantsInTurn } from '../support/token-server.ts';

const CLIENT = { clientId: 'client', clientSecret: 'THE-SECRET' };
const PROXY = { url: 'http://127.0.0.1:1' };

/** A function as a program in JavaScript calls it. */
type Untyped = (...values: unknown[]) => never;

const isConfigError = (error: unknown): boolean => error instanceof AuthError && error.code === 'AUTH_CONFIG';

const open: { close(): void }[] = [];
const opened = <T extends { close(): void }>(made: T): T => {
  open.push(made);
  return made;
};

describe('a program that passes values of the wrong type', () => {
  let there: TestServer;

  beforeEach(async () => {
    there = await serve(grantsInTurn());
  });

  afterEach('what a test opened is closed', async () => {
    for (const each of open.splice(0)) each.close();
    await closeServers();
  });

  for (const [name, settings] of [
    ['no settings', undefined],
    ['null', null],
    ['a text as a proxy', { ...CLIENT, proxy: PROXY.url }],
    ['a proxy without an address', { ...CLIENT, proxy: {} }],
    ['an object as the address of a proxy', { ...CLIENT, proxy: { url: new URL(PROXY.url) } }],
    ['a text as the hosts without a proxy', { ...CLIENT, proxy: { ...PROXY, noProxy: 'a,b' } }],
    ['a text as TLS options', { ...CLIENT, tls: 'x' }],
    ['a text as a flag, which must not mean the real server', { ...CLIENT, practice: 'true' }],
    ['a number as a flag', { ...CLIENT, insecureHttp: 1 }],
  ] as const) {
    it(`gets an AuthError for ${name}, from both functions`, () => {
      for (const create of [createVgsAccount, createVisualGuard])
        assert.throws(
          () =>
            opened((create as unknown as Untyped)(settings && { url: there.origin, applicationId: 'a', ...settings })),
          isConfigError,
        );
    });
  }

  it('gets an AuthError for credentials and options of a sign-in, and nothing is sent', async () => {
    const vg = opened(createVisualGuard({ url: there.origin, applicationId: 'app' }));
    const signIn = vg.signIn as unknown as Untyped;
    const anna = { user: 'anna', password: 'secret' };
    for (const values of [
      [],
      [{}],
      [{ user: 5, password: 'x' }],
      [{ user: '', password: 'x' }],
      [{ user: 'anna' }],
      [{ user: 'anna', password: '' }],
      [{ user: 'anna', password: null }],
      [{ user: 'anna', password: 5 }],
      [anna, 'options'],
      [anna, { method: 5 }],
      [anna, { reset: 'true' }],
    ])
      await assert.rejects(signIn(...values), isConfigError, JSON.stringify(values));
    assert.equal(there.requests.length, 0);
  });

  it('gets an AuthError for a stored user without a name or a password, and nothing is sent', async () => {
    for (const stored of [{}, { username: 'carl' }, { password: 'secret' }]) {
      const vg = opened(createVisualGuard({ url: there.origin, applicationId: 'app', ...stored }));
      await assert.rejects(vg.signInStored(), isConfigError, JSON.stringify(stored));
    }
    assert.equal(there.requests.length, 0);
  });

  it('sends no password if the module needs none', async () => {
    there.answer = always({ status: 400, body: { error: 'invalid_grant' } });
    const vg = opened(createVisualGuard({ url: there.origin, applicationId: 'app', module: 'Passwordless' }));
    await vg.signIn({ user: 'anna' });
    assert.deepEqual(
      there.requests.map(({ form }) => [form.get('Username'), form.get('Password') ?? '']),
      [['anna', '']],
    );
  });

  it('gets an AuthError for a code that is empty or no code, which does not count as a wrong one', async () => {
    const vg = opened(createVisualGuard({ practice: true }));
    const asked = (await vg.signIn({ user: 'whatsapp', password: 'practice' }, { method: 'first' })) as Challenged;
    const { challenge } = asked;
    const submit = challenge.submit as unknown as Untyped;
    for (const code of ['', ' - ', undefined, null, {}, []])
      await assert.rejects(submit(code), isConfigError, JSON.stringify(code));
    await assert.rejects((challenge.choose as unknown as Untyped)(5), isConfigError);
    assert.equal(challenge.attempts, 0);
    // As in a node, a number is the code with its digits.
    await submit(Number(practice.inboxOf('whatsapp')?.text) || 1);
  });

  it('rejects a token by a copy of it, and gets an AuthError for what is no token', async () => {
    const vgs = opened(createVgsAccount({ ...CLIENT, tokenUrl: there.origin }));
    const { token } = await vgs.token();
    assert.ok(token);
    for (const value of [undefined, 'token-1', {}])
      assert.throws(() => (vgs.reject as unknown as Untyped)(value), isConfigError);
    assert.equal(vgs.reject({ ...token, access_token: token.access_token }), true);
    assert.equal((await vgs.token()).token?.access_token, 'token-2');
    // The one that was rejected is not the one that is kept.
    assert.equal(vgs.reject(structuredClone({ ...token, access_token: token.access_token })), true);
    assert.equal((await vgs.token()).token?.access_token, 'token-2');
  });

  it('cannot change the token and the counts of other callers', async () => {
    const vgs = opened(createVgsAccount({ ...CLIENT, tokenUrl: there.origin, scope: 'x y' }));
    const { token } = await vgs.token();
    assert.throws(() => token?.scope.push('admin'), TypeError);
    assert.throws(() => Object.assign(token ?? {}, { access_token: 'another' }), TypeError);
    Object.assign(vgs.counts, { requests: -5 });
    assert.equal(vgs.counts.requests, 1);
    assert.equal(vgs.current()?.access_token, 'token-1');
  });

  it('gets no token after it has closed the account', async () => {
    const vgs = opened(createVgsAccount({ ...CLIENT, tokenUrl: there.origin }));
    await vgs.token();
    vgs.close();
    assert.equal(vgs.current(), undefined);
    await assert.rejects(vgs.token(), { code: 'AUTH_UNAVAILABLE' });
    assert.equal(there.requests.length, 1);
  });
});
