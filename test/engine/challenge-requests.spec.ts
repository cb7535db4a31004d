import assert from 'node:assert/strict';
import type { VisualGuardSettings } from '../../src/visual-guard/dialect/wire.ts';
import { challenge, refreshed, SMS, signedIn, waiting } from '../support/vg-replies.ts';
import { ANNA, ASK, COMMON, isChallenged, isSignedIn, stage } from '../support/visual-guard.ts';

/** The forms of a sign-in by code: credentials, choice, code. */
async function formsOf(settings: Partial<VisualGuardSettings>, person = ANNA) {
  const scene = stage(settings, challenge([SMS]), waiting, signedIn());
  const { challenge: open } = isChallenged(await scene.server.signIn(person, ASK), 'mfa-required');
  await open.choose('otp-sms');
  isSignedIn(await open.submit('012'));
  assert.ok(scene.transport.requests.every(({ url }) => url === 'https://id.example.org/connect/token'));
  assert.ok(scene.transport.requests.every(({ basic }) => basic === undefined));
  return scene.transport.requests.map(({ form }) => ({ ...form }));
}

const IDS = { AuthenticationRequestId: 'request-1', MFAAvailableId: 'way-sms' };

describe('the requests of a sign-in by code', () => {
  it('have neither user name nor password in the later steps: mfaCredentials "none"', async () => {
    assert.deepEqual(await formsOf({ mfaCredentials: 'none' }), [
      { ...COMMON, Username: 'anna', Password: 'anna-password' },
      { ...COMMON, ...IDS },
      { ...COMMON, ...IDS, MFASecureCode: '012' },
    ]);
  });

  it('have the user name in the later steps: mfaCredentials "username"', async () => {
    assert.deepEqual(await formsOf({ mfaCredentials: 'username' }), [
      { ...COMMON, Username: 'anna', Password: 'anna-password' },
      { ...COMMON, ...IDS, Username: 'anna' },
      { ...COMMON, ...IDS, Username: 'anna', MFASecureCode: '012' },
    ]);
  });

  it('have both in the later steps: mfaCredentials "username+password"', async () => {
    assert.deepEqual(await formsOf({ mfaCredentials: 'username+password' }), [
      { ...COMMON, Username: 'anna', Password: 'anna-password' },
      { ...COMMON, ...IDS, Username: 'anna', Password: 'anna-password' },
      { ...COMMON, ...IDS, Username: 'anna', Password: 'anna-password', MFASecureCode: '012' },
    ]);
  });

  for (const mfaCredentials of ['none', 'username', 'username+password'] as const) {
    it(`never have a password for Passwordless: mfaCredentials "${mfaCredentials}"`, async () => {
      const forms = await formsOf({ module: 'Passwordless', mfaCredentials });
      assert.ok(forms.every((form) => !('Password' in form) && form.VGAuthenticationModule === 'Passwordless'));
      assert.equal(forms[0].Username, 'anna');
    });
  }

  it('have no secret for a public client, and no scope if none is set', async () => {
    for (const form of await formsOf({ clientSecret: '', scope: ' ' })) {
      assert.ok(!('client_secret' in form) && !('scope' in form));
    }
  });

  for (const module of ['VGUser', 'WindowsByCredential', 'Passwordless', 'AnythingElse']) {
    it(`have the module unchanged: ${module}`, async () => {
      for (const form of await formsOf({ module })) assert.equal(form.VGAuthenticationModule, module);
    });
  }

  for (const user of ['DOMAIN\\anna', 'anna@example.org', ' anna ', 'ÄNNA']) {
    it(`have the user name unchanged: ${JSON.stringify(user)}`, async () => {
      const forms = await formsOf({ module: 'WindowsByCredential', mfaCredentials: 'username' }, { ...ANNA, user });
      assert.deepEqual(
        forms.map(({ Username }) => Username),
        [user, user, user],
      );
    });
  }

  it('have only these fields in a refresh', async () => {
    const scene = stage({}, signedIn(), refreshed('access-2'));
    const { session } = isSignedIn(await scene.server.signIn(ANNA, ASK));
    await scene.system.pass(1_800_000);
    await session.ask();
    assert.deepEqual(scene.transport.lastForm, {
      client_id: 'app_Native',
      client_secret: 'client-secret',
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
    });
  });

  it('take 15 s at most', async () => {
    const scene = stage({}, challenge([SMS]), waiting);
    const { challenge: open } = isChallenged(await scene.server.signIn(ANNA, ASK), 'mfa-required');
    await open.choose('otp-sms');
    for (const { timeout } of scene.transport.requests) assert.ok(timeout === undefined || timeout === 15_000);
  });
});
