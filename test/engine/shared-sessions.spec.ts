import assert from 'node:assert/strict';
import type { Session } from '../../src/visual-guard/session.ts';
import { isSettled, settle } from '../support/fake-system.ts';
import { ANNA, Fleet, type Replica, SERVICE } from '../support/fleet.ts';
import { OpenStep } from '../support/scripted-transport.ts';
import { refreshed, signedIn } from '../support/vg-replies.ts';
import { ASK, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const LIFE = 1_800_000;
const PERSON = { user: 'service', password: 'service-password' };

/** A fleet of which the first replica has signed a person in. */
async function fleetWith(count: number): Promise<{ fleet: Fleet; replicas: Replica[]; session: Session }> {
  const fleet = new Fleet();
  const replicas = fleet.replicas(count);
  const { session } = isSignedIn(await replicas[0].server.signIn(PERSON, ASK));
  await fleet.told();
  return { fleet, replicas, session };
}

/** The session as a replica knows it that did not begin it. */
async function sessionAt({ server }: Replica, { handle }: Session): Promise<Session> {
  const session = await server.findSessionWith(handle);
  assert.ok(session, 'not found');
  return session;
}

const textOf = async (session: Session): Promise<string | undefined> => (await session.ask()).token?.accessToken;

describe('a session that replicas share', () => {
  it('is found by its handle where it did not begin, with all that the login said', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    a.transport.next(signedIn('one', { VGToken: 'vgtoken-1' }));
    const { session } = isSignedIn(await a.server.signIn(ANNA, ASK));
    await fleet.system.pass(60_000);
    const there = await sessionAt(b, session);
    const { token } = await there.ask();
    assert.equal(token?.accessToken, 'one');
    assert.equal(token?.VGToken, 'vgtoken-1');
    assert.equal(token?.expiresAt, session.source.token?.expiresAt);
    assert.deepEqual(token?.scope, session.source.token?.scope);
    assert.deepEqual(there.login, session.login);
    assert.equal(there.user, 'anna');
    assert.equal(b.transport.requests.length, 0);
  });

  it('is found by the name of its user; the newest one is meant, wherever it began', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    assert.equal((await b.server.findSessionOf('service'))?.handle, session.handle);
    const newer = isSignedIn(await b.server.signIn(PERSON, ASK)).session;
    await fleet.told();
    assert.equal((await a.server.findSessionOf('service'))?.handle, newer.handle);
    assert.equal(a.server.sessionWith(session.handle), session);
    for (const name of ['Service', 'service ', '', 'anna']) assert.equal(await b.server.findSessionOf(name), undefined);
  });

  it('is found once, however many messages ask for it', async () => {
    const { replicas, session } = await fleetWith(2);
    const found = await Promise.all(
      Array.from({ length: 50 }, () => replicas[1].server.findSessionWith(session.handle)),
    );
    assert.equal(new Set(found).size, 1);
    assert.equal(replicas[1].store.asked.filter((what) => what.startsWith('get session')).length, 1);
  });

  it('is not found by another connection: another client, secret or password', async () => {
    const { fleet, session } = await fleetWith(1);
    for (const settings of [
      { clientId: 'x' },
      { clientSecret: 'x' },
      { password: 'x' },
      { tokenUrl: 'https://x.test/' },
    ]) {
      const other = fleet.replica(settings);
      assert.equal(await other.server.findSessionWith(session.handle), undefined);
      assert.equal(await other.server.findSessionOf('service'), undefined);
    }
  });

  it('is not asked for by what cannot be a handle', async () => {
    const { replicas } = await fleetWith(2);
    for (const handle of ['', 'x', '__proto__', 'a'.repeat(10_000)]) {
      assert.equal(await replicas[1].server.findSessionWith(handle), undefined);
    }
    assert.deepEqual(replicas[1].store.asked, []);
  });

  it('is written before anybody is told of it', async () => {
    const fleet = new Fleet();
    const a = fleet.replica();
    let write = (): void => undefined;
    const { put } = a.store;
    a.store.put = async (...all) => {
      await new Promise<void>((resolve) => {
        write = resolve;
      });
      return put.apply(a.store, all);
    };
    const signingIn = a.server.signIn(PERSON, ASK);
    assert.equal(await isSettled(signingIn), false);
    assert.equal(a.transport.requests.length, 1);
    a.store.put = put;
    write();
    isSignedIn(await signingIn);
  });

  it('lives in the store for 30 days after its last renewal, and so does what finds it', async () => {
    const { fleet, session } = await fleetWith(1);
    const DAY = 24 * 3_600_000;
    for (let renewal = 0; renewal < 3; renewal += 1) {
      await fleet.system.pass(25 * DAY);
      await textOf(session);
      await fleet.told();
    }
    const late = fleet.replica();
    assert.equal((await late.server.findSessionOf('service'))?.handle, session.handle);
    await fleet.system.pass(31 * DAY);
    assert.equal(await fleet.replica().server.findSessionWith(session.handle), undefined);
  });

  it('with a live token asks nothing of the store', async () => {
    const { replicas, session } = await fleetWith(2);
    const there = await sessionAt(replicas[1], session);
    for (const { store } of replicas) store.asked.length = 0;
    for (let message = 0; message < 100; message += 1) {
      assert.ok(session.source.current());
      await there.ask();
      assert.equal(await replicas[1].server.findSessionWith(session.handle), there);
    }
    assert.deepEqual([...replicas[0].store.asked, ...replicas[1].store.asked], []);
  });

  it('leaves nothing behind where it is not kept any more', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    await sessionAt(replicas[1], session);
    for (const { server } of replicas) server.close();
    for (const { store } of replicas) assert.equal(store.watched, 0);
    fleet.memory.close();
    assert.equal(fleet.system.pending, 0);
  });

  it('that goes to make room, or with a deploy, goes from this process alone', async () => {
    const fleet = new Fleet();
    const small = fleet.replica({}, 1);
    const first = isSignedIn(await small.server.signIn(PERSON, ASK)).session;
    isSignedIn(await small.server.signIn(PERSON, ASK));
    assert.equal(first.ended, true);
    small.server.close();
    await fleet.told();
    const other = fleet.replica();
    assert.equal(await textOf(await sessionAt(other, first)), first.content.token.accessToken);
  });
});

