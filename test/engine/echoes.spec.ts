import assert from 'node:assert/strict';
import { authOfOutcome } from '../../nodes/shared/msg-auth.ts';
import { SecretTrace } from '../../src/http/echoes.ts';
import type { Outcome } from '../../src/visual-guard/outcome.ts';
import { json, type ScriptedReply } from '../support/scripted-transport.ts';
import { challenge, says, signedIn } from '../support/vg-replies.ts';
import { ASK, isChallenged, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const PASSWORD = 'Pass word/Ünïque';
const PERSON = { user: 'anna', password: PASSWORD };
/** As it can be read in a message, however it was escaped. */
const spellings = [PASSWORD, encodeURIComponent(PASSWORD), encodeURI(PASSWORD), PASSWORD.toUpperCase()];

/** An MFA method of a challenge whose text contains a person's secret. */
const telling = {
  Id: 'way-2',
  TransportMode: 1,
  AuthenticationMode: 2,
  DestinationDisplay: `to ${PASSWORD.toUpperCase()}!`,
  AuthenticationModeDisplay: PASSWORD,
  TransportModeDisplay: `x${PASSWORD}`,
};
const REPLIES: Record<string, ScriptedReply> = {
  'as the destination of another way': challenge([telling], 'request-2'),
  'in the address for enrollment': says(['Failure', 'MFA_EnrollmentRequired'], {
    more: { EnrollmentUrl: `https://id.example.org/${PASSWORD}` },
  }),
  'in the address for enrollment, encoded': says(['Failure', 'MFA_EnrollmentRequired'], {
    more: { EnrollmentUrl: `https://id.example.org/?a=${encodeURIComponent(PASSWORD)}` },
  }),
  'as a scope': withScope(signedIn('a-token'), `openid ${PASSWORD.replace(' ', '_')}`),
  'as an error': json(400, { error: PASSWORD, error_description: PASSWORD }),
};

function withScope(reply: ScriptedReply, scope: string): ScriptedReply {
  return { ...reply, body: { ...reply.body, scope } };
}

function assertSilent(outcome: Outcome | object | undefined): void {
  const auth = outcome && 'state' in outcome ? authOfOutcome(outcome as Outcome) : {};
  const text = JSON.stringify([outcome, auth], (key, value) => (key === 'link' ? undefined : value)) ?? '';
  for (const spelt of [...spellings, PASSWORD.replace(' ', '_')]) assert.ok(!text.includes(spelt), text);
}

describe('a password that a later step of the sign-in does not send', () => {
  for (const [place, reply] of Object.entries(REPLIES)) {
    for (const step of ['choice', 'code'] as const) {
      it(`is not repeated by the answer to a ${step}, ${place}`, async () => {
        const password = place === 'as a scope' ? PASSWORD.replace(' ', '_') : PASSWORD;
        const { server } = stage({ mfaCredentials: 'none' }, challenge(), reply);
        const open = isChallenged(await server.signIn({ ...PERSON, password }, ASK), 'mfa-required').challenge;
        const outcome = await (step === 'choice' ? open.choose('first') : open.submit('123')).catch(() => undefined);
        assertSilent(outcome);
        if (outcome?.state === 'signed-in') assert.deepEqual(outcome.token.scope, ['openid']);
      });
    }
  }

  it('is not repeated by a refresh, as a scope', async () => {
    const { server, system } = stage({}, signedIn('a', { life: 100 }), withScope(signedIn('b'), 'openid a-password'));
    const { session } = isSignedIn(await server.signIn({ user: 'anna', password: 'a-password' }, ASK));
    await system.pass(100_000);
    const { token } = await session.ask();
    assert.deepEqual([token?.accessToken, token?.scope], ['b', ['openid']]);
  });

  it('does not hide other texts', async () => {
    const way = {
      ...telling,
      DestinationDisplay: '+49***00',
      AuthenticationModeDisplay: 'Code',
      TransportModeDisplay: 'SMS',
    };
    const { server } = stage({ mfaCredentials: 'none' }, challenge(), challenge([way], 'request-2'));
    const open = isChallenged(await server.signIn(PERSON, ASK), 'mfa-required').challenge;
    const auth = authOfOutcome(await open.choose('first'));
    assert.equal(auth.challenge?.methods[0]?.label, 'Code SMS +49***00');
  });
});

describe('the search for a secret in a text', () => {
  it('finds every text that contains the secret, in any case, and no other', () => {
    const trace = new SecretTrace('Secret');
    for (const text of ['secret', 'a SECRET b', 'xsecretx', 'sesecret']) assert.equal(trace.isIn(text), true, text);
    for (const text of ['', 'secre', 's e c r e t', 'terces']) assert.equal(trace.isIn(text), false, text);
  });

  it('ignores secrets that are too short', () => {
    assert.equal(new SecretTrace('').isIn('any text'), false);
    assert.equal(new SecretTrace('ab').isIn('abc'), false);
  });
});
