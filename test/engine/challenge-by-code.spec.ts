import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { START } from '../support/fake-system.ts';
import { OpenStep, page, type Step, silence } from '../support/scripted-transport.ts';
import {
  APP,
  challenge,
  EMAIL,
  LINK,
  notSent,
  SMS,
  says,
  signedIn,
  tooLate,
  waiting,
  wrongCode,
} from '../support/vg-replies.ts';
import { ANNA, ASK, challengeOf, isChallenged, isRefused, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const ALL = [SMS, EMAIL, LINK, APP];

/** A challenge with a code on its way by SMS. */
async function withCode(...script: Step[]) {
  const scene = stage({}, challenge(ALL), waiting, ...script);
  const open = await challengeOf(scene);
  isChallenged(await open.choose('otp-sms'), 'code-required');
  return { ...scene, open };
}

describe('choosing a method that sends a code', () => {
  it('is code-required, with the chosen method', async () => {
    const scene = stage({}, challenge(ALL), waiting);
    const open = await challengeOf(scene);
    const outcome = isChallenged(await open.choose('otp-email'), 'code-required');
    assert.equal(outcome.challenge.method?.transport, 'email');
    assert.equal(outcome.challenge.method?.id, open.methods[1].id);
    assert.equal(scene.transport.requests.length, 2);
  });

  it('is code-required, too, if the server says "challenged" again with the same request', async () => {
    const scene = stage({}, challenge(ALL), challenge(ALL));
    isChallenged(await (await challengeOf(scene)).choose('otp-sms'), 'code-required');
  });

  it('is code-required, too, if the server answers 200', async () => {
    const scene = stage({}, challenge(ALL), { ...waiting, status: 200 });
    isChallenged(await (await challengeOf(scene)).choose('otp-sms'), 'code-required');
  });

  it('needs nothing sent for an authenticator app', async () => {
    const scene = stage({}, challenge(ALL), signedIn());
    const open = await challengeOf(scene);
    isChallenged(await open.choose('otp-app'), 'code-required');
    assert.equal(scene.transport.requests.length, 1);
    isSignedIn(await open.submit('012345'));
    assert.equal(scene.transport.lastForm.MFAAvailableId, 'way-app');
  });

  it('takes the ID of a method, and the only method if none is named', async () => {
    const scene = stage({}, challenge([SMS]), waiting);
    const open = await challengeOf(scene);
    isChallenged(await open.choose(''), 'code-required');
    const other = stage({}, challenge(ALL), waiting);
    const several = await challengeOf(other);
    isChallenged(await several.choose(several.methods[0].id), 'code-required');
    assert.equal(other.transport.lastForm.MFAAvailableId, 'way-sms');
  });

  for (const word of ['', 'otp-whatsapp', 'no-such-id', 'way-sms']) {
    it(`${JSON.stringify(word)}, which is not offered, sends nothing: mfa-required, method-not-offered`, async () => {
      const scene = stage({}, challenge([SMS, EMAIL]));
      isChallenged(await (await challengeOf(scene)).choose(word), 'mfa-required', 'method-not-offered');
      assert.equal(scene.transport.requests.length, 1);
    });
  }

  it('is mfa-required, mfa-delivery-failed if sending failed; another try is sent at once', async () => {
    const scene = stage({}, challenge(ALL), notSent, waiting);
    const open = await challengeOf(scene);
    const failed = isChallenged(await open.choose('otp-sms'), 'mfa-required', 'mfa-delivery-failed');
    assert.equal(failed.challenge.method, undefined);
    isChallenged(await open.choose('otp-email'), 'code-required');
  });

  it('is signed in if the server does not ask for a code', async () => {
    const scene = stage({}, challenge(ALL), signedIn());
    isSignedIn(await (await challengeOf(scene)).choose('otp-sms'));
  });

  for (const [name, reply, reason] of [
    ['enrollment', says(['Failure', 'MFA_EnrollmentRequired']), 'mfa-enrollment-required'],
    ['a missing contact', says(['Failure', 'UserAccountMissingMobilePhone']), 'contact-missing'],
    ['a locked account', says(['Failure', 'UserAccountLocked']), 'account-locked'],
    ['a timeout', tooLate, 'mfa-timeout'],
    ['a Failure alone', says(['Failure']), 'unknown'],
    ['an OAuth error', { status: 400, body: { error: 'invalid_grant' } }, 'credentials-invalid'],
  ] as const) {
    it(`is refused after ${name}: ${reason}, and the challenge ends`, async () => {
      const scene = stage({}, challenge(ALL), reply);
      const open = await challengeOf(scene);
      isRefused(await open.choose('otp-sms'), reason);
      assert.equal(await scene.server.findChallenge(open.id), 'challenge-unknown');
    });
  }

  for (const [name, step, code] of [
    ['the server is down', page(503), 'AUTH_UNAVAILABLE'],
    ['the connection is cut', new AuthError('connection-cut', { host: 'h' }), 'AUTH_NETWORK'],
    ['the server says nothing', silence, 'AUTH_TIMEOUT'],
    ['the answer is no sense', page(200), 'AUTH_BAD_RESPONSE'],
  ] as const) {
    it(`is a fault if ${name}; it is not sent again automatically, and a code that may arrive is accepted`, async () => {
      const scene = stage({}, challenge(ALL), step, signedIn());
      const open = await challengeOf(scene);
      const choosing = assert.rejects(open.choose('otp-sms'), { code });
      await scene.system.pass(20_000);
      await choosing;
      assert.equal(scene.transport.requests.length, 2);
      assert.equal(await scene.server.findChallenge(open.id), open);
      isSignedIn(await open.submit('1'));
    });
  }
});

describe('a new request id', () => {
  const renewed = challenge([SMS, EMAIL], 'request-2');

  it('is adopted once: its methods are offered, and none is chosen automatically', async () => {
    const scene = stage({}, challenge(ALL), renewed, waiting, signedIn());
    const open = await challengeOf(scene);
    isChallenged(await open.choose('otp-sms'), 'mfa-required');
    assert.equal(open.methods.length, 2);
    assert.equal(scene.transport.requests.length, 2);
    await scene.system.pass(30_000);
    isChallenged(await open.choose('otp-sms'), 'code-required');
    assert.equal(scene.transport.lastForm.AuthenticationRequestId, 'request-2');
    isSignedIn(await open.submit('1'));
  });

  it('never causes a loop: the second one ends the challenge', async () => {
    const scene = stage({}, challenge(ALL), renewed, challenge(ALL, 'request-3'));
    const open = await challengeOf(scene);
    await open.choose('otp-sms');
    await scene.system.pass(30_000);
    isRefused(await open.choose('otp-sms'), 'unknown');
  });
});

describe('a code', () => {
  it('that is right signs in and uses the challenge up', async () => {
    const { open, engine, server, transport } = await withCode(signedIn());
    const { session, token } = isSignedIn(await open.submit('123456'));
    assert.equal(token.accessToken, 'access-1');
    assert.equal(session.user, 'anna');
    assert.equal(transport.lastForm.MFASecureCode, '123456');
    assert.equal(await server.findChallenge(open.id), 'challenge-unknown');
    assert.equal(engine.challenges.size, 0);
  });

  for (const code of ['000123', 'aB3xY', 'ü']) {
    it(`is sent unchanged: ${JSON.stringify(code)}`, async () => {
      const { open, transport } = await withCode(signedIn());
      await open.submit(code);
      assert.equal(transport.lastForm.MFASecureCode, code);
    });
  }

  it('may be sent in one request with the only method if none was chosen before', async () => {
    const scene = stage({}, challenge([EMAIL]), signedIn());
    isSignedIn(await (await challengeOf(scene)).submit('1'));
    assert.equal(scene.transport.lastForm.MFAAvailableId, 'way-email');
  });

  it('is not sent if none of several methods was chosen: mfa-required, method-not-offered', async () => {
    const scene = stage({}, challenge(ALL));
    isChallenged(await (await challengeOf(scene)).submit('1'), 'mfa-required', 'method-not-offered');
    assert.equal(scene.transport.requests.length, 1);
  });

  it('that is wrong is code-required, code-invalid, and the right one after it signs in', async () => {
    const { open } = await withCode(wrongCode, signedIn());
    const outcome = isChallenged(await open.submit('1'), 'code-required', 'code-invalid');
    assert.equal(outcome.challenge.attempts, 1);
    isSignedIn(await open.submit('2'));
  });

  it('may be wrong four times; the fifth is refused, code-invalid, and the challenge ends', async () => {
    const { open, server } = await withCode(wrongCode, wrongCode, wrongCode, wrongCode, wrongCode);
    for (let attempt = 1; attempt < 5; attempt += 1) {
      isChallenged(await open.submit('1'), 'code-required', 'code-invalid');
      assert.equal(open.attempts, attempt);
    }
    isRefused(await open.submit('1'), 'code-invalid');
    assert.equal(await server.findChallenge(open.id), 'challenge-unknown');
  });

  it('is sent to the server five times at most, however many arrive at the same time', async () => {
    const { open, transport } = await withCode(...Array.from({ length: 10 }, () => wrongCode));
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => open.submit('1')));
    assert.equal(transport.requests.filter(({ form }) => 'MFASecureCode' in form).length, 5);
    assert.equal(outcomes.filter(({ state }) => state === 'code-required').length, 4);
  });

  it('that arrives twice at the same time is sent once: the second finds the challenge used up', async () => {
    const { open, transport } = await withCode(signedIn(), says(['Failure']));
    const [first, second] = await Promise.all([open.submit('1'), open.submit('1')]);
    isSignedIn(first);
    isRefused(second, 'challenge-unknown');
    assert.equal(transport.requests.filter(({ form }) => 'MFASecureCode' in form).length, 1);
  });

  it('that is wrong is refused, code-invalid, if the challenge has expired meanwhile', async () => {
    const answer = new OpenStep();
    const { open, system } = await withCode(answer.step);
    await system.pass(open.expiresAt - START - 5_000);
    const submitting = open.submit('1');
    await system.pass(5_000);
    answer.answer(wrongCode);
    isRefused(await submitting, 'code-invalid');
  });

  it('that arrives too late is refused, mfa-timeout', async () => {
    const { open } = await withCode(tooLate);
    isRefused(await open.submit('1'), 'mfa-timeout');
  });

  it('that is wrong and locks the account is refused', async () => {
    const { open } = await withCode(says(['Failure', 'SecureCodeDoesNotMatch', 'UserAccountLocked']));
    isRefused(await open.submit('1'), 'code-invalid');
  });

  it('is a fault if no answer arrives: it is sent once, and the challenge stays', async () => {
    const { open, server, transport } = await withCode(new AuthError('connection-cut', { host: 'h' }), signedIn());
    await assert.rejects(open.submit('1'), { code: 'AUTH_NETWORK' });
    assert.equal(transport.requests.length, 3);
    assert.equal(await server.findChallenge(open.id), open);
    isSignedIn(await open.submit('1'));
  });
});

