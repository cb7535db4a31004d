import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { isSettled, START } from '../support/fake-system.ts';
import { OpenStep, page, type ScriptedReply, silence } from '../support/scripted-transport.ts';
import {
  challenge,
  EMAIL,
  LINK,
  notSent,
  refreshed,
  SMS,
  says,
  signedIn,
  waiting,
  wrongPassword,
} from '../support/vg-replies.ts';
import { ANNA, ASK, COMMON, isChallenged, isRefused, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MINUTE = 60_000;
const BY_SMS = { method: 'otp-sms', reset: false };

/** A server that chooses its answer by the request, for the whole test. */
const needsPerson = ({ form }: { form: Readonly<Record<string, string>> }): ScriptedReply =>
  'MFAAvailableId' in form ? waiting : challenge([SMS, EMAIL]);

describe('the stored user', () => {
  it('is signed in with the user name and password of the config node', async () => {
    const { server, transport } = stage({}, signedIn());
    const { session, fromLogin } = isSignedIn(await server.signInStored(ASK));
    assert.deepEqual(transport.lastForm, { ...COMMON, Username: 'robot', Password: 'robot-password' });
    assert.equal(server.storedSession, session);
    assert.equal(fromLogin, false);
  });

  it('does not exist if the name, or a password that is needed, is not stored', () => {
    assert.equal(stage({ username: '' }).server.storedCredentials, undefined);
    assert.equal(stage({ password: '' }).server.storedCredentials, undefined);
    assert.deepEqual(stage({ password: '', module: 'Passwordless' }).server.storedCredentials, {
      user: 'robot',
      password: '',
    });
  });

  it('is served from the valid session, marked as from the login', async () => {
    const { server, transport } = stage({}, signedIn());
    const first = isSignedIn(await server.signInStored(ASK));
    const again = isSignedIn(await server.signInStored(ASK));
    assert.equal(again.session, first.session);
    assert.equal(again.fromLogin, true);
    assert.deepEqual(again.session.login?.status.authentication.names, ['Success']);
    assert.equal(transport.requests.length, 1);
  });

  it('alone is served from it: the same name from a message is sent to the server', async () => {
    const { server, transport } = stage({}, signedIn('a'), signedIn('b'));
    isSignedIn(await server.signInStored(ASK));
    const other = isSignedIn(await server.signIn({ user: 'robot', password: 'robot-password' }, ASK));
    assert.equal(other.token.accessToken, 'b');
    assert.equal(transport.requests.length, 2);
    assert.notEqual(server.storedSession, other.session);
  });

  it('is signed in by one request, however many callers ask at once', async () => {
    const answer = new OpenStep();
    const { server, transport } = stage({}, answer.step);
    const all = Promise.all(Array.from({ length: 100 }, () => server.signInStored(ASK)));
    assert.equal(await isSettled(all), false);
    answer.answer(signedIn());
    assert.equal(new Set((await all).map((outcome) => isSignedIn(outcome).session)).size, 1);
    assert.equal(transport.requests.length, 1);
  });

  it('joins the open challenge', async () => {
    const { server, transport } = stage({}, challenge([SMS, EMAIL]));
    const first = isChallenged(await server.signInStored(ASK), 'mfa-required');
    const joined = isChallenged(await server.signInStored(ASK), 'mfa-required');
    assert.equal(joined.challenge, first.challenge);
    assert.equal(transport.requests.length, 1);
  });

  it('joins it in its current state', async () => {
    const { server, transport } = stage({}, challenge([SMS]), waiting);
    isChallenged(await server.signInStored(BY_SMS), 'code-required');
    isChallenged(await server.signInStored(ASK), 'code-required');
    isChallenged(await server.signInStored(BY_SMS), 'code-required');
    assert.equal(transport.requests.length, 2);
  });

  it('uses the preferred method for a challenge without a chosen one', async () => {
    const { server } = stage({}, challenge([SMS, EMAIL]), waiting);
    isChallenged(await server.signInStored(ASK), 'mfa-required');
    isChallenged(await server.signInStored(BY_SMS), 'code-required');
  });

  it('gets one link if 10 ask at once, and only one of them waits for it', async () => {
    const { server, transport } = stage({}, challenge([LINK]), silence);
    const wishes = { method: 'link-email', reset: false };
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => server.signInStored(wishes)));
    const waiters = outcomes.filter((outcome) => isChallenged(outcome, 'link-sent').link);
    assert.equal(waiters.length, 1);
    assert.equal(transport.requests.length, 2);
    server.close();
  });

  it('gets one code during a minute of a message every 100 ms, with a preferred method', async () => {
    const { server, system, transport } = stage();
    transport.otherwise = needsPerson;
    for (let message = 0; message < 600; message += 1) {
      isChallenged(await server.signInStored(BY_SMS), 'code-required');
      await system.pass(100);
    }
    assert.deepEqual(
      transport.requests.map(({ form }) => 'MFAAvailableId' in form),
      [false, true],
    );
  });

  it('gets one try to send a code in a minute if sending fails', async () => {
    const { server, system, transport } = stage();
    transport.otherwise = ({ form }) => ('MFAAvailableId' in form ? notSent : challenge([SMS]));
    for (let message = 0; message < 600; message += 1) {
      await server.signInStored(BY_SMS);
      await system.pass(100);
    }
    assert.equal(transport.requests.filter(({ form }) => 'MFAAvailableId' in form).length, 1);
  });

  it('starts again if the challenge has expired or was answered', async () => {
    const { server, system } = stage({}, challenge([SMS]), challenge([SMS]), signedIn());
    const first = isChallenged(await server.signInStored(ASK), 'mfa-required').challenge;
    await system.pass(300_000);
    const second = isChallenged(await server.signInStored(ASK), 'mfa-required').challenge;
    assert.notEqual(second, first);
    const { session } = isSignedIn(await second.submit('1'));
    assert.equal(server.storedSession, session);
    assert.equal(server.storedUser.challenge, undefined);
  });

  it('is reported to those who show the state', async () => {
    const { server } = stage({}, signedIn(), { status: 200 });
    const news: boolean[] = [];
    server.changes.add(({ session }) => news.push(session !== undefined));
    const { session } = isSignedIn(await server.signInStored(ASK));
    await server.signOut(session, 'robot');
    assert.deepEqual(news, [true, false]);
  });
});

