import assert from 'node:assert/strict';
import { Fleet, type Replica } from '../support/fleet.ts';
import { challenge, SMS, says, signedIn } from '../support/vg-replies.ts';
import { ASK, isChallenged, isRefused, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const requestsOf = (replicas: Replica[]): number =>
  replicas.reduce((sum, { transport }) => sum + transport.requests.length, 0);

describe('the guard of several replicas', () => {
  const person = (password: string) => ({ user: 'service', password });

  it('sends a wrong password once, and another one at once', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(3);
    const outcomes = await Promise.all(replicas.map(({ server }) => server.signIn(person('wrong'), ASK)));
    const reasons = outcomes.map((outcome) => (outcome.state === 'refused' ? outcome.reason : outcome.state));
    assert.deepEqual(reasons.sort(), ['credentials-invalid', 'held-back', 'held-back']);
    isSignedIn(await replicas[1].server.signIn(person('service-password'), ASK));
    assert.equal(fleet.guard.counts.refused, 1);
  });

  it('allows it again after 15 minutes, or with msg.reset', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    await a.server.signIn(person('wrong'), ASK);
    const { retryAt } = isRefused(await b.server.signIn(person('wrong'), ASK), 'held-back');
    assert.equal(retryAt, fleet.system.now() + QUARTER);
    isRefused(await b.server.signIn(person('wrong'), { method: 'ask', reset: true }), 'credentials-invalid');
    await fleet.system.pass(QUARTER);
    isRefused(await a.server.signIn(person('wrong'), ASK), 'credentials-invalid');
    assert.equal(fleet.guard.counts.refused, 3);
  });

  it('allows it for all once msg.reset has shown that it is right', async () => {
    const fleet = new Fleet();
    const [a, b, c] = fleet.replicas(3);
    await a.server.signIn(person('changed'), ASK);
    b.transport.next(signedIn());
    isSignedIn(await b.server.signIn(person('changed'), { method: 'ask', reset: true }));
    c.transport.next(signedIn());
    isSignedIn(await c.server.signIn(person('changed'), ASK));
  });

  it('works without the store, in each process', async () => {
    const fleet = new Fleet();
    const a = fleet.replica();
    a.store.goAway();
    await a.server.signIn(person('wrong'), ASK);
    isRefused(await a.server.signIn(person('wrong'), ASK), 'held-back');
    await a.store.comeBack();
    isRefused(await fleet.replica().server.signIn(person('wrong'), ASK), 'held-back');
  });

  it('is written after an outage also if an earlier refusal was written before it', async () => {
    const fleet = new Fleet();
    const a = fleet.replica();
    await a.server.signIn(person('wrong'), ASK);
    await fleet.system.pass(16 * 60_000);
    a.store.goAway();
    isRefused(await a.server.signIn(person('wrong'), ASK), 'credentials-invalid');
    await a.store.comeBack();
    isRefused(await fleet.replica().server.signIn(person('wrong'), ASK), 'held-back');
    assert.equal(fleet.guard.counts.refused, 2);
  });

  it('treats as one all spellings of a name that a server treats as the same user', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    await a.server.signIn(person('wrong'), ASK);
    isRefused(await b.server.signIn({ user: ' SERVICE\u00a0', password: 'wrong' }, ASK), 'held-back');
    assert.equal(fleet.guard.counts.refused, 1);
  });

  it('sends one code in 30 s to a person, for any challenge and replica', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const anna = { user: 'anna', password: 'anna-password' };
    const one = isChallenged(await a.server.signIn(anna, ASK), 'mfa-required').challenge;
    const other = isChallenged(await b.server.signIn(anna, ASK), 'mfa-required').challenge;
    assert.notEqual(one.id, other.id);
    const outcomes = await Promise.all([one.choose('otp-sms'), other.choose('otp-sms')]);
    const reasons = outcomes.map((outcome) => (outcome.state === 'signed-in' ? '' : outcome.reason));
    assert.deepEqual(reasons.map(String).sort(), ['held-back', 'undefined']);
    assert.equal(fleet.guard.counts.codes, 1);
    await fleet.system.pass(30_000);
    isChallenged(await other.choose('otp-sms'), 'code-required');
  });

  it('counts no code that was not sent', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const anna = { user: 'anna', password: 'anna-password' };
    const one = isChallenged(await a.server.signIn(anna, ASK), 'mfa-required').challenge;
    const other = isChallenged(await b.server.signIn(anna, ASK), 'mfa-required').challenge;
    a.transport.next(says(['Failure', 'MFA_FailedSendingRequest']));
    isChallenged(await one.choose('otp-sms'), 'mfa-required', 'mfa-delivery-failed');
    await fleet.told();
    isChallenged(await other.choose('otp-sms'), 'code-required');
  });

  it('sends one code if a login without a password sends it automatically', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(2, { module: 'Passwordless' });
    for (const { transport } of replicas)
      transport.otherwise = says(['Failure', 'MFA_WaitingUserAction'], { ways: [SMS] });
    const outcomes = await Promise.all(
      replicas.map(({ server }) => server.signIn({ user: 'anna', password: '' }, ASK)),
    );
    assert.deepEqual(outcomes.map(({ state }) => state).sort(), ['code-required', 'refused']);
    assert.equal(requestsOf(replicas), 1);
  });

  it('ignores a pause that no replica can have written', async () => {
    const fleet = new Fleet();
    const a = fleet.replica();
    a.store.get = async (name) =>
      name.startsWith('refused') || name.startsWith('delivered')
        ? { value: { version: 1, left: 1e12 }, age: 0, fence: 0 }
        : undefined;
    a.transport.next(challenge([SMS]));
    const { challenge: open } = isChallenged(
      await a.server.signIn({ user: 'anna', password: 'x' }, ASK),
      'mfa-required',
    );
    isChallenged(await open.choose('otp-sms'), 'code-required');
  });
});