describe('another code for the same user', () => {
  it('within 30 s is not sent: held-back with the time, in the same state as before', async () => {
    const { open, transport, system } = await withCode(waiting);
    await system.pass(29_999);
    const held = isChallenged(await open.choose('otp-email'), 'code-required', 'held-back');
    assert.equal(held.retryAt, START + 30_000);
    assert.equal(held.challenge.method?.transport, 'sms');
    assert.equal(transport.requests.length, 2);
    await system.pass(1);
    isChallenged(await open.choose('otp-email'), 'code-required');
    assert.equal(transport.requests.length, 3);
  });

  it('is not sent with another challenge of that user either', async () => {
    const { system, server, transport, open } = await withCode(challenge(ALL), challenge(ALL));
    const again = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required').challenge;
    assert.notEqual(again.id, open.id);
    const held = isChallenged(await again.choose('otp-sms'), 'mfa-required', 'held-back');
    assert.equal(held.retryAt, system.now() + 30_000);
    isChallenged(await server.signIn(ANNA, { method: 'otp-sms', reset: false }), 'mfa-required', 'held-back');
    assert.equal(transport.requests.filter(({ form }) => 'MFAAvailableId' in form).length, 1);
  });

  it('is not sent after one that the server sent with the login', async () => {
    const sent = says(['Failure', 'MFA_WaitingUserAction'], { ways: [SMS, EMAIL] });
    const scene = stage({}, sent);
    const { challenge: open } = isChallenged(await scene.server.signIn(ANNA, ASK), 'code-required');
    isChallenged(await open.choose('otp-email'), 'code-required', 'held-back');
    assert.equal(scene.transport.requests.length, 1);
  });

  it('is sent at once for another user', async () => {
    const { server } = await withCode(challenge(ALL), waiting);
    isChallenged(await server.signIn({ ...ANNA, user: 'bert' }, { method: 'otp-sms', reset: false }), 'code-required');
  });

  it('is sent at once if the first was certainly not sent', async () => {
    const scene = stage({}, challenge(ALL), new AuthError('connection-refused', { host: 'h' }), waiting);
    const open = await challengeOf(scene);
    await assert.rejects(open.choose('otp-sms'), { code: 'AUTH_NETWORK' });
    isChallenged(await open.choose('otp-sms'), 'code-required');
  });

  it('waits if the first may have been sent', async () => {
    const scene = stage({}, challenge(ALL), new AuthError('connection-cut', { host: 'h' }));
    const open = await challengeOf(scene);
    await assert.rejects(open.choose('otp-sms'), { code: 'AUTH_NETWORK' });
    isChallenged(await open.choose('otp-sms'), 'mfa-required', 'held-back');
  });
});
