import assert from 'node:assert/strict';
import { Fleet, type Replica, SERVICE } from '../support/fleet.ts';
import { PERSON } from '../support/shared-sessions.ts';
import { ASK, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

/** Holds the writes of a replica under names that begin so, until the returned function is called. */
function holdWrites({ store }: Replica, beginning: string): () => void {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  store.beforeWrite = async (name) => {
    if (name.startsWith(beginning)) await released;
  };
  return () => {
    store.beforeWrite = undefined;
    release();
  };
}

/** The stored user has signed out at one replica and in again at another one, and the end is not in the store yet. */
async function lateEnd() {
  const fleet = new Fleet();
  const [a, b] = fleet.replicas(2, SERVICE);
  const { session: old } = isSignedIn(await a.server.signInStored(ASK));
  await fleet.told();
  const release = holdWrites(a, 'stored-user');
  await a.server.signOut(old, 'service');
  await fleet.told();
  const { session } = isSignedIn(await b.server.signInStored(ASK));
  return { fleet, b, session, release };
}

describe('the end of a session that reaches the store after another replica has begun a newer one', () => {
  it('leaves the record of the stored user to the newer session', async () => {
    const { fleet, session, release } = await lateEnd();
    release();
    await fleet.told();
    const later = fleet.replica(SERVICE);
    assert.equal((await later.server.storedUser.findSession())?.handle, session.handle);
  });

  it('leaves the record of the user to the newer session', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const { session: old } = isSignedIn(await a.server.signIn(PERSON, ASK));
    await fleet.told();
    const release = holdWrites(a, 'user ');
    const signedOut = a.server.signOut(old, PERSON.user);
    await fleet.told();
    const { session } = isSignedIn(await b.server.signIn(PERSON, ASK));
    release();
    await signedOut;
    await fleet.told();
    assert.equal((await fleet.replica().server.findSessionOf(PERSON.user))?.handle, session.handle);
  });

  it('stays the end if the newer session has ended, too', async () => {
    const { fleet, b, session, release } = await lateEnd();
    await b.server.signOut(session, 'service');
    release();
    await fleet.told();
    assert.equal(await fleet.replica(SERVICE).server.storedUser.findSession(), undefined);
  });
});

describe('a sign-in at another replica that a replica was told of while the store did not answer', () => {
  it('is found by the next look, and reported to those who wait', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2, SERVICE);
    const news: unknown[] = [];
    b.server.signIns.ofStoredUser((told) => news.push(told));
    const get = b.store.get.bind(b.store);
    b.store.get = async () => {
      throw Object.assign(new Error('no answer'), { code: 'AUTH_STORE' });
    };
    isSignedIn(await a.server.signInStored(ASK));
    await fleet.told();
    b.store.get = get;
    assert.deepEqual(news, []);
    await b.server.storedUser.findSession();
    assert.deepEqual(news, ['signed-in']);
  });
});
