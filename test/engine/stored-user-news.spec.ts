import assert from 'node:assert/strict';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { OpenStep, page, type ScriptedReply } from '../support/scripted-transport.ts';
import { challenge, LINK, SMS, says, signedIn, tooLate, waiting } from '../support/vg-replies.ts';
import { ANNA, ASK, isChallenged, isRefused, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MINUTE = 60_000;
const BY_SMS = { method: 'otp-sms', reset: false };
const BY_LINK = { method: 'link-email', reset: false };

/** What those hear who wait for the stored user: a refusal sends their messages on without a token. */
function newsOf(server: VisualGuardServer): string[] {
  const news: string[] = [];
  server.signIns.ofStoredUser((told) => news.push(told === 'signed-in' ? told : told.reason));
  return news;
}

describe('those who wait for the stored user', () => {
  it('hear nothing of the link of an earlier challenge while another one is open, or the user is signed in', async () => {
    const link = new OpenStep();
    const { server, system } = stage({}, challenge([LINK]), link.step, challenge([SMS]), waiting, signedIn());
    isChallenged(await server.signInStored(BY_LINK), 'link-sent');
    const news = newsOf(server);
    await system.pass(5 * MINUTE);
    const { challenge: newer } = isChallenged(await server.signInStored(BY_SMS), 'code-required');
    link.answer(tooLate);
    await system.pass(0);
    assert.deepEqual([news, server.states.state.at], [[], 'needs-human']);
    assert.equal(server.storedUser.challenge, newer);
    isSignedIn(await newer.submit('123456'));
    assert.deepEqual([...new Set(news)], ['signed-in']);
  });

  it('hear nothing of such a link after the user has signed in, and the account stays valid', async () => {
    const link = new OpenStep();
    const { server, system } = stage({}, challenge([LINK]), link.step, signedIn());
    isChallenged(await server.signInStored(BY_LINK), 'link-sent');
    await system.pass(5 * MINUTE);
    isSignedIn(await server.signInStored(ASK));
    const news = newsOf(server);
    link.answer(tooLate);
    await system.pass(0);
    assert.deepEqual([news, server.states.state.at], [[], 'valid']);
  });

  it('hear of the link of the challenge that they wait for', async () => {
    const link = new OpenStep();
    const { server, system } = stage({}, challenge([LINK]), link.step);
    isChallenged(await server.signInStored(BY_LINK), 'link-sent');
    const news = newsOf(server);
    link.answer(tooLate);
    await system.pass(0);
    assert.deepEqual(news, ['mfa-timeout']);
  });

  it('hear nothing of a sign-in that was held back: nothing was sent, and anybody can cause it', async () => {
    const sendsCode: ScriptedReply = says(['Failure', 'MFA_WaitingUserAction'], { ways: [SMS] });
    const { server, transport } = stage({ module: 'Passwordless', password: '' }, sendsCode);
    const news = newsOf(server);
    await server.signIn({ ...ANNA, user: 'robot', password: '' }, ASK);
    isRefused(await server.signInStored(ASK), 'held-back');
    assert.deepEqual([news, transport.requests.length], [[], 1]);
  });

  it('hear of a refusal once, and not again when it is repeated for the next message', async () => {
    const locked = says(['Failure', 'UserAccountLocked']);
    const { server, system, transport } = stage({}, locked, challenge([SMS]));
    const news = newsOf(server);
    assert.equal((await server.storedUser.token(false)).outcome?.reason, 'account-locked');
    assert.deepEqual(news, ['account-locked']);
    isChallenged(await server.signInStored(ASK), 'mfa-required');
    await system.pass(5 * MINUTE);
    assert.equal((await server.storedUser.token(false)).outcome?.reason, 'account-locked');
    assert.deepEqual([news, transport.requests.length], [['account-locked'], 2]);
  });
});

describe('a sign-in of the stored user', () => {
  it('whose first code gets no answer leaves the challenge: the next one joins it', async () => {
    const { server, transport } = stage({}, challenge([SMS]), page(503));
    await assert.rejects(server.signInStored(BY_SMS), { code: 'AUTH_UNAVAILABLE' });
    const open = server.storedUser.challenge;
    assert.ok(open);
    assert.equal(isChallenged(await server.signInStored(ASK), 'mfa-required').challenge, open);
    assert.equal(transport.requests.length, 2);
  });

  it('that joins one under way chooses its method, if that one has chosen none', async () => {
    const login = new OpenStep();
    const { server, transport } = stage({}, login.step, waiting);
    const asked = server.storedUser.token(false);
    const joined = server.signInStored(BY_SMS);
    login.answer(challenge([SMS]));
    assert.equal((await asked).outcome?.state, 'mfa-required');
    isChallenged(await joined, 'code-required');
    assert.equal(transport.requests.length, 2);
  });

  it('that joins one whose code is held back gets to know until when', async () => {
    const login = new OpenStep();
    const { server } = stage({}, challenge([SMS]), waiting, login.step);
    const robot = { ...ANNA, user: 'robot' };
    isChallenged(await server.signIn(robot, BY_SMS), 'code-required');
    const all = [server.signInStored(BY_SMS), server.signInStored(BY_SMS)];
    login.answer(challenge([SMS]));
    const [first, joined] = await Promise.all(all);
    assert.ok(isChallenged(first, 'mfa-required', 'held-back').retryAt);
    assert.deepEqual(joined, first);
  });
});
