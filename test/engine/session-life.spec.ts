import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { settle } from '../support/fake-system.ts';
import { json, OpenStep, page, ScriptedTransport, type Step, silence } from '../support/scripted-transport.ts';
import { refreshed, says, signedIn } from '../support/vg-replies.ts';
import { ANNA, ASK, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const LIFE = 1_800_000;
const dead = json(400, { error: 'invalid_grant' });

/** Anna's session. */
async function sessionWith(...script: Step[]) {
  const scene = stage({}, signedIn(), ...script);
  const { session } = isSignedIn(await scene.server.signIn(ANNA, ASK));
  return { ...scene, session };
}

describe('a session', () => {
  it('is renewed with its refresh token, which the new one replaces', async () => {
    const { session, system, transport } = await sessionWith(refreshed('b', 'refresh-2'), refreshed('c', 'refresh-3'));
    await system.pass(LIFE);
    assert.equal((await session.ask()).token?.accessToken, 'b');
    assert.equal(transport.lastForm.refresh_token, 'refresh-1');
    await system.pass(LIFE);
    assert.equal((await session.ask()).token?.accessToken, 'c');
    assert.equal(transport.lastForm.refresh_token, 'refresh-2');
  });

  it('has the new refresh token before the new token is reported to anybody', async () => {
    const { session, system } = await sessionWith(refreshed('b', 'refresh-2'));
    const seen: string[] = [];
    session.changes.add(({ at }) => at === 'valid' && seen.push(session.refreshToken));
    await system.pass(LIFE);
    await session.ask();
    assert.deepEqual(seen, ['refresh-2']);
  });

  it('keeps its refresh token if no new one comes', async () => {
    const { session, system, transport } = await sessionWith(refreshed('b'), refreshed('c'));
    for (const expected of ['b', 'c']) {
      await system.pass(LIFE);
      assert.equal((await session.ask()).token?.accessToken, expected);
      assert.equal(transport.lastForm.refresh_token, 'refresh-1');
    }
  });

  it('sends a refresh token once, however many messages ask', async () => {
    const answer = new OpenStep();
    const { session, system, transport } = await sessionWith(answer.step);
    await system.pass(LIFE);
    const all = Promise.all(Array.from({ length: 1000 }, () => session.ask()));
    await settle();
    answer.answer(refreshed('b', 'refresh-2'));
    assert.ok((await all).every(({ token }) => token?.accessToken === 'b'));
    assert.equal(transport.requests.length, 2);
  });

  it('keeps the VGToken, the scope and the data of the login', async () => {
    const { session, system } = await sessionWith(refreshed('b'));
    const { login } = session;
    await system.pass(LIFE);
    const { token } = await session.ask();
    assert.equal(token?.VGToken, 'vgtoken-1');
    assert.deepEqual(token?.scope, ['openid', 'offline_access']);
    assert.equal(session.login, login);
    assert.deepEqual(login?.status.authentication.names, ['Success']);
  });

  it('keeps the VGToken, too, if the token was dropped because an API rejected it', async () => {
    const { session } = await sessionWith(refreshed('b'));
    session.source.reject(session.source.token?.generation ?? 0);
    assert.equal((await session.ask()).token?.VGToken, 'vgtoken-1');
  });

  it('ends with invalid_grant: session-expired, and its handle finds nothing', async () => {
    const { session, server, system, engine, transport } = await sessionWith(dead);
    await system.pass(LIFE);
    assert.equal((await session.ask()).refused?.reason, 'session-expired');
    assert.equal(session.ended, true);
    assert.equal(session.refreshToken, '');
    assert.equal(server.sessionWith(session.handle), undefined);
    assert.equal(server.sessionOf('anna'), undefined);
    assert.equal(engine.sessions.size, 0);
    // There is no automatic login.
    assert.equal(transport.requests.length, 2);
  });

  it('gives its token, although it is still valid, to nobody after an early end', async () => {
    const { session, system } = await sessionWith(dead);
    await system.pass(LIFE - 30_000);
    session.source.current();
    await settle();
    assert.equal(session.ended, true);
    assert.equal(session.source.current(), undefined);
  });

  for (const [name, reply, reason] of [
    ['invalid_client', json(400, { error: 'invalid_client' }), 'client-invalid'],
    ['invalid_scope', json(400, { error: 'invalid_scope' }), 'scope-invalid'],
    ['unauthorized_client', json(400, { error: 'unauthorized_client' }), 'client-invalid'],
    ['invalid_request', json(400, { error: 'invalid_request' }), 'unknown'],
    ['a state', says(['Failure', 'UserAccountLocked']), 'account-locked'],
  ] as const) {
    it(`does not end with any other refusal: ${name}`, async () => {
      const { session, server, system, transport } = await sessionWith(reply, refreshed('b'));
      await system.pass(LIFE);
      assert.equal((await session.ask()).refused?.reason, reason);
      assert.equal(session.ended, false);
      assert.equal(server.sessionWith(session.handle), session);
      await system.pass(30_000);
      assert.equal((await session.ask()).token?.accessToken, 'b');
      assert.equal(transport.lastForm.refresh_token, 'refresh-1');
    });
  }

  for (const [name, step, code] of [
    ['the connection is cut', new AuthError('connection-cut', { host: 'h' }), 'AUTH_NETWORK'],
    ['the server says nothing', silence, 'AUTH_TIMEOUT'],
    ['the server is down', page(503), 'AUTH_UNAVAILABLE'],
    ['the answer is no sense', page(200), 'AUTH_BAD_RESPONSE'],
  ] as const) {
    it(`is not renewed twice automatically if ${name}; the next message tries the same refresh token, after a pause`, async () => {
      const { session, system, transport } = await sessionWith(step, refreshed('b', 'refresh-2'));
      await system.pass(LIFE);
      const asked = session.ask();
      await system.pass(20_000);
      assert.equal((await asked).failed?.code, code);
      assert.equal(transport.requests.length, 2);
      const next = session.ask();
      await system.pass(1_000);
      assert.equal((await next).token?.accessToken, 'b');
      assert.deepEqual(
        transport.requests.slice(1).map(({ form }) => form.refresh_token),
        ['refresh-1', 'refresh-1'],
      );
    });
  }

  it('is not renewed before the time that a busy server asks for, and its old token is used meanwhile', async () => {
    const { session, system, transport } = await sessionWith(page(429, { retryAfter: 90_000 }), refreshed('b'));
    system.chance = 0;
    await system.pass(LIFE - 50_000);
    assert.equal((await session.ask()).token?.accessToken, 'access-1');
    await system.pass(50_000);
    const { failed } = await session.ask();
    assert.deepEqual([failed?.code, failed?.retryAt], ['AUTH_UNAVAILABLE', system.now() + 40_000]);
    assert.equal(transport.requests.length, 2);
    await system.pass(40_000);
    assert.equal((await session.ask()).token?.accessToken, 'b');
  });

  it('without a refresh token ends when its token expires: session-expired', async () => {
    const scene = stage({}, signedIn('a', { refreshToken: '' }));
    const { session } = isSignedIn(await scene.server.signIn(ANNA, ASK));
    await scene.system.pass(LIFE - 1);
    assert.ok(session.source.token);
    await scene.system.pass(1);
    assert.equal((await session.ask()).refused?.reason, 'session-expired');
    assert.equal(scene.transport.requests.length, 1);
  });

  it('without a refresh token uses its token as long as it is valid', async () => {
    const scene = stage({}, signedIn('a', { refreshToken: '' }));
    const { session } = isSignedIn(await scene.server.signIn(ANNA, ASK));
    await scene.system.pass(LIFE - 61_000);
    for (let second = 0; second < 61; second += 1) {
      const { token } = await session.ask();
      assert.equal(token?.accessToken, 'a', `${61 - second} s before the end`);
      await scene.system.pass(1000);
    }
  });

  it('completes a renewal that is under way while TLS or proxy of the server change', async () => {
    const answer = new OpenStep();
    const { session, system, server } = await sessionWith(answer.step);
    await system.pass(LIFE);
    const asked = session.ask();
    await settle();
    server.transport.replace(new ScriptedTransport(system));
    answer.answer(refreshed('b', 'refresh-2'));
    assert.equal((await asked).token?.accessToken, 'b');
    assert.equal(session.refreshToken, 'refresh-2');
  });
});
