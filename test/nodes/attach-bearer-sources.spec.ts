import assert from 'node:assert/strict';
import { assertFault } from '../support/faults.ts';
import { type Arrival, type FlowNode, place, wire } from '../support/flows.ts';
import { challenges, guardFlow, PRACTICE, says, signsIn, stepOf, stored, way } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { load } from '../support/runtime.ts';
import { always, closedPort, inTurn, serve } from '../support/servers.ts';
import { grants, grantsInTurn, refuses, serveTokens, VGS_CREDENTIALS } from '../support/token-server.ts';

const headerOf = ({ msg }: Arrival): string => String(msg.headers?.authorization);

/** Output 2 sends no authorization header, in any case, and no earlier one either. */
function assertNeeded({ at, msg }: Arrival, auth: object): void {
  assert.equal(at, 'needed');
  for (const [name, value] of Object.entries(auth)) assert.deepEqual((msg.auth as never)?.[name], value, name);
  // An inherited header is sent, too.
  for (const name in msg.headers ?? {}) assert.notEqual(name.toLowerCase(), 'authorization');
}

describe('attach bearer, from a VGS account', () => {
  const nodes = (tokenUrl: string): FlowNode[] => [
    { id: 'account', type: 'vgs-account', tokenUrl },
    wire('attach-bearer', 'attach', ['ready', 'needed'], { account: 'account' }),
    ...['ready', 'needed'].map(place),
  ];

  it('sets the header and leaves everything else unchanged, including msg.auth', async () => {
    const server = await serveTokens();
    const flow = await load(nodes(server.origin), VGS_CREDENTIALS);
    const auth = { state: 'signed-out' as const };

    const cold = await flow.ask('attach', { payload: 'kept', auth, headers: { accept: 'text/plain' } });
    const warm = await flow.ask('attach', { payload: 'kept' });

    for (const arrival of [cold, warm]) {
      assert.equal(arrival.at, 'ready');
      assert.equal(headerOf(arrival), 'Bearer token-1');
      assert.equal(arrival.msg.payload, 'kept');
      assert.equal('token' in arrival.msg, false, 'no token is ever on a message');
    }
    assert.deepEqual(cold.msg.auth, auth);
    assert.equal('auth' in warm.msg, false);
    assert.equal(cold.msg.headers?.accept, 'text/plain');
    assert.equal(server.requests.length, 1);
  });

  it('sends a refusal by output 2', async () => {
    const server = await serveTokens(always(refuses(401, 'invalid_client')));
    const flow = await load(nodes(server.origin), VGS_CREDENTIALS);

    const arrival = await flow.ask('attach', {
      payload: 'kept',
      headers: { AUTHORIZATION: 'old', authorization: 'old' },
    });

    assertNeeded(arrival, { system: 'vgs', state: 'refused', reason: 'client-invalid', error: 'invalid_client' });
    assert.equal(arrival.msg.payload, 'kept');
  });

  it('sends a fault to a Catch node, and works again afterwards', async () => {
    holdTime();
    const port = await closedPort();
    const flow = await load(nodes(`http://127.0.0.1:${port}`), VGS_CREDENTIALS);

    assertFault(await flow.ask('attach'), 'AUTH_NETWORK', `127.0.0.1:${port}`);
    await serve(grantsInTurn(), { port });
    assert.equal((await flow.ask('attach')).at, 'ready');
  });

  it('uses the old token while a renewal fails, until it expires', async () => {
    const time = holdTime();
    const server = await serveTokens(inTurn(grants('token-1'), { status: 503 }));
    const flow = await load(nodes(server.origin), VGS_CREDENTIALS);
    await flow.ask('attach');

    await time.pass(295_000);
    assert.equal(headerOf(await flow.ask('attach')), 'Bearer token-1');
    await time.pass(5_000);
    assert.equal((await flow.ask('attach')).msg.error?.code, 'AUTH_UNAVAILABLE');
  });
});

