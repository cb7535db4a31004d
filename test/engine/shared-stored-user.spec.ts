import assert from 'node:assert/strict';
import type { Refused } from '../../src/visual-guard/outcome.ts';
import { isSettled, settle } from '../support/fake-system.ts';
import { Fleet, type Replica, SERVICE } from '../support/fleet.ts';
import { json, silence } from '../support/scripted-transport.ts';
import { signedIn } from '../support/vg-replies.ts';
import { ASK, isChallenged, isRefused, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const WRONG = { username: 'service', password: 'wrong' };
const LOCKED = { username: 'locked', password: 'locked-password' };

const requestsOf = (replicas: Replica[]): number =>
  replicas.reduce((sum, { transport }) => sum + transport.requests.length, 0);

describe('the stored user of several replicas', () => {
  it('is signed in by one login, however many replicas need a token at the same time', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(3, SERVICE);
    const answers = await Promise.all(replicas.map(({ server }) => server.tokenOfStored(false)));
    assert.equal(new Set(answers.map(({ token }) => token?.accessToken)).size, 1);
    assert.ok(answers[0].token);
    assert.equal(fleet.guard.counts.logins, 1);
  });

  it('is signed in by one login, however many flows sign in at the same time', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(3, SERVICE);
    const outcomes = await Promise.all(replicas.map(({ server }) => server.signInStored(ASK)));
    assert.equal(new Set(outcomes.map((outcome) => isSignedIn(outcome).session.handle)).size, 1);
    assert.equal(fleet.guard.counts.logins, 1);
  });

  it('is known to all replicas without a message, as soon as they are notified', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2, SERVICE);
    const news: boolean[] = [];
    b.server.changes.add(({ session }) => news.push(session !== undefined));
    const { session } = isSignedIn(await a.server.signInStored(ASK));
    await fleet.told();
    assert.equal(b.server.storedSession?.handle, session.handle);
    assert.equal(b.server.storedSession?.source.current()?.accessToken, session.source.current()?.accessToken);
    await a.server.signOut(session, 'service');
    await fleet.told();
    assert.equal(b.server.storedSession, undefined);
    assert.deepEqual(news, [true, false]);
  });

  it('needs no login after a restart', async () => {
    const fleet = new Fleet();
    const before = fleet.replica(SERVICE);
    await before.server.tokenOfStored(false);
    before.store.die();
    await fleet.system.pass(3_600_000);
    const after = fleet.replica(SERVICE);
    assert.ok((await after.server.tokenOfStored(false)).token);
    const { fromLogin } = isSignedIn(await after.server.signInStored(ASK));
    assert.equal(fromLogin, true);
    assert.deepEqual([fleet.guard.counts.logins, fleet.guard.counts.refreshes], [1, 1]);
  });

  it('needs no human after a restart if a person answered the challenge before', async () => {
    const fleet = new Fleet();
    const before = fleet.replica();
    const { challenge: open } = isChallenged(
      await before.server.signInStored({ method: 'otp-sms', reset: false }),
      'code-required',
    );
    isSignedIn(await open.submit('123456'));
    before.store.die();
    const after = fleet.replica();
    assert.ok((await after.server.tokenOfStored(false)).token);
    assert.equal(fleet.guard.counts.logins, 1);
  });

  it('is signed in by another replica if the first one died in the middle', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2, SERVICE);
    a.transport.next(silence);
    void a.server.tokenOfStored(false);
    await settle();
    a.store.die();
    const asked = b.server.tokenOfStored(false);
    assert.equal(await isSettled(asked), false);
    await fleet.system.pass(12_000);
    assert.ok((await asked).token);
  });

  it('is another one for another password', async () => {
    const fleet = new Fleet();
    await fleet.replica(SERVICE).server.tokenOfStored(false);
    const changed = fleet.replica({ ...SERVICE, password: 'other' });
    changed.transport.next(signedIn('own'));
    assert.equal((await changed.server.tokenOfStored(false)).token?.accessToken, 'own');
  });

  it('is signed in alone while the store is unavailable', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(2, SERVICE);
    for (const { store } of replicas) store.goAway();
    for (const { server } of replicas) assert.ok((await server.tokenOfStored(false)).token);
    assert.equal(fleet.guard.counts.logins, 2);
    for (const { store } of replicas) await store.comeBack();
    await fleet.told();
    assert.equal(replicas[0].server.storedSession?.handle, replicas[1].server.storedSession?.handle);
  });

  it('joins the challenge that another replica got, and uses the first method', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const first = isChallenged(await a.server.signInStored(ASK), 'mfa-required').challenge;
    const joined = isChallenged(await b.server.signInStored(ASK), 'mfa-required').challenge;
    assert.equal(joined.id, first.id);
    assert.deepEqual(joined.methods, first.methods);
    isChallenged(await b.server.signInStored({ method: 'otp-sms', reset: false }), 'code-required');
    await fleet.told();
    isChallenged(await a.server.signInStored({ method: 'otp-sms', reset: false }), 'code-required');
    assert.deepEqual([fleet.guard.counts.logins, fleet.guard.counts.codes], [1, 1]);
  });

  it('that is signed out has no challenge left at another replica', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const { challenge: open } = isChallenged(await a.server.signInStored(ASK), 'mfa-required');
    await b.server.signOut(undefined, open.user);
    await fleet.told();
    assert.equal(await a.server.findChallenge(open.id), 'challenge-unknown');
    assert.equal(await fleet.replica().server.findChallenge(open.id), 'challenge-unknown');
  });

  it('is signed out here while the store is unavailable', async () => {
    const fleet = new Fleet();
    const [a] = fleet.replicas(1, SERVICE);
    const { session } = isSignedIn(await a.server.signInStored(ASK));
    a.store.goAway();
    assert.deepEqual(await a.server.signOut(session, 'service'), ['refresh_token']);
    assert.equal(a.server.storedSession, undefined);
    assert.equal(fleet.guard.live.size, 0);
    assert.equal(fleet.guard.counts.logins, 1);
  });

  it('gets one challenge and one code if all replicas sign in at the same time', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(3);
    const wishes = { method: 'otp-sms', reset: false };
    const outcomes = await Promise.all(replicas.map(({ server }) => server.signInStored(wishes)));
    assert.equal(new Set(outcomes.map((outcome) => isChallenged(outcome, 'code-required').challenge.id)).size, 1);
    assert.deepEqual([fleet.guard.counts.logins, fleet.guard.counts.codes], [1, 1]);
  });

  it('gets the open challenge from attach-bearer at every replica, without a new one', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(3);
    const answers = [];
    for (const { server } of replicas) answers.push(await server.tokenOfStored(false));
    const ids = answers.map(({ outcome }) => isChallenged(outcome, 'mfa-required').challenge.id);
    assert.equal(new Set(ids).size, 1);
    assert.deepEqual([fleet.guard.counts.logins, fleet.guard.counts.codes], [1, 0]);
  });

  it('is not signed in automatically at any replica for 15 minutes after a challenge that nobody answered', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    isChallenged((await a.server.tokenOfStored(false)).outcome, 'mfa-required');
    await fleet.system.pass(6 * MINUTE);
    const { needed } = await b.server.tokenOfStored(false);
    assert.equal(needed?.reason, 'held-back');
    assert.equal(needed?.retryAt, fleet.system.now() + QUARTER - 6 * MINUTE);
    await fleet.system.pass(QUARTER);
    isChallenged((await b.server.tokenOfStored(false)).outcome, 'mfa-required');
    assert.equal(fleet.guard.counts.logins, 2);
  });

  it('is refused once for all replicas if the password is wrong', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(3, WRONG);
    const answers = await Promise.all(replicas.map(({ server }) => server.tokenOfStored(false)));
    for (const { outcome } of answers) assert.equal(outcome?.state, 'refused');
    assert.equal(fleet.guard.counts.refused, 1);
    for (const { server } of [...replicas, fleet.replica(WRONG)])
      isRefused((await server.tokenOfStored(false)).outcome, 'credentials-invalid');
    assert.equal(fleet.guard.counts.refused, 1);
    await fleet.system.pass(QUARTER);
    await replicas[2].server.tokenOfStored(false);
    assert.equal(fleet.guard.counts.refused, 2);
  });

  it('causes one request for all replicas if the account is locked', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(3, LOCKED);
    await Promise.all(replicas.map(({ server }) => server.tokenOfStored(false)));
    for (const { server } of [...replicas, fleet.replica(LOCKED)]) {
      const outcome = isRefused((await server.tokenOfStored(false)).outcome, 'account-locked');
      assert.ok(outcome.retryAt);
      assert.equal(outcome.user, 'locked');
    }
    assert.equal(requestsOf(replicas), 1);
  });

  it('is reported as refused at the others with the words of the server', async () => {
    const fleet = new Fleet();
    const [one, two] = fleet.replicas(2, SERVICE);
    one.transport.next(json(400, { error: 'unauthorized', error_description: 'Ask your administrator.' }));
    for (const { server } of [one, two]) {
      const { outcome } = await server.tokenOfStored(false);
      assert.equal((outcome as Refused).errorDescription, 'Ask your administrator.');
    }
    assert.equal(two.transport.requests.length, 0);
  });

  it('is reported as refused at the others before their turn', async () => {
    const fleet = new Fleet();
    const a = fleet.replica(LOCKED);
    await a.server.tokenOfStored(false);
    const { asked } = a.store;
    const told = asked.findIndex((what) => what.startsWith('put stored-user'));
    assert.ok(told >= 0 && told < asked.findIndex((what) => what.startsWith('release refused')), asked.join('\n'));
  });

  it('is tried again at once with msg.reset, at any replica', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2, LOCKED);
    isRefused((await a.server.tokenOfStored(false)).outcome, 'account-locked');
    isRefused((await b.server.tokenOfStored(false)).outcome, 'account-locked');
    b.transport.next(signedIn('again'));
    assert.equal((await b.server.tokenOfStored(true)).token?.accessToken, 'again');
    assert.equal((await fleet.replica(LOCKED).server.tokenOfStored(false)).token?.accessToken, 'again');
  });

  it('is not held back by an invalid record of the store', async () => {
    for (const value of [
      { version: 1, left: 1e9, refused: { reason: 'account-locked' } },
      { version: 1, left: 1_000, refused: { reason: 'x' } },
      { version: 1, left: 1_000, challenge: '../x' },
      { version: 1, session: '../x' },
      { version: 1 },
      7,
    ]) {
      const fleet = new Fleet();
      const replica = fleet.replica(SERVICE);
      await fleet.memory.put(`stored-user ${replica.server.connection}`, value, { life: QUARTER, fence: 0 });
      assert.ok((await replica.server.tokenOfStored(false)).token, JSON.stringify(value));
    }
  });
});