describe('attach-bearer with the stored user', () => {
  it('signs in automatically if that needs no human', async () => {
    const { server, transport } = stage({}, signedIn());
    assert.equal((await server.tokenOfStored(false)).token?.accessToken, 'access-1');
    assert.equal((await server.tokenOfStored(false)).token?.accessToken, 'access-1');
    assert.equal(transport.requests.length, 1);
  });

  it('sends one login for 1,000 messages at once', async () => {
    const { server, transport } = stage({}, signedIn());
    const all = await Promise.all(Array.from({ length: 1000 }, () => server.tokenOfStored(false)));
    assert.ok(all.every(({ token }) => token?.accessToken === 'access-1'));
    assert.equal(transport.requests.length, 1);
  });

  it('gets the challenge if a human is needed; no method is chosen and nothing is sent', async () => {
    const { server, transport } = stage({}, challenge([SMS]));
    const { outcome } = await server.tokenOfStored(false);
    const { challenge: open } = isChallenged(outcome, 'mfa-required');
    assert.equal(open.method, undefined);
    assert.equal(isChallenged((await server.tokenOfStored(false)).outcome, 'mfa-required').challenge, open);
    assert.equal(transport.requests.length, 1);
  });

  it('sends one login per 15 minutes, and causes no code, with a message every 5 minutes for a night', async () => {
    const { server, system, transport } = stage();
    transport.otherwise = needsPerson;
    for (let minute = 0; minute < 8 * 60; minute += 5) {
      await server.tokenOfStored(false);
      await system.pass(5 * MINUTE);
    }
    assert.equal(transport.requests.filter(({ form }) => 'MFAAvailableId' in form).length, 0);
    assert.deepEqual(
      transport.sentAt.map((at) => (at - START) / MINUTE),
      Array.from({ length: 32 }, (_, index) => index * 15),
    );
  });

  it('reports when the hold ends, if the challenge has expired', async () => {
    const { server, system } = stage({}, challenge([SMS]));
    await server.tokenOfStored(false);
    await system.pass(6 * MINUTE);
    const { needed } = await server.tokenOfStored(false);
    assert.deepEqual(needed, { reason: 'held-back', retryAt: START + 15 * MINUTE });
  });

  it('repeats a refusal for 15 minutes, with the time', async () => {
    const { server, system, transport } = stage({}, says(['Failure', 'UserAccountLocked']), signedIn());
    isRefused((await server.tokenOfStored(false)).outcome, 'account-locked');
    await system.pass(15 * MINUTE - 1);
    const { outcome } = await server.tokenOfStored(false);
    assert.equal(isRefused(outcome, 'account-locked').retryAt, START + 15 * MINUTE);
    assert.equal(transport.requests.length, 1);
    await system.pass(1);
    assert.ok((await server.tokenOfStored(false)).token);
  });

  it('tries again at once if the flow resets it', async () => {
    const { server } = stage({}, wrongPassword, signedIn());
    isRefused((await server.tokenOfStored(false)).outcome, 'credentials-invalid');
    assert.ok((await server.tokenOfStored(true)).token);
  });

  it('tries again after a sign-in that succeeded', async () => {
    const { server, system } = stage(
      {},
      challenge([SMS]),
      signedIn('a'),
      { status: 400, body: { error: 'invalid_grant' } },
      signedIn('b'),
    );
    const { outcome } = await server.tokenOfStored(false);
    isSignedIn(await isChallenged(outcome, 'mfa-required').challenge.submit('1'));
    assert.equal((await server.tokenOfStored(false)).token?.accessToken, 'a');
    // Long before the 15 minutes have passed, the API rejects the token, and the refresh is refused.
    await system.pass(MINUTE);
    server.storedSession?.source.reject(server.storedSession.source.token?.generation ?? 0);
    assert.equal((await server.tokenOfStored(false)).token?.accessToken, 'b');
  });

  it('is a fault if no answer arrives, and tries again after a pause that doubles', async () => {
    const { server, system, transport } = stage();
    system.chance = 0;
    transport.otherwise = new AuthError('connection-refused', { host: 'h' });
    for (let message = 0; message < 700; message += 1) {
      server.tokenOfStored(false).catch((error) => assert.equal(error.code, 'AUTH_NETWORK'));
      await system.pass(100);
    }
    assert.deepEqual(
      transport.sentAt.map((at) => (at - START) / 1000),
      [0, 1, 3, 7, 15, 31, 61],
    );
  });

  it('waits as long as a busy server asks, and reports that to messages that arrive meanwhile', async () => {
    const { server, system, transport } = stage({}, page(503, { retryAfter: 2 * MINUTE }), signedIn());
    system.chance = 0;
    const told = { code: 'AUTH_UNAVAILABLE', retryAt: START + 2 * MINUTE };
    await assert.rejects(server.tokenOfStored(false), told);
    await system.pass(MINUTE);
    await assert.rejects(server.tokenOfStored(false), told);
    assert.equal(transport.requests.length, 1);
    await system.pass(MINUTE);
    assert.ok((await server.tokenOfStored(false)).token);
  });

  it('renews a valid session without a new sign-in', async () => {
    const { server, system, transport } = stage({}, signedIn('a'), refreshed('b', 'refresh-2'));
    await server.tokenOfStored(false);
    await system.pass(30 * MINUTE);
    assert.equal((await server.tokenOfStored(false)).token?.accessToken, 'b');
    assert.equal(transport.lastForm.grant_type, 'refresh_token');
  });

  it('is not used for a person who signed in with a message', async () => {
    const { server } = stage({}, signedIn('for-anna'), signedIn('for-robot'));
    await server.signIn(ANNA, ASK);
    assert.equal((await server.tokenOfStored(false)).token?.accessToken, 'for-robot');
  });
});
