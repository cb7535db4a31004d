import assert from 'node:assert/strict';
import { PRACTICE_USERS } from '../../src/practice/users.ts';
import type { Arrival, FlowNode } from '../support/flows.ts';
import { place, wire } from '../support/flows.ts';
import { holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';

/** The output of a message, and its state. */
interface Expected {
  at: 'signed-in' | 'mfa' | 'refused' | 'caught';
  state?: string;
  reason?: string;
  warnings?: string[];
  code?: string;
}

const signedIn = (...warnings: string[]): Expected => ({
  at: 'signed-in',
  state: 'signed-in',
  ...(warnings.length > 0 ? { warnings } : {}),
});
const challenged = (state = 'mfa-required', reason?: string): Expected => ({
  at: 'mfa',
  state,
  ...(reason ? { reason } : {}),
});
const refused = (reason: string): Expected => ({ at: 'refused', state: 'refused', reason });
const caught = (code: string): Expected => ({ at: 'caught', code });

/** The result of every practice user's sign-in with the right password. */
const LOGIN: Record<string, Expected> = {
  practice: signedIn(),
  plain: signedIn(),
  locks: signedIn(),
  all: challenged(),
  sms: challenged(),
  email: challenged(),
  whatsapp: challenged(),
  app: challenged(),
  link: challenged(),
  'link-sms': challenged(),
  'wrong-code': challenged(),
  'wrong-then-right': challenged(),
  timeout: challenged(),
  'delivery-failure': challenged(),
  'new-request': challenged(),
  'link-at-once': challenged(),
  'link-cut': challenged(),
  'link-gateway': challenged(),
  slow: caught('AUTH_TIMEOUT'),
  cut: caught('AUTH_NETWORK'),
  gateway: caught('AUTH_UNAVAILABLE'),
  enrollment: refused('mfa-enrollment-required'),
  'missing-email': refused('contact-missing'),
  'missing-phone': refused('contact-missing'),
  'grace-login': signedIn('mfa-grace-login'),
  'grace-logon': signedIn('last-grace-logon'),
  'expired-password': signedIn('password-expired'),
  'weak-password': signedIn('password-weak'),
  'change-password': refused('password-change-required'),
  'dead-password': refused('password-expired'),
  'last-attempt': refused('last-attempt'),
  'wrong-password': refused('credentials-invalid'),
  locked: refused('account-locked'),
  disabled: refused('account-disabled'),
  expired: refused('account-expired'),
  'not-yet-available': refused('account-not-yet-available'),
  'not-approved': refused('account-not-approved'),
  'not-authorized': refused('user-not-authorized'),
  canceled: refused('canceled'),
  'provider-error': refused('provider-error'),
  version: signedIn('authorization-failed'),
  'old-version': refused('version-not-compatible'),
  group: refused('group-selection-invalid'),
  role: refused('role-selection-invalid'),
};

/** The next step of a person: chooses a method, submits the received code or another one, clicks the link. */
type Step =
  | ['choose', string, Expected]
  | ['code', 'right' | 'wrong', Expected]
  | ['click', Expected]
  | ['later', Expected];

/** The results after the request for a second factor. */
const STEPS: Record<string, Step[]> = {
  all: [
    ['choose', 'otp-email', challenged('code-required')],
    ['code', 'right', signedIn()],
  ],
  sms: [
    ['choose', 'otp-sms', challenged('code-required')],
    ['code', 'right', signedIn()],
  ],
  email: [
    ['choose', 'otp-email', challenged('code-required')],
    ['code', 'right', signedIn()],
  ],
  whatsapp: [
    ['choose', 'otp-whatsapp', challenged('code-required')],
    ['code', 'right', signedIn()],
  ],
  app: [
    ['choose', 'otp-app', challenged('code-required')],
    ['code', 'right', signedIn()],
  ],
  link: [
    ['choose', 'link-email', challenged('link-sent')],
    ['click', signedIn()],
  ],
  'link-sms': [
    ['choose', 'link-sms', challenged('link-sent')],
    ['click', signedIn()],
  ],
  'wrong-code': [
    ['choose', 'first', challenged('code-required')],
    ['code', 'right', challenged('code-required', 'code-invalid')],
    ['code', 'right', challenged('code-required', 'code-invalid')],
    ['code', 'right', challenged('code-required', 'code-invalid')],
    ['code', 'right', challenged('code-required', 'code-invalid')],
    ['code', 'right', refused('code-invalid')],
    ['code', 'right', refused('challenge-unknown')],
  ],
  'wrong-then-right': [
    ['choose', 'first', challenged('code-required')],
    ['code', 'right', challenged('code-required', 'code-invalid')],
    ['code', 'right', signedIn()],
    ['code', 'right', refused('challenge-unknown')],
  ],
  timeout: [
    ['choose', 'otp-sms', challenged('code-required')],
    ['code', 'right', refused('mfa-timeout')],
  ],
  'delivery-failure': [
    ['choose', 'otp-sms', challenged('mfa-required', 'mfa-delivery-failed')],
    ['choose', 'otp-email', challenged('mfa-required', 'mfa-delivery-failed')],
  ],
  'new-request': [
    ['choose', 'otp-sms', challenged('mfa-required')],
    ['choose', 'otp-sms', challenged('mfa-required', 'held-back')],
  ],
  'link-at-once': [
    ['choose', 'first', challenged('link-sent')],
    ['code', 'wrong', challenged('link-sent')],
  ],
  'link-cut': [
    ['choose', 'first', challenged('link-sent')],
    ['later', challenged('link-sent', 'outcome-unknown')],
  ],
  'link-gateway': [
    ['choose', 'first', challenged('link-sent')],
    ['later', challenged('link-sent', 'outcome-unknown')],
  ],
};

const OUTPUTS = ['signed-in', 'mfa', 'refused'];
const FLOW: FlowNode[] = [
  { id: 'server', type: 'vg-server', practice: true },
  wire('vg-login', 'login', OUTPUTS, {
    server: 'server',
    username: 'user',
    usernameType: 'msg',
    password: 'password',
    passwordType: 'msg',
    method: 'ask',
  }),
  wire('vg-mfa', 'choose', OUTPUTS, { action: 'choose', method: 'way', methodType: 'msg' }),
  wire('vg-mfa', 'submit', OUTPUTS, { action: 'submit', code: 'code', codeType: 'msg' }),
  ...OUTPUTS.map(place),
];

describe('each practice user, through the nodes', () => {
  it('has a row here', () => {
    assert.deepEqual(Object.keys(LOGIN).sort(), PRACTICE_USERS.map(({ user }) => user).sort());
    const challengedUsers = Object.keys(LOGIN).filter((user) => LOGIN[user]?.at === 'mfa');
    assert.deepEqual(Object.keys(STEPS).sort(), challengedUsers.sort());
  });

  for (const [user, expected] of Object.entries(LOGIN)) {
    it(`${user}: ${PRACTICE_USERS.find((each) => each.user === user)?.what}`, async () => {
      const time = user === 'slow' ? holdTime() : undefined;
      const flow = await load(FLOW);
      const signingIn = flow.ask('login', {
        user,
        password: 'practice',
        token: { access_token: 'an old one' } as never,
      });
      const first = await (time ? time.until(signingIn) : signingIn);
      check(first, expected);
      assert.equal('password' in first.msg, false, 'the password is gone from the message');
      if (user === 'enrollment') assert.equal(first.msg.auth?.enrollment_url, 'https://id.example/enroll');
      const challenge = first.msg.auth?.challenge?.id;
      for (const step of STEPS[user] ?? []) await walk(flow, user, challenge ?? '', step);
    });
  }

  it('locks: another wrong password is the last attempt, and then the account is locked', async () => {
    const flow = await load(FLOW);
    check(await flow.ask('login', { user: 'locks', password: 'a' }), refused('credentials-invalid'));
    check(await flow.ask('login', { user: 'locks', password: 'b' }), refused('last-attempt'));
    check(await flow.ask('login', { user: 'locks', password: 'b' }), refused('held-back'));
    check(await flow.ask('login', { user: 'locks', password: 'c' }), refused('credentials-invalid'));
    check(await flow.ask('login', { user: 'locks', password: 'practice' }), refused('account-locked'));
  });
});

function check({ at, msg }: Arrival, expected: Expected): void {
  assert.equal(at, expected.at, `${msg.error?.message ?? msg.auth?.reason}`);
  assert.equal('access_token' in Object(msg.token), expected.at === 'signed-in', 'a token stands on output 1 alone');
  if (expected.at === 'caught') {
    assert.equal(msg.error?.code, expected.code);
    return;
  }
  assert.equal(msg.auth?.state, expected.state);
  assert.equal(msg.auth?.reason, expected.reason);
  assert.deepEqual(msg.auth?.warnings, expected.warnings);
}

async function walk(flow: Flow, user: string, id: string, step: Step): Promise<void> {
  const { visualGuard } = flow.engine.practice;
  const auth = { challenge: { id } };
  if (step[0] === 'choose') check(await flow.ask('choose', { way: step[1], auth } as never), step[2]);
  else if (step[0] === 'code') {
    const code = step[1] === 'right' ? visualGuard.inboxOf(user)?.text : '00';
    const arrival = await flow.ask('submit', { code, auth } as never);
    check(arrival, step[2]);
    assert.equal('code' in arrival.msg, false, 'the code is gone from the message');
  } else if (step[0] === 'click') {
    await linkSent(flow, user);
    const arriving = flow.next();
    assert.equal(await visualGuard.click(visualGuard.inboxOf(user)?.text ?? ''), true);
    check(await arriving, step[1]);
  } else check(await flow.next(), step[1]);
}

/** The message `link-sent` leaves while the request is still open. */
function linkSent({ engine }: Flow, user: string): Promise<void> {
  const { visualGuard } = engine.practice;
  return new Promise((done) => {
    const stop = visualGuard.deliveries.add((delivery) => {
      if (delivery.user === user) finish();
    });
    const finish = (): void => {
      stop();
      done();
    };
    if (visualGuard.inboxOf(user)) finish();
  });
}
