import assert from 'node:assert/strict';
import { PRACTICE_PASSWORD, PRACTICE_VG_URL } from '../../src/core/practice-defaults.ts';
import { Engine } from '../../src/engine/engine.ts';
import { PRACTICE_USERS } from '../../src/practice/users.ts';
import { FULL_SCOPE, type VisualGuardSettings } from '../../src/visual-guard/dialect/wire.ts';
import type { Outcome, SignedIn } from '../../src/visual-guard/outcome.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { ASK, isChallenged, isRefused, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const SETTINGS: VisualGuardSettings = {
  tokenUrl: PRACTICE_VG_URL,
  clientId: 'practice_Native',
  clientSecret: PRACTICE_PASSWORD,
  scope: FULL_SCOPE,
  module: 'VGUser',
  mfaCredentials: 'none',
  username: 'practice',
  password: PRACTICE_PASSWORD,
};

/** The immediate result of a right password. Every practice user has one of these three. */
const SIGNED_IN: Record<string, string[]> = {
  practice: [],
  plain: [],
  locks: [],
  'grace-login': ['mfa-grace-login'],
  'grace-logon': ['last-grace-logon'],
  'expired-password': ['password-expired'],
  'weak-password': ['password-weak'],
  version: ['authorization-failed'],
};
const REFUSED: Record<string, string> = {
  enrollment: 'mfa-enrollment-required',
  'missing-email': 'contact-missing',
  'missing-phone': 'contact-missing',
  'change-password': 'password-change-required',
  'dead-password': 'password-expired',
  'last-attempt': 'last-attempt',
  'wrong-password': 'credentials-invalid',
  locked: 'account-locked',
  disabled: 'account-disabled',
  expired: 'account-expired',
  'not-yet-available': 'account-not-yet-available',
  'not-approved': 'account-not-approved',
  'not-authorized': 'user-not-authorized',
  canceled: 'canceled',
  'provider-error': 'provider-error',
  'old-version': 'version-not-compatible',
  group: 'group-selection-invalid',
  role: 'role-selection-invalid',
};
/** The methods that are offered, by the names of preferences. */
const CHALLENGED: Record<string, string[]> = {
  all: ['otp-sms', 'otp-email', 'link-email'],
  sms: ['otp-sms'],
  email: ['otp-email'],
  whatsapp: ['otp-whatsapp'],
  app: ['code-app'],
  link: ['link-email'],
  'link-sms': ['link-sms'],
  'wrong-code': ['otp-sms'],
  'wrong-then-right': ['otp-sms'],
  timeout: ['otp-sms', 'link-email'],
  'delivery-failure': ['otp-sms', 'otp-email', 'link-email'],
  'new-request': ['otp-sms', 'otp-email'],
  'link-at-once': ['link-email'],
  'link-cut': ['link-email'],
  'link-gateway': ['link-email'],
};
/** Users for which the server fails: an error for a Catch node. */
const FAULTS: Record<string, string> = { slow: 'AUTH_TIMEOUT', cut: 'AUTH_NETWORK', gateway: 'AUTH_UNAVAILABLE' };

