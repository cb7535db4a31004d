import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { Engine } from '../../src/engine/engine.ts';
import { readFailure } from '../../src/http/failure.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { json, ScriptedTransport, silence } from '../support/scripted-transport.ts';
import { challenge, LINK, says, signedIn, wrongPassword } from '../support/vg-replies.ts';
import { ANNA, ASK, challengeOf, isChallenged, SETTINGS, stage } from '../support/visual-guard.ts';

const MINUTE = 60_000;

// Each of these combinations of two rules has failed once.
describe('two rules at the same time', () => {
  it('a link whose connection fails was not sent: no time-out for the person, and no pause', async () => {
    const noConnection = readFailure({ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'h', 330);
    assert.deepEqual([noConnection.code, noConnection.fault], ['AUTH_TIMEOUT', 'no-connection']);
    const at = stage({}, challenge([LINK]), noConnection, challenge([LINK]));
    const open = await challengeOf(at);
    const sent = isChallenged(await open.choose(''), 'link-sent');
    await assert.rejects(async () => sent.link?.later, { code: 'AUTH_TIMEOUT' });
    assert.equal(at.engine.challenges.size, 1);
    assert.equal(open.state, 'mfa-required');
    isChallenged(await open.choose(''), 'link-sent');
  });

  it('a proxy that answers 502 is no gateway, behind which a link may be open', async () => {
    const at = stage({}, challenge([LINK]), new AuthError('proxy-refused', { host: 'h', status: 502 }));
    const open = await challengeOf(at);
    const sent = isChallenged(await open.choose(''), 'link-sent');
    await assert.rejects(async () => sent.link?.later, { code: 'AUTH_PROXY' });
  });

  it('a sign-in that the guard holds back was not sent: attach-bearer tries again when the hold ends', async () => {
    const at = stage({}, wrongPassword, signedIn());
    const begun = at.system.now();
    await at.server.signInStored(ASK);
    await at.system.pass(14 * MINUTE);
    const held = await at.server.tokenOfStored(false);
    assert.equal(held.outcome?.reason, 'held-back');
    assert.equal(held.outcome?.retryAt, begun + 15 * MINUTE);
    await at.system.pass(2 * MINUTE);
    assert.ok((await at.server.tokenOfStored(false)).token);
  });

  it('attach-bearer waits 30 s at most, however long the pause and the server take', async () => {
    const at = stage();
    at.transport.otherwise = silence;
    for (let count = 0; count < 7; count += 1) {
      const begun = at.system.now();
      let waited: number | undefined;
      const asked = at.server.tokenOfStored(false).catch(() => {
        waited = at.system.now() - begun;
      });
      for (let steps = 0; waited === undefined && steps < 100; steps += 1) await at.system.pass(500);
      await asked;
      assert.ok((waited ?? Number.POSITIVE_INFINITY) <= 30_000, `${waited} ms`);
    }
  });

  it('sign-ins that wait for their turn fail after 30 s, and are not sent then', async () => {
    const at = stage();
    at.transport.otherwise = silence;
    const begun = at.system.now();
    const waits: number[] = [];
    const all = Array.from({ length: 4 }, () =>
      at.server.signIn(ANNA, ASK).catch(() => waits.push(at.system.now() - begun)),
    );
    for (let steps = 0; steps < 200; steps += 1) await at.system.pass(500);
    await Promise.all(all);
    assert.equal(waits.length, 4);
    assert.ok(Math.max(...waits) <= 30_000, String(waits));
    assert.ok(at.transport.requests.length <= 2, `${at.transport.requests.length} logins`);
  });

  it('the stored session counts as used: others are removed first when the limit is reached', async () => {
    const system = new FakeSystem();
    const engine = new Engine(2, system);
    const transport = new ScriptedTransport(system);
    transport.otherwise = signedIn();
    const server = engine.holdServer(SETTINGS, transport, '').value;
    await server.signInStored(ASK);
    const stored = server.storedSession;
    await server.signIn(ANNA, ASK);
    assert.equal(server.storedSession, stored);
    await server.signIn({ user: 'bert', password: 'x' }, ASK);
    assert.equal(server.storedSession, stored);
    assert.equal(stored?.ended, false);
    assert.equal(server.sessionOf('anna'), undefined);
  });

  it('a password refused in one challenge is not sent with the step of another', async () => {
    const at = stage({ mfaCredentials: 'username+password' }, challenge([LINK]), challenge([LINK]), wrongPassword);
    const first = await challengeOf(at);
    const second = await challengeOf(at);
    const sent = isChallenged(await first.choose(''), 'link-sent');
    assert.equal((await sent.link?.later)?.state, 'refused');
    const before = at.transport.requests.length;
    await at.system.pass(31_000);
    isChallenged(await second.choose(''), 'mfa-required', 'held-back');
    assert.equal(at.transport.requests.length, before);
  });

  it('a login that sends a code counts for the limit of one code in 30 s, whatever the module', async () => {
    const at = stage();
    at.transport.otherwise = says(['Failure', 'MFA_WaitingUserAction']);
    isChallenged(await at.server.signIn(ANNA, ASK), 'code-required');
    const again = await at.server.signIn(ANNA, ASK);
    assert.deepEqual([again.state, 'reason' in again && again.reason], ['refused', 'held-back']);
    assert.equal(at.transport.requests.length, 1);
  });

  it('a locked account is not held back, even if the reply also says that the credentials are invalid', async () => {
    const locked = says(['Failure', 'UserAccountLocked'], { more: { IsCredentialInvalid: true } });
    const at = stage({}, locked, signedIn());
    assert.equal((await at.server.signIn(ANNA, ASK)).state, 'refused');
    assert.equal((await at.server.signIn(ANNA, ASK)).state, 'signed-in', 'it was unlocked');
  });

  it('invalid_grant ends a session, even if a VGResponse comes with it', async () => {
    const at = stage(
      {},
      signedIn('a', { life: 100 }),
      json(400, { error: 'invalid_grant', VGResponse: { AuthenticationState: { Status: 1 } } }),
    );
    at.transport.otherwise = signedIn('b');
    await at.server.signInStored(ASK);
    const session = at.server.storedSession;
    await at.system.pass(200_000);
    assert.equal((await at.server.tokenOfStored(false)).token?.accessToken, 'b');
    assert.equal(session?.ended, true);
  });

  it('an ended session without a stored password is reported as ended', async () => {
    const at = stage({ module: 'Passwordless' }, signedIn('a', { life: 100 }), json(400, { error: 'invalid_grant' }));
    await at.server.signInStored(ASK);
    await at.system.pass(200_000);
    assert.equal((await at.server.tokenOfStored(false)).needed?.reason, 'session-expired');
    assert.equal((await at.server.tokenOfStored(false)).needed?.reason, 'no-session');
  });

  it('a password is not repeated by a step or a refresh that did not send it', async () => {
    const echo = json(400, { error: ANNA.password.replaceAll('-', '_') });
    const words = { VGAuthenticationStatus: `Failure, ${ANNA.password.replaceAll('-', '_')}` };
    const person = { ...ANNA, password: ANNA.password.replaceAll('-', '_') };
    const at = stage(
      {},
      challenge([LINK]),
      echo,
      challenge([LINK]),
      json(400, words),
      signedIn('a', { life: 100 }),
      echo,
    );
    for (let count = 0; count < 2; count += 1) {
      const open = isChallenged(await at.server.signIn(person, ASK), 'mfa-required').challenge;
      const sent = isChallenged(await open.choose(''), 'link-sent');
      assert.doesNotMatch(JSON.stringify(await sent.link?.later), new RegExp(person.password));
      await at.system.pass(31_000);
    }
    await at.server.signIn(person, ASK);
    await at.system.pass(200_000);
    assert.doesNotMatch(JSON.stringify(await at.server.sessionOf(ANNA.user)?.ask()), new RegExp(person.password));
  });
});
