import assert from 'node:assert/strict';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { ANNA, Fleet, type Replica, SERVICE } from '../support/fleet.ts';
import { json, page } from '../support/scripted-transport.ts';
import { signedIn } from '../support/vg-replies.ts';
import { ASK, isChallenged, isRefused, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const PERSON = { user: 'service-1', password: 'service-1-password' };
const OTHER = { user: 'service-2', password: 'service-2-password' };
const LIFE = 1_800_000;

async function signIn({ server }: Replica, person = PERSON): Promise<Session> {
  return isSignedIn(await server.signIn(person, ASK)).session;
}

/** The names of records of these kinds that were locked and still exist. */
async function recordsOf(fleet: Fleet, replicas: Replica[], ...kinds: string[]): Promise<string[]> {
  await fleet.told();
  await fleet.system.pass(10);
  const names = new Set(
    replicas.flatMap(({ store }) => store.asked).flatMap((call) => (call.startsWith('lock ') ? [call.slice(5)] : [])),
  );
  const found: string[] = [];
  for (const name of names) {
    const isThere = kinds.some((kind) => name.startsWith(`${kind} `)) && (await fleet.memory.get(name));
    if (isThere) found.push(name);
  }
  return found;
}

/** Checks that nobody can use the session at any replica, and that the server has revoked it. */
async function assertOver(fleet: Fleet, replicas: Replica[], { handle }: Session): Promise<void> {
  for (const { server } of replicas) assert.ok((await server.findSessionWith(handle))?.ended ?? true, handle);
  assert.deepEqual([...fleet.guard.live], []);
}

describe('the sign-out of a user by name', () => {
  it('ends all sessions of that user, and no other session', async () => {
    const fleet = new Fleet();
    const replica = fleet.replica();
    const sessions = [await signIn(replica), await signIn(replica), await signIn(replica)];
    const other = await signIn(replica, OTHER);
    assert.deepEqual(await replica.server.signOutUser(PERSON.user), {
      ended: 3,
      revoked: ['refresh_token', 'refresh_token', 'refresh_token'],
    });
    for (const session of sessions) assert.equal(session.ended, true);
    assert.equal(other.ended, false);
    assert.equal(fleet.guard.live.size, 1);
    assert.deepEqual(await replica.server.signOutUser(PERSON.user), { ended: 0, revoked: [] });
  });

  it('ends all sessions in a process without a store, too', async () => {
    const { server, transport } = stage({}, signedIn('a'), signedIn('b'));
    transport.otherwise = json(200, {});
    for (let times = 0; times < 2; times += 1) await server.signIn(ANNA, ASK);
    assert.deepEqual(await server.signOutUser('anna'), { ended: 2, revoked: ['refresh_token', 'refresh_token'] });
    assert.deepEqual(server.openSessions(), []);
  });

  it('ends those that other replicas started, whether or not they know each other', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(3);
    const sessions: Session[] = [];
    for (const replica of replicas) for (let times = 0; times < 2; times += 1) sessions.push(await signIn(replica));
    await fleet.told();
    const last = fleet.replica();
    assert.equal((await last.server.signOutUser(PERSON.user)).ended, 6);
    await fleet.told();
    for (const session of sessions) {
      assert.equal(session.ended, true);
      await assertOver(fleet, [...replicas, last], session);
    }
  });

  it('ends those that are only in the store, because their processes have ended', async () => {
    const fleet = new Fleet();
    const sessions: Session[] = [];
    for (let times = 0; times < 3; times += 1) {
      const replica = fleet.replica();
      sessions.push(await signIn(replica));
      await fleet.told();
      replica.server.close();
      replica.store.close();
    }
    const last = fleet.replica();
    sessions.push(await signIn(last));
    await fleet.told();
    assert.equal((await last.server.signOutUser(PERSON.user)).ended, 4);
    for (const session of sessions) await assertOver(fleet, [last], session);
  });

  it('ends all of a hundred that started at the same time at three replicas', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(3);
    await Promise.all(Array.from({ length: 100 }, (_, i) => signIn(replicas[i % 3] as Replica)));
    await fleet.told();
    const { ended } = await fleet.replica().server.signOutUser(PERSON.user);
    assert.equal(ended, 100);
    assert.deepEqual([...fleet.guard.live], []);
  });

  it('ends the newest session of a record that an earlier release wrote', async () => {
    const fleet = new Fleet();
    const first = fleet.replica();
    const session = await signIn(first);
    await fleet.told();
    // An earlier release has no list.
    const [list = ''] = await recordsOf(fleet, [first], 'user-sessions');
    assert.equal(await fleet.memory.remove(list, Number.MAX_SAFE_INTEGER), true);
    first.server.close();
    const last = fleet.replica();
    assert.equal((await last.server.signOutUser(PERSON.user)).ended, 1);
    await assertOver(fleet, [last], session);
  });

  it('continues if the server does not revoke one of them, and reports how many were revoked', async () => {
    const fleet = new Fleet();
    const replica = fleet.replica();
    for (let times = 0; times < 3; times += 1) await signIn(replica);
    replica.transport.next(page(503));
    assert.deepEqual(await replica.server.signOutUser(PERSON.user), {
      ended: 3,
      revoked: ['refresh_token', 'refresh_token'],
    });
  });

  it('revokes at most eight at the same time', async () => {
    const fleet = new Fleet();
    const replica = fleet.replica();
    for (let times = 0; times < 20; times += 1) await signIn(replica);
    let underWay = 0;
    let most = 0;
    replica.transport.otherwise = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await fleet.told();
      underWay -= 1;
      return json(200, {});
    };
    assert.equal((await replica.server.signOutUser(PERSON.user)).revoked.length, 20);
    assert.equal(most, 8);
  });

  it('ends what is in memory while the store is unavailable, reports that there may be more, and ends everything later', async () => {
    const fleet = new Fleet();
    const [here, there] = fleet.replicas(2);
    const own = await signIn(here);
    const others = await signIn(there);
    await fleet.told();
    here.store.goAway();
    await assert.rejects(here.server.signOutUser(PERSON.user), { code: 'AUTH_STORE' });
    assert.equal(own.ended, true);
    await here.store.comeBack();
    await fleet.told();
    assert.equal(others.ended, false);
    assert.equal((await here.server.signOutUser(PERSON.user)).ended, 1);
    await fleet.told();
    await assertOver(fleet, [here, there], others);
  });

  it('finds a session that started while the store was unavailable, and one whose list was lost', async () => {
    const fleet = new Fleet();
    const [one, two] = fleet.replicas(2);
    await signIn(one);
    one.store.goAway();
    await signIn(one);
    await signIn(two);
    await one.store.comeBack();
    await fleet.told();
    await fleet.comeBackEmpty(one, two);
    assert.equal((await fleet.replica().server.signOutUser(PERSON.user)).ended, 3);
  });

  it('finds a session that is kept alive for longer than an unchanged list', async () => {
    const fleet = new Fleet();
    const one = fleet.replica();
    const session = await signIn(one);
    for (let day = 0; day < 40; day += 1) {
      await fleet.system.pass(24 * 3_600_000);
      assert.ok((await session.ask()).token);
      await fleet.told();
    }
    one.server.close();
    assert.equal((await fleet.replica().server.signOutUser(PERSON.user)).ended, 1);
  });

  it('leaves no list behind, even if each session is ended by its handle', async () => {
    const fleet = new Fleet();
    const replica = fleet.replica();
    const lists = (): Promise<string[]> => recordsOf(fleet, [replica], 'user-sessions');
    const sessions = [await signIn(replica), await signIn(replica)];
    assert.equal((await lists()).length, 1);
    for (const session of sessions) await replica.server.signOut(session, PERSON.user);
    assert.deepEqual(await lists(), []);
    await signIn(replica);
    await replica.server.signOutUser(PERSON.user);
    assert.deepEqual(await lists(), []);
  });

  it('waits for a renewal at another replica, and revokes its result', async () => {
    const fleet = new Fleet();
    const [one, two] = fleet.replicas(2);
    const session = await signIn(one);
    await fleet.told();
    await fleet.system.pass(LIFE);
    const renewal = session.ask();
    const leaving = two.server.signOutUser(PERSON.user);
    await fleet.told();
    await renewal;
    assert.equal((await leaving).ended, 1);
    await fleet.told();
    await assertOver(fleet, [one, two], session);
  });

  it('is not undone by a replica that gives its lock back late', async () => {
    const fleet = new Fleet();
    const [one, two] = fleet.replicas(2);
    const session = await signIn(one);
    await fleet.told();
    const [name = ''] = one.store.asked.filter((call) => call.startsWith('put session ')).map((call) => call.slice(4));
    const lock = await one.store.lock(name);
    assert.ok('fence' in lock && lock.entry);
    const leaving = two.server.signOutUser(PERSON.user);
    await fleet.system.pass(60_000);
    assert.equal((await leaving).ended, 1);
    // The process was paused, and its refresh returned another token.
    fleet.guard.live.add('late');
    const value = { ...(lock.entry.value as object), refreshToken: 'late', renewals: 1 };
    await lock.release({ value, life: LIFE });
    await fleet.told();
    assert.deepEqual((await fleet.memory.get(name))?.value, { ended: true });
    await assertOver(fleet, [two, fleet.replica()], session);
  });

  it('ends the session of the stored user at once, even if the store does not answer', async () => {
    const fleet = new Fleet();
    const { server, store } = fleet.replica(SERVICE);
    assert.ok((await server.tokenOfStored(false)).token);
    await fleet.told();
    const session = server.storedSession;
    const get = store.get.bind(store);
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    store.get = async (name) => {
      await answered;
      return get(name);
    };
    const leaving = server.signOutUser('service');
    assert.equal(session?.ended, true);
    assert.equal(server.storedSession, undefined);
    answer();
    assert.equal((await leaving).ended, 1);
    assert.deepEqual([...fleet.guard.live], []);
  });

  it('signs the stored user out, too, at all replicas', async () => {
    const fleet = new Fleet();
    const replicas = fleet.replicas(2, SERVICE);
    for (const { server } of replicas) assert.ok((await server.tokenOfStored(false)).token);
    await fleet.told();
    await replicas[1].server.signOutUser('service');
    await fleet.told();
    for (const { server } of replicas) assert.equal(server.storedSession, undefined);
    assert.deepEqual([...fleet.guard.live], []);
  });
});

describe('the deletion of all data of a person', () => {
  it('ends sessions and challenges, and forgets refused passwords, sent codes and wrong codes', async () => {
    const fleet = new Fleet();
    const [one, two] = fleet.replicas(2);
    isRefused(await one.server.signIn({ user: 'anna', password: 'wrong' }, ASK), 'credentials-invalid');
    const { challenge } = isChallenged(await one.server.signIn(ANNA, ASK), 'mfa-required');
    isChallenged(await challenge.choose('otp-sms'), 'code-required');
    isChallenged(await challenge.submit('wrong'), 'code-required', 'code-invalid');
    await fleet.told();
    assert.equal(await one.server.forgetUser('anna'), 0);
    assert.deepEqual(await recordsOf(fleet, [one, two], 'refused', 'delivered'), []);
    isRefused(await challenge.submit('123456'), 'challenge-unknown');
    // Nothing is held back afterwards: neither the refused password nor the next code.
    isRefused(await two.server.signIn({ user: 'anna', password: 'wrong' }, ASK), 'credentials-invalid');
    const again = isChallenged(await one.server.signIn(ANNA, ASK), 'mfa-required');
    isChallenged(await again.challenge.choose('otp-sms'), 'code-required');
  });
});
