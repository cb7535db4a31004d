import assert from 'node:assert/strict';
import { ANNA, Fleet, SERVICE } from '../support/fleet.ts';
import { challengeAt } from '../support/shared-challenges.ts';
import { ASK, isChallenged, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

/**
 * Each call of the store is a round trip to Redis: read, write, remove, take a lock, give it back (with or without a last write).
 * Not counted is what nobody waits for: subscriptions, and the prolongation of a lock.
 */
describe('how often the store is called', () => {
  it('to sign the stored user in for attach-bearer, if nothing is there yet: 8 times', async () => {
    const { server, store } = new Fleet().replica(SERVICE);
    assert.ok((await server.tokenOfStored(false)).token);
    assert.deepEqual(callsOf(store.asked), [
      'get stored-user',
      'lease refused',
      'get stored-user',
      'get wrong-codes',
      'put session',
      'put user',
      'put stored-user',
      'release refused',
    ]);
  });

  it('for a sign-in by code: login 3 times, choosing 4 times, submitting 6 times', async () => {
    const { server, store } = new Fleet().replica();
    const { challenge } = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required');
    assert.deepEqual(callsOf(store.asked.splice(0)), ['lease refused', 'put challenge', 'release refused']);
    isChallenged(await challenge.choose('otp-sms'), 'code-required');
    assert.deepEqual(callsOf(store.asked.splice(0)), [
      'lease challenge',
      'lease delivered',
      'release delivered with a change',
      'release challenge with a change',
    ]);
    isSignedIn(await challenge.submit('123456'));
    assert.deepEqual(callsOf(store.asked.splice(0)), [
      'lease challenge',
      'lease wrong-codes',
      'release wrong-codes',
      'put session',
      'put user',
      'release challenge with a change',
    ]);
  });

  it('for a code that is wrong: 4 times; at another replica 1 time more, to find the challenge', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const { challenge } = isChallenged(await a.server.signIn(ANNA, ASK), 'mfa-required');
    isChallenged(await challenge.choose('otp-sms'), 'code-required');
    const there = await challengeAt(b, challenge);
    isChallenged(await there.submit('wrong'), 'code-required', 'code-invalid');
    assert.deepEqual(callsOf(b.store.asked), [
      'get challenge',
      'lease challenge',
      'lease wrong-codes',
      'release wrong-codes with a change',
      'release challenge with a change',
    ]);
  });

  it('for a renewal: 3 times, and 1 time if another replica has done it', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const { session } = isSignedIn(await a.server.signIn({ user: 'service', password: 'service-password' }, ASK));
    const there = await b.server.findSessionWith(session.handle);
    await fleet.told();
    await fleet.system.pass(1_800_000);
    for (const { store } of [a, b]) store.asked.length = 0;
    // It has not heard of it: the record says so.
    b.store.watch = () => () => undefined;
    await session.ask();
    assert.deepEqual(callsOf(a.store.asked), ['get session', 'lease session', 'release session with a change']);
    await there?.ask();
    assert.equal(fleet.guard.counts.refreshes, 1);
  });

  it('for a sign-in with a wrong password: 2 times', async () => {
    const { server, store } = new Fleet().replica();
    await server.signIn({ user: 'service', password: 'wrong' }, ASK);
    assert.deepEqual(callsOf(store.asked), ['lease refused', 'release refused with a change']);
  });
});

/** Calls without their names: `get session`, `release challenge with a change`. */
function callsOf(asked: readonly string[]): string[] {
  return asked.map((call) => {
    const [what, kind] = call.split(' ');
    return `${what} ${kind}${call.endsWith('with a change') ? ' with a change' : ''}`;
  });
}