describe('renewing a session that replicas share', () => {
  it('takes one request, and the others have the new token without asking', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const there = await sessionAt(replicas[1], session);
    await fleet.system.pass(LIFE);
    const text = await textOf(session);
    await fleet.told();
    assert.equal(there.source.current()?.accessToken, text);
    assert.equal(there.refreshToken, session.refreshToken);
    assert.deepEqual([fleet.guard.counts.refreshes, fleet.guard.counts.dead], [1, 0]);
  });

  it('uses each refresh token once, where all of them come to its end at the same time', async () => {
    const { fleet, replicas, session } = await fleetWith(5);
    const sessions = await Promise.all(replicas.map((replica) => sessionAt(replica, session)));
    for (let round = 1; round <= 20; round += 1) {
      await fleet.system.pass(LIFE);
      const texts = await Promise.all(sessions.flatMap((each) => Array.from({ length: 10 }, () => textOf(each))));
      assert.equal(new Set(texts).size, 1);
      assert.ok(texts[0]);
      await fleet.told();
      assert.equal(fleet.guard.counts.refreshes, round);
    }
    assert.equal(fleet.guard.counts.dead, 0);
  });

  it('is written before the new token is handed out', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    const { put } = replicas[0].store;
    replicas[0].store.put = () => new Promise(() => undefined);
    await fleet.system.pass(LIFE);
    const asked = session.ask();
    assert.equal(await isSettled(asked), false);
    assert.equal(fleet.guard.counts.refreshes, 1);
    replicas[0].store.put = put;
  });

  it('that an API forces at two replicas for the same token takes one request', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const there = await sessionAt(replicas[1], session);
    session.source.reject(session.source.token?.generation ?? 0);
    const text = await textOf(session);
    there.source.reject(there.source.token?.generation ?? 0);
    assert.equal(await textOf(there), text);
    assert.equal(fleet.guard.counts.refreshes, 1);
  });

  it('goes on at another replica where one died before its request was sent', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.system.pass(LIFE);
    a.transport.next(new OpenStep().step);
    void session.ask();
    await settle();
    a.store.die();
    const asked = there.ask();
    await fleet.system.pass(5_999);
    assert.equal(await isSettled(asked), false);
    await fleet.system.pass(1);
    assert.ok((await asked).token);
    assert.deepEqual([fleet.guard.counts.refreshes, fleet.guard.counts.dead], [1, 0]);
  });

  it('ends the session for all, once, where one died between the server’s answer and the store', async () => {
    const { fleet, replicas, session } = await fleetWith(3);
    const [a, ...others] = replicas;
    const there = await Promise.all(others.map((replica) => sessionAt(replica, session)));
    await fleet.system.pass(LIFE);
    a.transport.next(({ form }) => {
      a.store.die();
      return fleet.guard.answer(form);
    });
    void session.ask();
    await settle();
    const asked = Promise.all(there.map((each) => each.ask()));
    await fleet.system.pass(6_000);
    for (const { refused } of await asked) assert.equal(refused?.reason, 'session-expired');
    assert.equal(fleet.guard.counts.dead, 1);
    assert.equal(await fleet.replica().server.findSessionWith(session.handle), undefined);
  });

  it('that was refused as used up looks once more for what another replica made of it', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    b.store.goAway();
    await fleet.system.pass(LIFE);
    // Alone, it renews; what it got is written while the other one's request is under way.
    const text = await textOf(there);
    assert.ok(text);
    a.transport.next(async ({ form }) => {
      const dead = fleet.guard.answer(form);
      await b.store.comeBack();
      return dead;
    });
    assert.equal(await textOf(session), text);
    assert.equal(fleet.guard.counts.dead, 1);
    assert.equal(session.ended, false);
  });

  it('does not overwrite a newer one where its lease was lost', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.system.pass(LIFE);
    const late = new OpenStep();
    a.transport.next(late.step);
    const paused = session.ask();
    await settle();
    // A process that was paused for longer than its lease: another one has gone on, with a server that took the old token.
    a.store.loseLeases();
    b.transport.next(refreshed('newer', 'refresh-newer'));
    assert.equal(await textOf(there), 'newer');
    late.answer(refreshed('older', 'refresh-older'));
    await paused;
    await fleet.told();
    const third = await sessionAt(fleet.replica(), session);
    assert.equal(third.refreshToken, 'refresh-newer');
    assert.equal(await textOf(third), 'newer');
  });
});