describe('attach bearer, from a Visual Guard session', () => {
  it('signs the stored user in automatically if that needs no human', async () => {
    const flow = await load(guardFlow(PRACTICE), stored('plain'));

    const arrival = await flow.ask('attach', { payload: 'kept' });

    assert.equal(arrival.at, 'ready');
    assert.match(headerOf(arrival), /^Bearer practice-vg-/);
    assert.equal('auth' in arrival.msg, false);
    assert.equal(headerOf(await flow.ask('attach')), headerOf(arrival));
  });

  it('sends the challenge of the stored user by output 2, and causes no code or link', async () => {
    const server = await serve(always(challenges(way('w1', 1, 2))));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('person'));

    const first = await flow.ask('attach');
    const second = await flow.ask('attach');

    for (const arrival of [first, second]) {
      assertNeeded(arrival, { system: 'vg', state: 'mfa-required', user: 'person', reason: undefined });
      assert.equal(arrival.msg.auth?.challenge?.method, undefined);
      assert.equal(arrival.msg.auth?.challenge?.methods.length, 1);
    }
    assert.equal(first.msg.auth?.challenge?.id, second.msg.auth?.challenge?.id);
    assert.deepEqual(server.requests.map(stepOf), ['login']);

    server.answer = always(says('Failure, MFA_WaitingUserAction'));
    await flow.ask('choose', { auth: first.msg.auth, payload: '' });
    server.answer = always(signsIn('token-1'));
    assert.equal((await flow.ask('submit', { auth: first.msg.auth, payload: '123456' })).at, 'in');
    assert.equal(headerOf(await flow.ask('attach')), 'Bearer token-1');
  });

  it('does not try again for 15 minutes after a refusal of the stored user', async () => {
    const time = holdTime();
    const server = await serve(always(says('Failure, UserAccountLocked')));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('person'));

    assertNeeded(await flow.ask('attach'), { state: 'refused', reason: 'account-locked', user: 'person' });
    server.answer = always(signsIn('token-1'));
    const held = await flow.ask('attach');
    assertNeeded(held, { state: 'refused', reason: 'account-locked', retry_at: time.now() + 900_000 });
    assert.equal(server.requests.length, 1);

    await time.pass(899_000);
    assert.equal((await flow.ask('attach')).at, 'needed');
    await time.pass(1_000);
    assert.equal((await flow.ask('attach')).at, 'ready');
    assert.equal(server.requests.length, 2);
  });

  it('tries again as soon as a sign-in of the stored user succeeds', async () => {
    const server = await serve(inTurn(says('Failure, UserAccountLocked'), signsIn('token-1')));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('person'));

    assert.equal((await flow.ask('attach')).at, 'needed');
    assert.equal((await flow.ask('login')).at, 'in');
    assert.equal((await flow.ask('attach')).at, 'ready');
  });

  it('tries again as soon as the credentials change', async () => {
    const server = await serve(inTurn(says('Failure, PasswordDoesNotMatch'), signsIn('token-1')));
    const nodes = guardFlow({ url: server.origin, applicationId: 'a' });
    const flow = await load(nodes, stored('person', 'old'));

    assertNeeded(await flow.ask('attach'), { state: 'refused', reason: 'credentials-invalid' });
    await flow.deploy(nodes, 'full', stored('person', 'new'));
    assert.equal((await flow.ask('attach')).at, 'ready');
    assert.equal(server.requests[1]?.form.get('Password'), 'new');
  });

  it('sends by output 2 if another user has no session, and by output 1 if there is one', async () => {
    const nodes = guardFlow(PRACTICE, {
      login: { username: 'payload.user', usernameType: 'msg', password: 'payload.password', passwordType: 'msg' },
    });
    const of = (id: string, user: string, userType: string): FlowNode =>
      wire('attach-bearer', id, ['ready', 'needed'], { source: 'vg', server: 'server', user, userType });
    const flow = await load([
      ...nodes,
      of('by-name', 'name', 'msg'),
      of('by-text', 'plain', 'str'),
      of('by-handle', '', 'session'),
      of('by-other-handle', 'handle', 'session'),
    ]);
    const none = { system: 'vg', state: 'sign-in-needed', reason: 'no-session' };

    assertNeeded(await flow.ask('by-name', { name: 'plain' }), { ...none, user: 'plain' });
    assertNeeded(await flow.ask('by-text'), { ...none, user: 'plain' });
    assertNeeded(await flow.ask('by-handle'), none);
    assertNeeded(await flow.ask('by-handle', { auth: { session: 'made-up' } } as never), none);
    assert.equal((await flow.ask('by-name')).msg.error?.code, 'AUTH_CONFIG');

    const { msg } = await flow.ask('login', { payload: { user: 'plain', password: 'practice' } });
    const header = `Bearer ${msg.token?.access_token}`;
    assert.equal(headerOf(await flow.ask('by-name', { name: 'plain' })), header);
    assert.equal(headerOf(await flow.ask('by-text')), header);
    assert.equal(headerOf(await flow.ask('by-handle', { auth: msg.auth })), header);
    assert.equal(headerOf(await flow.ask('by-other-handle', { handle: msg.auth?.session })), header);
    assertNeeded(await flow.ask('by-name', { name: 'Plain' }), { ...none, user: 'Plain' });
  });

  it('reports to a Catch node that there is no user name', async () => {
    const flow = await load([
      ...guardFlow(PRACTICE),
      wire('attach-bearer', 'by-name', ['ready', 'needed'], {
        source: 'vg',
        server: 'server',
        user: 'name',
        userType: 'msg',
      }),
    ]);

    assertFault(await flow.ask('by-name'), 'AUTH_CONFIG', '"name"');
  });

  it('uses the refresh token, and needs a sign-in if that is refused', async () => {
    const time = holdTime();
    const server = await serve((request) => {
      if (stepOf(request) === 'login') return signsIn('token-1');
      if (request.form.get('refresh_token') === 'refresh-of-token-1')
        return signsIn('token-2', { VGResponse: undefined });
      return refuses(400, 'invalid_grant');
    });
    const login = { username: 'payload', usernameType: 'msg', password: 'secret', passwordType: 'msg' };
    const flow = await load([
      ...guardFlow({ url: server.origin, applicationId: 'a' }, { login }),
      wire('attach-bearer', 'by-name', ['ready', 'needed'], {
        source: 'vg',
        server: 'server',
        user: 'u',
        userType: 'msg',
      }),
    ]);
    await flow.ask('login', { payload: 'person', secret: 'x' });

    await time.pass(1_800_000);
    assert.equal(headerOf(await flow.ask('by-name', { u: 'person' })), 'Bearer token-2');
    await time.pass(1_800_000);
    const expired = { system: 'vg', state: 'sign-in-needed', user: 'person', reason: 'session-expired' };
    assertNeeded(await flow.ask('by-name', { u: 'person' }), expired);
    assertNeeded(await flow.ask('by-name', { u: 'person' }), { state: 'sign-in-needed', reason: 'no-session' });
    assert.deepEqual(server.requests.map(stepOf), ['login', 'refresh', 'refresh']);
  });

  it('signs the stored user in again if the refresh is refused', async () => {
    const time = holdTime();
    let logins = 0;
    const server = await serve((request) => {
      if (stepOf(request) !== 'login') return refuses(400, 'invalid_grant');
      logins += 1;
      return signsIn(`token-${logins}`);
    });
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('person'));
    await flow.ask('attach');

    await time.pass(1_800_000);
    assert.equal(headerOf(await flow.ask('attach')), 'Bearer token-2');
  });
});