describe('the practice server, as a Visual Guard server over real sockets', () => {
  let system: FakeSystem;
  let engine: Engine;
  let server: VisualGuardServer;

  beforeEach(() => {
    system = new FakeSystem();
    engine = new Engine(100, system);
    server = serverWith({});
  });
  afterEach(() => {
    server.close();
    engine.practice.stop();
  });

  function serverWith(settings: Partial<VisualGuardSettings>): VisualGuardServer {
    return engine.holdServer({ ...SETTINGS, ...settings }, engine.practice.transport(), 'practice').value;
  }

  const signIn = (user: string, method = 'ask', password = PRACTICE_PASSWORD): Promise<Outcome> =>
    server.signIn({ user, password }, { method, reset: false });

  /** Chooses a method, and submits the code that the user received. */
  async function byCode(user: string, method: string): Promise<SignedIn> {
    const { challenge } = isChallenged(await signIn(user, method), 'code-required');
    return isSignedIn(await challenge.submit(engine.practice.visualGuard.inboxOf(user)?.text ?? ''));
  }

  it('has a row in these tables for every user', () => {
    const rows = [SIGNED_IN, REFUSED, CHALLENGED, FAULTS].flatMap((table) => Object.keys(table)).sort();
    assert.deepEqual(PRACTICE_USERS.map(({ user }) => user).sort(), rows);
  });

  for (const [user, warnings] of Object.entries(SIGNED_IN)) {
    it(`signs ${user} in, with ${warnings.join() || 'no warning'}`, async () => {
      const { session, token } = isSignedIn(await signIn(user));
      assert.deepEqual(session.login?.warnings, warnings);
      assert.notEqual(session.refreshToken, '');
      assert.notEqual(token.VGToken ?? '', '');
      assert.deepEqual([...token.scope].sort(), FULL_SCOPE.split(' ').sort());
    });
  }

  for (const [user, reason] of Object.entries(REFUSED)) {
    it(`refuses ${user}: ${reason}`, async () => {
      const refused = isRefused(await signIn(user), reason);
      assert.equal(refused.enrollmentUrl !== undefined, user === 'enrollment');
    });
  }

  for (const [user, ways] of Object.entries(CHALLENGED)) {
    it(`offers ${user}: ${ways.join(', ')}`, async () => {
      const { challenge } = isChallenged(await signIn(user), 'mfa-required');
      assert.deepEqual(
        challenge.methods.map(({ kind, transport }) => `${kind}-${transport}`),
        ways,
      );
    });
  }

  for (const [user, code] of Object.entries(FAULTS)) {
    it(`fails for ${user}: ${code}`, async () => {
      const signing = assert.rejects(signIn(user), { code });
      if (user === 'slow') while (system.pending < 2) await new Promise((resolve) => setImmediate(resolve));
      if (user === 'slow') await system.pass(15_000);
      await signing;
    });
  }

  it('refuses an unknown user, and a wrong password', async () => {
    isRefused(await signIn('nobody'), 'credentials-invalid');
    isRefused(await signIn('plain', 'ask', 'wrong'), 'credentials-invalid');
  });

  it('locks "locks" after three wrong passwords, and warns before', async () => {
    isRefused(await signIn('locks', 'ask', 'wrong-1'), 'credentials-invalid');
    isRefused(await signIn('locks', 'ask', 'wrong-2'), 'last-attempt');
    await signIn('locks', 'ask', 'wrong-3');
    isRefused(await signIn('locks'), 'account-locked');
  });

  for (const [user, method] of [
    ['all', 'otp-sms'],
    ['sms', 'first'],
    ['email', 'otp-email'],
    ['whatsapp', 'otp-whatsapp'],
    ['app', 'otp-app'],
  ] as const) {
    it(`signs ${user} in with the code of ${method}`, async () => {
      assert.equal((await byCode(user, method)).session.user, user);
    });
  }

  it('refuses every code of "wrong-code", and ends the challenge after the fifth', async () => {
    const { challenge } = isChallenged(await signIn('wrong-code', 'first'), 'code-required');
    for (let attempt = 1; attempt < 5; attempt += 1) {
      isChallenged(
        await challenge.submit(engine.practice.visualGuard.inboxOf('wrong-code')?.text ?? ''),
        'code-required',
        'code-invalid',
      );
    }
    isRefused(await challenge.submit('1'), 'code-invalid');
  });

  it('refuses the first code of "wrong-then-right" and accepts the second', async () => {
    const { challenge } = isChallenged(await signIn('wrong-then-right', 'first'), 'code-required');
    const code = engine.practice.visualGuard.inboxOf('wrong-then-right')?.text ?? '';
    isChallenged(await challenge.submit(code), 'code-required', 'code-invalid');
    isSignedIn(await challenge.submit(code));
  });

  it('refuses a wrong code', async () => {
    const { challenge } = isChallenged(await signIn('sms', 'first'), 'code-required');
    isChallenged(await challenge.submit('no code'), 'code-required', 'code-invalid');
  });

  it('reports "timeout" as too late, by code and by link', async () => {
    const { challenge } = isChallenged(await signIn('timeout', 'otp-sms'), 'code-required');
    isRefused(await challenge.submit('1'), 'mfa-timeout');
    await system.pass(30_000);
    const { link } = isChallenged(await signIn('timeout', 'link-email'), 'link-sent');
    isRefused(await link?.later, 'mfa-timeout');
  });

  it('sends nothing to "delivery-failure"', async () => {
    isChallenged(await signIn('delivery-failure', 'otp-sms'), 'mfa-required', 'mfa-delivery-failed');
    const { link } = isChallenged(await signIn('delivery-failure', 'link-email'), 'link-sent');
    isChallenged(await link?.later, 'mfa-required', 'mfa-delivery-failed');
  });

  it('starts a new request for "new-request", once', async () => {
    const { challenge } = isChallenged(await signIn('new-request', 'otp-sms'), 'mfa-required');
    await system.pass(30_000);
    isChallenged(await challenge.choose('otp-sms'), 'code-required');
    isSignedIn(await challenge.submit(engine.practice.visualGuard.inboxOf('new-request')?.text ?? ''));
  });

  for (const user of ['link', 'link-sms']) {
    it(`signs ${user} in with a click`, async () => {
      const delivered = new Promise<string>((resolve) => {
        const end = engine.practice.visualGuard.deliveries.add(({ kind, text }) => {
          end();
          resolve(kind === 'link' ? text : '');
        });
      });
      const { link } = isChallenged(await signIn(user, 'first'), 'link-sent');
      assert.equal(await engine.practice.visualGuard.click('another link'), false);
      assert.equal(await engine.practice.visualGuard.click(await delivered), true);
      assert.equal(isSignedIn(await link?.later).session.user, user);
    });
  }

  it('accepts a click on a link before it was sent, and uses it as soon as it is sent', async () => {
    const clicked = engine.practice.visualGuard.click('link');
    const { link } = isChallenged(await signIn('link', 'first'), 'link-sent');
    assert.equal(await clicked, true);
    assert.equal(isSignedIn(await link?.later).session.user, 'link');
  });

  it('stops waiting for a link after 10 s if none is sent', async () => {
    const clicked = engine.practice.visualGuard.click('link');
    await system.pass(10_000);
    assert.equal(await clicked, false);
    assert.equal(system.pending, 0);
  });

  for (const user of ['link-cut', 'link-gateway']) {
    it(`leaves the outcome of ${user} unknown`, async () => {
      const { link } = isChallenged(await signIn(user, 'first'), 'link-sent');
      isChallenged(await link?.later, 'link-sent', 'outcome-unknown');
    });
  }

  it('does not keep the request of "link-at-once" open', async () => {
    const { link, challenge } = isChallenged(await signIn('link-at-once', 'first'), 'link-sent');
    assert.equal(await link?.later, undefined);
    assert.equal(await server.findChallenge(challenge.id), challenge);
  });

  it('accepts a refresh token once, and not after it was revoked', async () => {
    const { session } = isSignedIn(await signIn('plain'));
    const before = session.refreshToken;
    await system.pass(1_800_000);
    assert.ok((await session.ask()).token);
    assert.notEqual(session.refreshToken, before);
    const late = await server.wire.refresh(before, { scope: [] });
    assert.equal(late.refusal?.reason, 'credentials-invalid');
    const { refreshToken } = session;
    assert.deepEqual(await server.signOut(session, 'plain'), ['refresh_token']);
    assert.equal((await server.wire.refresh(refreshToken, { scope: [] })).refusal?.reason, 'credentials-invalid');
  });

  it('gives no refresh token without the scope offline_access', async () => {
    const { session } = isSignedIn(
      await serverWith({ scope: 'openid' }).signIn({ user: 'plain', password: 'practice' }, ASK),
    );
    assert.equal(session.refreshToken, '');
  });

  it('signs a passwordless user in with a name only', async () => {
    const passwordless = serverWith({ module: 'Passwordless' });
    isSignedIn(await passwordless.signIn({ user: 'plain', password: '' }, ASK));
    isChallenged(
      await passwordless.signIn({ user: 'sms', password: '' }, { method: 'first', reset: false }),
      'code-required',
    );
  });

  it('refuses a wrong client secret and an unknown scope, without an authentication state', async () => {
    isRefused(
      await serverWith({ clientSecret: 'x' }).signIn({ user: 'plain', password: 'practice' }, ASK),
      'client-invalid',
    );
    isRefused(
      await serverWith({ scope: 'VGIslocked' }).signIn({ user: 'plain', password: 'practice' }, ASK),
      'scope-invalid',
    );
  });
});