describe('the end of a session that replicas share', () => {
  it('is for all, where its refresh token was refused', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const there = await sessionAt(replicas[1], session);
    fleet.guard.live.clear();
    await fleet.system.pass(LIFE);
    assert.equal((await session.ask()).refused?.reason, 'session-expired');
    await fleet.told();
    assert.equal(there.ended, true);
    assert.equal(await replicas[1].server.findSessionWith(session.handle), undefined);
    assert.equal(await replicas[1].server.findSessionOf('service'), undefined);
    assert.equal(fleet.guard.counts.dead, 1);
  });

  it('is for all, where it is signed out at one of them', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    assert.deepEqual(await b.server.signOut(there, 'service'), ['refresh_token']);
    await fleet.told();
    assert.equal(session.ended, true);
    for (const { server } of [a, b, fleet.replica()]) {
      assert.equal(await server.findSessionWith(session.handle), undefined);
      assert.equal(await server.findSessionOf('service'), undefined);
    }
    assert.equal(fleet.guard.live.size, 0);
  });

  it('waits for a renewal that is under way elsewhere, so that nothing of it lives on', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.system.pass(LIFE);
    const answer = new OpenStep();
    a.transport.next(answer.step);
    const asked = session.ask();
    await settle();
    const leaving = b.server.signOut(there, 'service');
    assert.equal(await isSettled(leaving), false);
    answer.answer(refreshed('late', 'refresh-late'));
    assert.ok((await asked).token);
    assert.deepEqual(await leaving, ['refresh_token']);
    assert.equal(b.transport.lastForm.token, 'refresh-late');
    await fleet.told();
    assert.equal(session.ended, true);
    assert.equal(await fleet.replica().server.findSessionWith(session.handle), undefined);
  });

  it('is not the end of a newer session of the same user', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const newer = isSignedIn(await replicas[1].server.signIn(PERSON, ASK)).session;
    await fleet.told();
    await replicas[0].server.signOut(session, 'service');
    await fleet.told();
    assert.equal((await fleet.replica().server.findSessionOf('service'))?.handle, newer.handle);
  });
});