/** The name of the lock for a sign-in of the service user. */
async function lockOfService(): Promise<string> {
  const { server, store } = new Fleet().replica(SERVICE);
  await server.signInStored(ASK);
  return store.asked.find((what) => what.startsWith('lock '))?.slice('lock '.length) ?? '';
}

describe('waiting for another replica', () => {
  it('ends after 30 s with a fault, as for a message', async () => {
    const fleet = new Fleet();
    const b = fleet.replica(SERVICE);
    // A lock that is extended and never given back.
    await fleet.memory.lock(await lockOfService());
    const asked = b.server.tokenOfStored(false);
    asked.catch(() => undefined);
    await fleet.system.pass(29_999);
    assert.equal(await isSettled(asked), false);
    await fleet.system.pass(1);
    await assert.rejects(asked, { code: 'AUTH_TIMEOUT' });
  });

  it('counts toward the 30 s of a message', async () => {
    const fleet = new Fleet();
    const b = fleet.replica(SERVICE);
    b.transport.next(silence);
    const lock = await fleet.memory.lock(await lockOfService());
    const asked = b.server.signInStored(ASK);
    asked.catch(() => undefined);
    await fleet.system.pass(20_000);
    if ('release' in lock) await lock.release();
    await fleet.system.pass(9_999);
    assert.equal(b.transport.requests.length, 1);
    assert.equal(await isSettled(asked), false);
    await fleet.system.pass(1);
    await assert.rejects(asked, { code: 'AUTH_TIMEOUT' });
  });
});