describe('attach bearer, from a token on the message', () => {
  const nodes = [
    wire('attach-bearer', 'attach', ['ready', 'needed'], { source: 'msg' }),
    wire('attach-bearer', 'elsewhere', ['ready', 'needed'], { source: 'msg', property: 'payload.key' }),
    ...['ready', 'needed'].map(place),
  ];

  it('uses it, with and without a known end', async () => {
    const time = holdTime();
    const flow = await load(nodes);
    const expires_at = time.now() + 1;

    for (const token of [
      { access_token: 'abc' },
      { access_token: 'abc', expires_at },
      { access_token: 'abc', expires_at: 0 },
    ])
      assert.equal(headerOf(await flow.ask('attach', { token: token as never })), 'Bearer abc');
    assert.equal(headerOf(await flow.ask('elsewhere', { payload: { key: { access_token: 'xyz' } } })), 'Bearer xyz');
  });

  const missing: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'abc'],
    ['a number', 5],
    ['an object without a token', {}],
    ['an empty token', { access_token: '' }],
    ['a number as the token', { access_token: 5 }],
    ['an object as the token', { access_token: {} }],
    ['a token with a line break', { access_token: 'a\r\nx-evil: 1' }],
    ['a redacted token, from a context file', { access_token: '[redacted]', token_type: 'Bearer' }],
  ];
  for (const [what, token] of missing) {
    it(`needs a sign-in if there is ${what}`, async () => {
      const flow = await load(nodes);
      const arrival = await flow.ask('attach', { token: token as never, headers: { Authorization: 'old', a: '1' } });
      assertNeeded(arrival, { state: 'sign-in-needed', reason: 'token-missing' });
      assert.equal('system' in (arrival.msg.auth ?? {}), false);
      assert.equal(arrival.msg.headers?.a, '1');
    });
  }

  it('needs a sign-in if it has expired', async () => {
    const time = holdTime();
    const flow = await load(nodes);
    const arrival = await flow.ask('attach', { token: { access_token: 'abc', expires_at: time.now() } as never });
    assertNeeded(arrival, { state: 'sign-in-needed', reason: 'token-expired' });
    assert.deepEqual(arrival.msg.auth, { state: 'sign-in-needed', reason: 'token-expired' });
  });
});
