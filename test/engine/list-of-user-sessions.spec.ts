import assert from 'node:assert/strict';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { MOST_LISTED } from '../../src/visual-guard/session/user-sessions.ts';
import { Fleet, type Replica, SERVICE } from '../support/fleet.ts';
import { ASK, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const PERSON = { user: SERVICE.username, password: SERVICE.password };

/** Sessions of one user. Each is listed before the next one starts. */
async function signIn(fleet: Fleet, { server }: Replica, count: number): Promise<Session[]> {
  const sessions: Session[] = [];
  for (let times = 0; times < count; times += 1) {
    sessions.push(isSignedIn(await server.signIn(PERSON, ASK)).session);
    await fleet.told();
  }
  return sessions;
}

async function isOpen({ server }: Replica, { handle }: Session): Promise<boolean> {
  const session = await server.findSessionWith(handle);
  return session !== undefined && !session.ended;
}

describe('the list of a user’s sessions in a store', () => {
  it('has 200 at most: older sessions end and are revoked, and a sign-out by name ends all others', async () => {
    const fleet = new Fleet();
    const [one, two] = fleet.replicas(2);
    const sessions = await signIn(fleet, one, MOST_LISTED);
    const [first, second, third] = sessions as [Session, Session, Session];
    assert.equal(fleet.guard.live.size, MOST_LISTED);
    assert.equal(await isOpen(two, first), true);
    await signIn(fleet, two, 2);
    assert.deepEqual(
      [await isOpen(one, first), await isOpen(two, first), await isOpen(one, second), await isOpen(one, third)],
      [false, false, false, true],
    );
    assert.equal(fleet.guard.live.size, MOST_LISTED);
    assert.equal((await two.server.signOutUser(PERSON.user)).ended, MOST_LISTED);
    assert.deepEqual([...fleet.guard.live], []);
  });

  it('never ends the session of the stored user to make room', async () => {
    const fleet = new Fleet();
    const replica = fleet.replica(SERVICE);
    assert.ok((await replica.server.tokenOfStored(false)).token);
    await fleet.told();
    const stored = replica.server.storedSession;
    await signIn(fleet, replica, MOST_LISTED + 2);
    assert.equal(stored?.ended, false);
    assert.equal(replica.server.storedSession, stored);
    assert.equal((await replica.server.signOutUser(PERSON.user)).ended, MOST_LISTED);
    assert.deepEqual([...fleet.guard.live], []);
  });

  for (const who of ['this process', 'another one']) {
    it(`gets later what could not be written because a replica held its lock for too long, for ${who}`, async () => {
      const fleet = new Fleet();
      // One session is kept in memory, so that the others can be found by the list only.
      const [one, two] = [fleet.replica({}, 1), fleet.replica()];
      await signIn(fleet, one, 1);
      const [list = ''] = one.store.asked.flatMap((call) => /^lock (user-sessions .*)/.exec(call)?.slice(1) ?? []);
      const lock = await two.store.lock(list);
      assert.ok('fence' in lock);
      await signIn(fleet, one, 1);
      await fleet.system.pass(60_000);
      const isHere = who === 'this process';
      // The next change of the user writes it.
      if (!isHere) await lock.release();
      await signIn(fleet, one, 1);
      assert.equal((await (isHere ? one : two).server.signOutUser(PERSON.user)).ended, 3);
      assert.deepEqual([...fleet.guard.live], []);
      await lock.release();
    });
  }
});