describe('sessions without their store', () => {
  it('serve their tokens to the end, without a renewal that is not agreed upon, and then go alone', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    replicas[0].store.goAway();
    const first = session.content.token.accessToken;
    await fleet.system.pass(LIFE - 1);
    assert.equal(await textOf(session), first);
    assert.equal(session.source.current()?.accessToken, first);
    assert.equal(fleet.guard.counts.refreshes, 0);
    await fleet.system.pass(1);
    assert.notEqual(await textOf(session), first);
    assert.equal(fleet.guard.counts.refreshes, 1);
  });

  it('go on serving where the store goes in the middle of a renewal, and try again when it is back', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    const first = session.content.token.accessToken;
    const { store } = replicas[0];
    const { lease } = store;
    store.lease = async (name) => {
      store.goAway();
      return lease.call(store, name);
    };
    await fleet.system.pass(LIFE - 30_000);
    assert.equal(await textOf(session), first);
    await fleet.told();
    assert.equal(fleet.guard.counts.refreshes, 0);
    store.lease = lease;
    await store.comeBack();
    await fleet.system.pass(1_000);
    assert.equal(await textOf(session), first);
    await fleet.told();
    assert.equal(fleet.guard.counts.refreshes, 1);
    assert.notEqual(session.source.current()?.accessToken, first);
  });

  it('catch up what was renewed alone, when it is back', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const there = await sessionAt(replicas[1], session);
    replicas[0].store.goAway();
    await fleet.system.pass(LIFE);
    const text = await textOf(session);
    await replicas[0].store.comeBack();
    await fleet.told();
    assert.equal(there.source.current()?.accessToken, text);
    assert.equal(there.refreshToken, session.refreshToken);
  });

  it('take over what others renewed meanwhile, when it is back', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const there = await sessionAt(replicas[1], session);
    replicas[1].store.goAway();
    await fleet.system.pass(LIFE);
    const text = await textOf(session);
    await fleet.told();
    assert.equal(there.source.current(), undefined);
    await replicas[1].store.comeBack();
    await fleet.told();
    assert.equal(there.source.current()?.accessToken, text);
  });

  it('that lose a race for a refresh token end here alone: the record stays, and is found when it is back', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    b.store.goAway();
    await fleet.system.pass(LIFE);
    const text = await textOf(session);
    assert.equal((await there.ask()).refused?.reason, 'session-expired');
    await assert.rejects(b.server.findSessionWith(session.handle), { code: 'AUTH_STORE' });
    await b.store.comeBack();
    await fleet.told();
    assert.equal(await textOf(await sessionAt(b, session)), text);
    assert.equal(session.ended, false);
    assert.equal(a.transport.requests.length, 2);
  });

  it('are not ended by a store that cannot be read', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    const { store } = replicas[0];
    store.get = async () => {
      throw Object.assign(new Error('away'), { code: 'AUTH_STORE' });
    };
    await fleet.memory.put('anything', 1, { life: 1_000, fence: 0 });
    await store.comeBack();
    await fleet.told();
    assert.equal(session.ended, false);
    assert.ok(await textOf(session));
  });

  it('are written again to one that came back empty, and found by handle, name and as the stored user’s', async () => {
    const fleet = new Fleet();
    const a = fleet.replica(SERVICE);
    const { session } = isSignedIn(await a.server.signInStored(ASK));
    await fleet.system.pass(LIFE);
    await textOf(session);
    a.store.goAway();
    await fleet.comeBackEmpty(a);
    const late = fleet.replica(SERVICE);
    assert.equal((await late.server.findSessionOf('service'))?.handle, session.handle);
    assert.equal((await late.server.findStoredSession())?.refreshToken, session.refreshToken);
    assert.equal(fleet.guard.counts.logins, 1);
  });

  it('come to the newest one, where two replicas knew different ones of a store that came back empty', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    for (const { store } of replicas) store.goAway();
    await fleet.system.pass(LIFE);
    const text = await textOf(session);
    assert.notEqual(there.refreshToken, session.refreshToken);
    // The one that knows less comes back last.
    await fleet.comeBackEmpty(a, b);
    assert.equal(there.refreshToken, session.refreshToken);
    assert.equal(await textOf(await sessionAt(fleet.replica(), session)), text);
  });

  it('that are signed out end for all when it is back, with what others renewed meanwhile', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    b.store.goAway();
    await b.server.signOut(there, 'service');
    fleet.guard.live.add(session.refreshToken);
    await fleet.system.pass(LIFE);
    assert.ok(await textOf(session));
    await b.store.comeBack();
    assert.equal(await b.server.findSessionWith(session.handle), undefined);
    await fleet.told();
    assert.equal(session.ended, true);
    assert.equal(fleet.guard.live.size, 0);
    assert.equal(await a.server.findSessionWith(session.handle), undefined);
  });
});

