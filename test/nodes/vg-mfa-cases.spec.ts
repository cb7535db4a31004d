import assert from 'node:assert/strict';
import { assertFault } from '../support/faults.ts';
import type { Arrival } from '../support/flows.ts';
import { challenges, guardFlow, says, signsIn, stepOf, stored, way } from '../support/guard-server.ts';
import { assertTimeAfter, type HeldTime, holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { always, serve, type TestServer } from '../support/servers.ts';

const SMS = way('w-sms', 1, 2);
const EMAIL = way('w-email', 2, 2);
const WAITING = says('Failure, MFA_WaitingUserAction');

function assertState({ at, msg }: Arrival, output: string, state: string, reason?: string): void {
  assert.equal(at, output, JSON.stringify(msg.auth ?? msg.error?.message));
  assert.deepEqual([msg.auth?.system, msg.auth?.state, msg.auth?.reason], ['vg', state, reason]);
  assert.equal('token' in msg, output === 'in');
}

describe('submit MFA code, case by case', () => {
  let time: HeldTime;
  let server: TestServer;
  let flow: Flow;
  let offered: Arrival;

  /** A flow with an open challenge of these methods. */
  async function open(...ways: object[]): Promise<void> {
    server = await serve(always(challenges(...ways)));
    flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('person', 'THE-PASSWORD'));
    offered = await flow.ask('login');
    assertState(offered, 'mfa', 'mfa-required');
    server.answer = always(WAITING);
  }
  const choose = (payload: unknown): Promise<Arrival> => flow.ask('choose', { auth: offered.msg.auth, payload });
  const submit = (payload: unknown): Promise<Arrival> =>
    flow.ask('submit', { auth: offered.msg.auth, payload, topic: 'kept', token: {} as never });

  beforeEach(() => {
    time = holdTime();
  });

  for (const [what, payload] of [
    ['not offered', 'otp-whatsapp'],
    ['unknown', 'pigeon'],
    ['not named, and several are offered', ''],
    ['an object, and several are offered', { a: 1 }],
  ] as [string, unknown][]) {
    it(`a method that is ${what}: output 2, nothing sent`, async () => {
      await open(SMS, EMAIL);

      assertState(await choose(payload), 'mfa', 'mfa-required', 'method-not-offered');
      assert.deepEqual(server.requests.map(stepOf), ['login']);
    });
  }

  it('a chosen method: the server gets its own IDs, and nothing of the person', async () => {
    await open(SMS, EMAIL);

    assertState(await choose('otp-email'), 'mfa', 'code-required');

    const form = Object.fromEntries(server.requests[1]?.form ?? []);
    assert.equal(form.AuthenticationRequestId, 'request-1');
    assert.equal(form.MFAAvailableId, 'w-email');
    assert.equal(form.grant_type, 'VGAuthenticator');
    assert.equal('Password' in form || 'Username' in form, false);
    assert.doesNotMatch(JSON.stringify(offered.msg), /w-email|request-1|THE-PASSWORD/);
  });

  it('another code within 30 s: held back, nothing sent; after that it is sent again', async () => {
    await open(SMS);
    await choose('');

    const held = await choose('');
    assertState(held, 'mfa', 'code-required', 'held-back');
    assertTimeAfter(held.msg.auth?.retry_at, time, 30_000);
    assert.deepEqual(server.requests.map(stepOf), ['login', 'choose']);

    await time.pass(30_000);
    assertState(await choose(''), 'mfa', 'code-required');
    assert.deepEqual(server.requests.map(stepOf), ['login', 'choose', 'choose']);
  });

  it('a failure to send: output 2, and another method can be chosen', async () => {
    await open(SMS, EMAIL);
    server.answer = always(says('Failure, MFA_FailedSendingRequest'));
    assertState(await choose('otp-sms'), 'mfa', 'mfa-required', 'mfa-delivery-failed');

    server.answer = always(WAITING);
    assertState(await choose('otp-email'), 'mfa', 'code-required');
  });

  it('a right code: output 1, and the challenge is used up', async () => {
    await open(SMS);
    await choose('');
    server.answer = always(signsIn('token-1'));

    const { at, msg } = await submit(' 0123 ');
    assert.equal(at, 'in');
    assert.equal(msg.token?.access_token, 'token-1');
    assert.equal(server.requests[2]?.form.get('MFASecureCode'), '0123');
    assertState(await submit('0123'), 'refused', 'refused', 'challenge-unknown');
  });

  it('a wrong code if the server does not keep the request: output 3', async () => {
    await open(SMS);
    await choose('');
    server.answer = always(says('Failure, SecureCodeDoesNotMatch, UserAccountLocked'));
    const { at, msg } = await submit('1');
    assert.equal(at, 'refused');
    assert.equal(msg.auth?.state, 'refused');
    assert.equal('challenge' in (msg.auth ?? {}), false);
  });

  for (const [names, reason] of [
    ['Failure, MFA_EnrollmentRequired', 'mfa-enrollment-required'],
    ['Failure, UserAccountMissingEmail', 'contact-missing'],
    ['Failure, MFA_LinkTimeout', 'mfa-timeout'],
    ['Failure, UserAccountLocked', 'account-locked'],
    ['Failure, ProcessCanceled', 'canceled'],
  ] as const) {
    it(`${reason} after the choice: output 3`, async () => {
      await open(SMS, EMAIL);
      server.answer = always(says(names));

      assertState(await choose('otp-sms'), 'refused', 'refused', reason);
      assertState(await choose('otp-sms'), 'refused', 'refused', 'challenge-unknown');
    });
  }

  it('a challenge that has expired: output 3', async () => {
    await open(SMS);
    await choose('');
    await time.pass(300_000);

    const late = await submit('1');
    assertState(late, 'refused', 'refused', 'challenge-expired');
    assert.equal(late.msg.topic, 'kept');
    assertState(await choose(''), 'refused', 'refused', 'challenge-expired');
    assert.equal(server.requests.length, 2);
  });

  for (const [what, id] of [
    ['unknown', 'made-up'],
    ['an object', { a: 1 }],
    ['a number', 5],
  ] as [string, unknown][]) {
    it(`a challenge that is ${what}: output 3, nothing sent`, async () => {
      await open(SMS);
      for (const node of ['submit', 'choose']) {
        const auth = { challenge: { id } } as never;
        assertState(await flow.ask(node, { auth, payload: '123' }), 'refused', 'refused', 'challenge-unknown');
      }
      assert.equal(server.requests.length, 1);
    });
  }

  for (const [what, payload, sent] of [
    ['a blank', '012 345', '012345'],
    ['a hyphen', '012-345', '012345'],
    ['blanks around it and inside', ' 0 1 2\t345\r\n', '012345'],
    ['a no-break space, a narrow one and one without width', '01\u00a02\u202f34\u200b5', '012345'],
    ['other hyphens, a dash and a minus', '0\u20101\u20112\u20133\u22124\u00ad5', '012345'],
    ['letters', 'aB-c 9', 'aBc9'],
    ['full-width digits, which stay', '\uff10\uff11', '\uff10\uff11'],
    ['other punctuation, which stays', '01.2_3', '01.2_3'],
  ] as const) {
    it(`a code with ${what}: the server gets it without spaces and hyphens`, async () => {
      await open(SMS);
      await choose('');
      server.answer = always(signsIn('token-1'));
      assertState(await submit(payload), 'in', 'signed-in');
      assert.equal(server.requests.at(-1)?.form.get('MFASecureCode'), sent);
    });
  }

  for (const [what, payload] of [
    ['no code', undefined],
    ['hyphens and blanks', ' - \u2013 '],
    ['an empty code', ''],
    ['blanks', '   '],
    ['an object', { code: '123' }],
    ['a list', ['123']],
    ['true', true],
    ['null', null],
    ['not a number', Number.NaN],
  ] as [string, unknown][]) {
    it(`${what}: a Catch node, nothing sent, the challenge stays`, async () => {
      await open(SMS);
      await choose('');

      const arrival = await submit(payload);
      assertFault(arrival, 'AUTH_CONFIG', '"payload"');
      assert.equal(arrival.msg.topic, 'kept');
      assert.deepEqual(server.requests.map(stepOf), ['login', 'choose']);

      server.answer = always(signsIn('token-1'));
      assert.equal((await submit(123)).at, 'in');
    });
  }

  it('an answer to a code that cannot be used: a Catch node, the challenge stays, and nothing is repeated', async () => {
    await open(SMS);
    await choose('');
    server.answer = always({ status: 503, body: '<html>THE-BODY</html>' });
    assertFault(await submit('1'), 'AUTH_UNAVAILABLE', server.host);
    server.answer = always({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>THE-BODY</html>' });
    assertFault(await submit('1'), 'AUTH_BAD_RESPONSE', server.host);
    assert.equal(server.requests.length, 4);

    server.answer = always(signsIn('token-1'));
    assert.equal((await submit('1')).at, 'in');
  });
});
