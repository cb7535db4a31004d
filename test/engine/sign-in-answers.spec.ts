import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { page, silence } from '../support/scripted-transport.ts';
import { challenge, SMS, says, signedIn, waiting } from '../support/vg-replies.ts';
import { ANNA, ASK, isChallenged, isRefused, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

describe('any other answer', () => {
  for (const [reply, reason] of [
    [says(['Failure', 'UserAccountLocked']), 'account-locked'],
    [says(['Failure', 'MFA_EnrollmentRequired']), 'mfa-enrollment-required'],
    [{ status: 400, body: { error: 'invalid_client' } }, 'client-invalid'],
  ] as const) {
    it(`is not held back: after ${reason} the next try is sent`, async () => {
      const { server } = stage({}, reply, signedIn());
      isRefused(await server.signIn(ANNA, ASK), reason);
      isSignedIn(await server.signIn(ANNA, ASK));
    });
  }

  for (const [name, step, code] of [
    ['no connection', new AuthError('connection-refused', { host: 'h' }), 'AUTH_NETWORK'],
    ['no answer', silence, 'AUTH_TIMEOUT'],
    ['429', page(429, { retryAfter: 1000 }), 'AUTH_UNAVAILABLE'],
    ['503', page(503), 'AUTH_UNAVAILABLE'],
    ['a page', page(200), 'AUTH_BAD_RESPONSE'],
    ['a defect', new Error('request-text'), 'unexpected'],
  ] as const) {
    it(`never causes a second sign-in automatically: ${name}`, async () => {
      const { server, system, transport } = stage({}, step, signedIn());
      const signing = assert.rejects(server.signIn(ANNA, ASK), (error: AuthError) =>
        code === 'unexpected' ? !(error instanceof AuthError) : error.code === code,
      );
      await system.pass(60_000);
      await signing;
      assert.equal(transport.requests.length, 1);
      isSignedIn(await server.signIn(ANNA, ASK));
    });
  }

  it('never puts a sent secret into what a message shows', async () => {
    const echo = {
      status: 400,
      body: {
        error: 'anna-password',
        error_description: 'anna-password',
        VGAuthenticationStatus: 'Failure, anna-password, anna_password',
        VGResponse: { AuthenticationStatus: 'Failure, client-secret, client_secret' },
      },
    };
    const person = { user: 'anna', password: 'anna_password' };
    const { server } = stage({ clientSecret: 'client_secret' }, echo);
    const text = JSON.stringify(await server.signIn(person, ASK));
    assert.ok(!text.includes('anna_password'), text);
    assert.ok(!text.includes('client_secret'), text);
  });
});

describe('a sign-in with credentials from a message', () => {
  it('is always sent to the server, and gets a session and a challenge of its own', async () => {
    const { server, transport } = stage({}, signedIn('a'), signedIn('b'), challenge(), challenge());
    const [one, two] = [isSignedIn(await server.signIn(ANNA, ASK)), isSignedIn(await server.signIn(ANNA, ASK))];
    assert.notEqual(one.session, two.session);
    const [first, second] = [await server.signIn(ANNA, ASK), await server.signIn(ANNA, ASK)];
    assert.notEqual(isChallenged(first, 'mfa-required').challenge, isChallenged(second, 'mfa-required').challenge);
    assert.equal(transport.requests.length, 4);
  });

  it('does not join the challenge of the stored user, even with the name and password of that user', async () => {
    const scene = stage({}, challenge([SMS]), waiting, challenge([SMS]), signedIn('for-the-person'));
    const mine = isChallenged(await scene.server.signInStored({ method: 'otp-sms', reset: false }), 'code-required');
    const thief = isChallenged(
      await scene.server.signIn({ user: 'robot', password: 'robot-password' }, ASK),
      'mfa-required',
    );
    assert.notEqual(thief.challenge.id, mine.challenge.id);
    // The person's code completes the sign-in of the person's challenge only.
    const { session } = isSignedIn(await mine.challenge.submit('1'));
    assert.equal(scene.server.storedSession, session);
    assert.equal(thief.challenge.state, 'mfa-required');
    assert.equal(await scene.server.findChallenge(thief.challenge.id), thief.challenge);
  });

  for (const [method, state] of [
    ['first', 'code-required'],
    ['otp-sms', 'code-required'],
    ['otp-whatsapp', 'mfa-required'],
    ['ask', 'mfa-required'],
  ] as const) {
    it(`with the preference ${method} is ${state}`, async () => {
      const { server } = stage({}, challenge([SMS]), waiting);
      isChallenged(await server.signIn(ANNA, { method, reset: false }), state);
    });
  }

  it('always asks with "ask", even if only one method is offered', async () => {
    const { server, transport } = stage({}, challenge([SMS]));
    isChallenged(await server.signIn(ANNA, ASK), 'mfa-required');
    assert.equal(transport.requests.length, 1);
  });

  it('is refused with the enrollment address', async () => {
    const more = { AuthenticationEnrollmentRequest: { EnrollmentUrl: 'https://id.example.org/enroll' } };
    const { server } = stage({}, says(['Failure', 'MFA_EnrollmentRequired'], { more }));
    const refused = isRefused(await server.signIn(ANNA, ASK), 'mfa-enrollment-required');
    assert.equal(refused.enrollmentUrl, 'https://id.example.org/enroll');
    assert.equal(refused.user, 'anna');
  });

  it('is read by its states, whatever the HTTP status and the OAuth error', async () => {
    for (const status of [200, 400, 401, 403, 404, 429, 500, 503]) {
      const { server } = stage({}, says(['Failure', 'UserAccountLocked'], { status }));
      isRefused(await server.signIn(ANNA, ASK), 'account-locked');
      const offered = stage({}, { ...challenge(), status });
      isChallenged(await offered.server.signIn(ANNA, ASK), 'mfa-required');
    }
  });

  for (const [name, VGResponse, reason] of [
    ['an unknown bit alone', { AuthenticationState: { Status: 2 ** 29 } }, 'unknown'],
    [
      'the flag for wrong credentials alone',
      { AuthenticationState: { IsCredentialInvalid: true } },
      'credentials-invalid',
    ],
    ['an unknown name alone', { AuthenticationStatus: 'SomethingNew' }, 'unknown'],
    ['a Success without a token', { AuthenticationState: { Status: 2048 } }, 'unknown'],
  ] as const) {
    it(`is refused by its states, ${reason}: ${name}`, async () => {
      for (const status of [200, 400]) {
        const { server } = stage({}, { status, body: { error: 'invalid_request', VGResponse } });
        isRefused(await server.signIn(ANNA, ASK), reason);
      }
    });
  }

  it('gets a random session handle that is never used again', async () => {
    const { server } = stage({}, signedIn(), signedIn());
    const handles = [isSignedIn(await server.signIn(ANNA, ASK)), isSignedIn(await server.signIn(ANNA, ASK))];
    assert.notEqual(handles[0].session.handle, handles[1].session.handle);
    assert.match(handles[0].session.handle, /^[\w-]{24}$/);
  });
});
