import assert from 'node:assert/strict';
import { ANNA, Fleet, SERVICE } from '../support/fleet.ts';
import { challengeAt } from '../support/shared-challenges.ts';
import { ASK, isChallenged, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

/**
 * Each call of the store is a round trip to Redis: read, write, remove, take a lock, give it back (with or without a last write).
 * Calls that nobody waits for are not counted: subscriptions, the extension of a lock, and the list of a user's sessions.
 */
describe('the number of calls of the store', () => {
  it('to sign the stored user in for attach-bearer if nothing is stored yet: 8', async () => {
    const { server, store } = new Fleet().replica(SERVICE);
    assert.ok((await server.tokenOfStored(false)).token);
    assert.deepEqual(callsOf(store.asked), [
      'get stored-user',
      'lock refused',
      'get stored-user',
      'get wrong-codes',
      'put session',
      'put user',
      'put stored-user',
      'release refused',
    ]);
  });

  it('for a sign-in by code: login 2, choosing 4, submitting 4', async () => {
    const { server, store } = new Fleet().replica();
    const { challenge } = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required');
    assert.deepEqual(callsOf(store.asked.splice(0)), ['lock refused', 'release refused with challenge']);
    isChallenged(await challenge.choose('otp-sms'), 'code-required');
    assert.deepEqual(callsOf(store.asked.splice(0)), [
      'lock challenge',
      'lock delivered',
      'release delivered with a change',
      'release challenge with a change',
    ]);
    isSignedIn(await challenge.submit('123456'));
    assert.deepEqual(callsOf(store.asked.splice(0)), [
      'lock challenge',
      'lock wrong-codes',
      'release wrong-codes',
      'release challenge with a change, session, user',
    ]);
  });

  it('for the code of the stored user: 4, including the record of the session', async () => {
    const { server, store } = new Fleet().replica({ username: 'anna', password: 'anna-password' });
    const { challenge } = isChallenged(await server.signInStored({ method: 'otp-sms', reset: false }), 'code-required');
    store.asked.length = 0;
    isSignedIn(await challenge.submit('123456'));
    assert.deepEqual(callsOf(store.asked), [
      'lock challenge',
      'lock wrong-codes',
      'release wrong-codes',
      'release challenge with a change, session, user, stored-user',
    ]);
  });

  it('for a wrong code: 4; at another replica 1 more, to find the challenge', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const { challenge } = isChallenged(await a.server.signIn(ANNA, ASK), 'mfa-required');
    isChallenged(await challenge.choose('otp-sms'), 'code-required');
    const there = await challengeAt(b, challenge);
    isChallenged(await there.submit('wrong'), 'code-required', 'code-invalid');
    assert.deepEqual(callsOf(b.store.asked), [
      'get challenge',
      'lock challenge',
      'lock wrong-codes',
      'release wrong-codes with a change',
      'release challenge with a change',
    ]);
  });

  it('for a renewal: 3, and 1 if another replica has done it', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const { session } = isSignedIn(await a.server.signIn({ user: 'service', password: 'service-password' }, ASK));
    const there = await b.server.findSessionWith(session.handle);
    await fleet.told();
    await fleet.system.pass(1_800_000);
    for (const { store } of [a, b]) store.asked.length = 0;
    // This replica was not notified, so the record tells it.
    b.store.watch = () => () => undefined;
    await session.ask();
    assert.deepEqual(callsOf(a.store.asked), ['get session', 'lock session', 'release session with a change']);
    await there?.ask();
    assert.equal(fleet.guard.counts.refreshes, 1);
  });

  it('for the list of a user’s sessions, after the sign-in: 2. Nobody waits for it', async () => {
    const fleet = new Fleet();
    const { server, store } = fleet.replica();
    store.beforeWrite = (name) =>
      name.startsWith('user-sessions ') ? new Promise(() => undefined) : Promise.resolve();
    isSignedIn(await server.signIn({ user: 'service', password: 'service-password' }, ASK));
    await fleet.told();
    assert.deepEqual(
      store.asked.filter(isOfList).map((call) => call.split(' ')[0]),
      ['lock', 'release'],
    );
  });

  it('after a sign-in: none, except for the list. What this replica has written, it does not read', async () => {
    const fleet = new Fleet();
    const { server, store } = fleet.replica();
    isSignedIn(await server.signIn({ user: 'service', password: 'service-password' }, ASK));
    store.asked.length = 0;
    await fleet.told();
    assert.deepEqual(callsOf(store.asked), []);
  });

  it('for a sign-in with a wrong password: 2', async () => {
    const { server, store } = new Fleet().replica();
    await server.signIn({ user: 'service', password: 'wrong' }, ASK);
    assert.deepEqual(callsOf(store.asked), ['lock refused', 'release refused with a change']);
  });
});

/** Calls without record names: `get session`, `release challenge with a change, session`. */
function callsOf(asked: readonly string[]): string[] {
  const counted = asked.filter((call) => !isOfList(call));
  return counted.map((call) => {
    const [what, kind] = call.split(' ');
    return `${what} ${kind}${/ with .*/.exec(call)?.[0] ?? ''}`;
  });
}

function isOfList(call: string): boolean {
  return call.split(' ')[1] === 'user-sessions';
}
