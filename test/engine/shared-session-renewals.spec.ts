import assert from 'node:assert/strict';
import { isSettled, settle } from '../support/fake-system.ts';
import { OpenStep } from '../support/scripted-transport.ts';
import { fleetWith, LIFE, PERSON, sessionAt, textOf } from '../support/shared-sessions.ts';
import { refreshed } from '../support/vg-replies.ts';
import { ASK, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

describe('renewing a session that replicas share', () => {
  it('takes one request, and the others have the new token without a request', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const there = await sessionAt(replicas[1], session);
    await fleet.system.pass(LIFE);
    const text = await textOf(session);
    await fleet.told();
    assert.equal(there.source.current()?.accessToken, text);
    assert.equal(there.refreshToken, session.refreshToken);
    assert.deepEqual([fleet.guard.counts.refreshes, fleet.guard.counts.dead], [1, 0]);
  });

  it('uses each refresh token once if all replicas reach its end at the same time', async () => {
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

  it('is written to the store before the new token is used', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    replicas[0].store.beforeWrite = () => new Promise(() => undefined);
    await fleet.system.pass(LIFE);
    const asked = session.ask();
    assert.equal(await isSettled(asked), false);
    assert.equal(fleet.guard.counts.refreshes, 1);
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

  it('continues at another replica if the first one died before its request was sent', async () => {
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

  it('ends the session everywhere, once, if the replica died between the server’s answer and the store', async () => {
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

  it('that was refused as used up reads once more what another replica has got', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    b.store.goAway();
    await fleet.system.pass(LIFE);
    // The replica works alone and renews. Its result is written while the other one's request is under way.
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

  it('does not overwrite a newer one if its lock was lost', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.system.pass(LIFE);
    const late = new OpenStep();
    a.transport.next(late.step);
    const paused = session.ask();
    await settle();
    // A process was paused for longer than its lock is valid. Another one continued, with a server that accepts the old token.
    a.store.loseLocks();
    b.transport.next(refreshed('newer', 'refresh-newer'));
    assert.equal(await textOf(there), 'newer');
    late.answer(refreshed('older', 'refresh-older'));
    await paused;
    await fleet.told();
    const third = await sessionAt(fleet.replica(), session);
    assert.equal(third.refreshToken, 'refresh-newer');
    assert.equal(await textOf(third), 'newer');
  });

  it('is not repeated by a replica that was not notified of it', async () => {
    const { fleet, session } = await fleetWith(1);
    const deaf = fleet.replica();
    deaf.store.watch = () => () => undefined;
    const there = await sessionAt(deaf, session);
    await fleet.system.pass(LIFE);
    const text = await textOf(session);
    assert.equal(await textOf(there), text);
    assert.equal(there.refreshToken, session.refreshToken);
    assert.equal(fleet.guard.counts.refreshes, 1);
  });

  it('continues with the newer refresh token if the token that came with it cannot be used', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    b.store.goAway();
    await fleet.system.pass(LIFE);
    // A token that only those who waited for it may use.
    fleet.guard.life = 0;
    await textOf(there);
    fleet.guard.life = 1800;
    a.transport.next(async ({ form }) => {
      const dead = fleet.guard.answer(form);
      await b.store.comeBack();
      return dead;
    });
    assert.ok(await textOf(session));
    assert.deepEqual([fleet.guard.counts.refreshes, fleet.guard.counts.dead], [3, 1]);
  });

  it('sends nothing if the lock was lost before that', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.system.pass(LIFE);
    const answer = new OpenStep();
    b.transport.next(answer.step);
    const { lock } = a.store;
    let asked: Promise<unknown> | undefined;
    a.store.lock = async (name) => {
      const taken = await lock.call(a.store, name);
      a.store.lock = lock;
      // It was paused here, and another one continued.
      a.store.loseLocks();
      asked = there.ask();
      await settle();
      return taken;
    };
    const waiting = session.ask();
    await fleet.told();
    assert.equal(await isSettled(waiting), false);
    answer.answer(refreshed('one', 'refresh-one'));
    assert.equal((await waiting).token?.accessToken, 'one');
    await asked;
    assert.equal(a.transport.requests.length, 1);
  });
});

describe('the end of a session that replicas share', () => {
  it('is the same everywhere if its refresh token was refused', async () => {
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

  it('is the same everywhere if it is signed out at one of them', async () => {
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

  it('waits for a renewal that is under way elsewhere, so that its result is revoked, too', async () => {
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

  it('is the same everywhere, even if another replica does not give the lock back', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.memory.lock(`session ${a.server.connection} ${session.handle}`);
    const leaving = b.server.signOut(there, 'service');
    await fleet.system.pass(30_000);
    assert.equal(await isSettled(leaving), true);
    await fleet.told();
    assert.equal(session.ended, true);
    assert.equal(await fleet.replica().server.findSessionWith(session.handle), undefined);
  });

  it('does not end a newer session of the same user', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const newer = isSignedIn(await replicas[1].server.signIn(PERSON, ASK)).session;
    await fleet.told();
    await replicas[0].server.signOut(session, 'service');
    await fleet.told();
    assert.equal((await fleet.replica().server.findSessionOf('service'))?.handle, newer.handle);
  });
});