describe('what a store says of a session', () => {
  it('is taken for absent where no replica can have written it', async () => {
    const { fleet, session } = await fleetWith(1);
    const name = `session ${fleet.replica().server.connection} ${session.handle}`;
    const good = (await fleet.memory.get(name))?.value as Record<string, unknown>;
    assert.ok(good);
    const token = good.token as object;
    const wrong: unknown[] = [
      undefined,
      null,
      42,
      [good],
      { ...good, version: 0 },
      { ...good, user: 1 },
      { ...good, stored: 'yes' },
      { ...good, renewals: -1 },
      { ...good, refreshToken: { $ne: '' } },
      { ...good, token: undefined },
      { ...good, token: { ...token, accessToken: 'a b' } },
      { ...good, token: { ...token, left: 1e300 } },
    ];
    for (const value of wrong) {
      const replica = fleet.replica();
      replica.store.get = async () => ({ value, age: 0, fence: 0 });
      assert.equal(await replica.server.findSessionWith(session.handle), undefined, JSON.stringify(value));
    }
    const replica = fleet.replica();
    const odd = { ...good, login: { status: { authentication: { value: 'x' } }, warnings: ['nonsense'] } };
    replica.store.get = async () => ({ value: odd, age: 0, fence: 0 });
    assert.equal((await replica.server.findSessionWith(session.handle))?.login, undefined);
  });

  it('is not written again and again to one that loses all that it is given', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    const { store } = replicas[0];
    store.get = async () => undefined;
    store.asked.length = 0;
    for (let round = 0; round < 10; round += 1) {
      await store.comeBack();
      await fleet.told();
    }
    assert.ok(store.asked.filter((what) => what.startsWith('put session')).length <= 3, store.asked.join('\n'));
    assert.equal(session.ended, false);
  });

  it('changes nothing of a session in memory where it makes no sense, and is not fought over', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    const name = `session ${replicas[0].server.connection} ${session.handle}`;
    await fleet.memory.put(name, { version: 99 }, { life: 60_000, fence: 0 });
    await fleet.told();
    assert.equal(session.ended, false);
    assert.deepEqual((await fleet.memory.get(name))?.value, { version: 99 });
    await fleet.system.pass(LIFE);
    assert.ok(await textOf(session));
    assert.equal(await textOf(await sessionAt(fleet.replica(), session)), session.content.token.accessToken);
  });
});
