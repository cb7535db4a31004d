import assert from 'node:assert/strict';
import { isSettled, settle } from '../support/fake-system.ts';
import { ANNA, Fleet, SERVICE } from '../support/fleet.ts';
import { OpenStep } from '../support/scripted-transport.ts';
import { fleetWith, LIFE, sessionAt, textOf } from '../support/shared-sessions.ts';
import { refreshed } from '../support/vg-replies.ts';
import { ASK, isChallenged, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

describe('sessions while their store is unavailable', () => {
  it('use their tokens to the end without an uncoordinated renewal, and are then renewed by each process alone', async () => {
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

  it('stay usable if the store fails in the middle of a renewal, and try again when it is back', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    const first = session.content.token.accessToken;
    const { store } = replicas[0];
    const { lock } = store;
    store.lock = async (name) => {
      store.goAway();
      return lock.call(store, name);
    };
    await fleet.system.pass(LIFE - 30_000);
    assert.equal(await textOf(session), first);
    await fleet.told();
    assert.equal(fleet.guard.counts.refreshes, 0);
    store.lock = lock;
    await store.comeBack();
    await fleet.system.pass(1_000);
    assert.equal(await textOf(session), first);
    await fleet.told();
    assert.equal(fleet.guard.counts.refreshes, 1);
    assert.notEqual(session.source.current()?.accessToken, first);
  });

  it('are renewed alone at once if the store fails while they wait for a renewal of another replica', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.system.pass(LIFE);
    const open = new OpenStep();
    a.transport.next(open.step);
    const asked = session.ask();
    await settle();
    const waiting = there.ask();
    await fleet.told();
    assert.equal(await isSettled(waiting), false);
    b.store.goAway();
    await fleet.told();
    assert.equal(await isSettled(waiting), true);
    assert.ok((await waiting).token);
    open.answer(refreshed('late', 'refresh-late'));
    await asked;
  });

  it('that this process does not have are a fault and not unknown, by handle and by name', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const { server, store } = replicas[1];
    store.goAway();
    await assert.rejects(server.findSessionWith(session.handle), { code: 'AUTH_STORE' });
    await assert.rejects(server.findSessionOf('service'), { code: 'AUTH_STORE' });
    assert.equal(await server.findSessionWith('no handle'), undefined);
    await store.comeBack();
    await fleet.told();
    assert.ok(await textOf(await sessionAt(replicas[1], session)));
  });

  it('are updated with their renewals when it is back', async () => {
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

  it('take over the renewals of others when it is back', async () => {
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

  it('that lose a race for a refresh token end in this process only: the record stays, and is found when it is back', async () => {
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

  it('do not end because a store cannot be read', async () => {
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

  it('are written again to an empty store, and found by handle, name and as the stored user’s', async () => {
    const fleet = new Fleet();
    const a = fleet.replica(SERVICE);
    const { session } = isSignedIn(await a.server.signInStored(ASK));
    await fleet.system.pass(LIFE);
    await textOf(session);
    a.store.goAway();
    await fleet.comeBackEmpty(a);
    const late = fleet.replica(SERVICE);
    assert.equal((await late.server.findSessionOf('service'))?.handle, session.handle);
    assert.equal((await late.server.storedUser.findSession())?.refreshToken, session.refreshToken);
    assert.equal(fleet.guard.counts.logins, 1);
  });

  it('become the newest one, if two replicas had different ones for a store that came back empty', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    for (const { store } of replicas) store.goAway();
    await fleet.system.pass(LIFE);
    const text = await textOf(session);
    assert.notEqual(there.refreshToken, session.refreshToken);
    // The one with the older session comes back last.
    await fleet.comeBackEmpty(a, b);
    assert.equal(there.refreshToken, session.refreshToken);
    assert.equal(await textOf(await sessionAt(fleet.replica(), session)), text);
  });

  it('that begin are written when it is back, even if their server is closed by then', async () => {
    const fleet = new Fleet();
    const { server, store } = fleet.replica();
    const { challenge } = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required');
    isChallenged(await challenge.choose('otp-sms'), 'code-required');
    store.goAway();
    const { session } = isSignedIn(await challenge.submit('123456'));
    server.close();
    await store.comeBack();
    const late = fleet.replica();
    assert.ok(await textOf(await sessionAt(late, session)));
    assert.equal((await fleet.replica().server.findSessionOf('anna'))?.handle, session.handle);
  });

  it('that are signed out end everywhere when it is back, with the renewals of others', async () => {
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

  it('that lose such a race while both are alone do not end the renewal of the other one', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.system.pass(LIFE);
    await textOf(session);
    await fleet.told();
    for (const { store } of replicas) store.goAway();
    await fleet.system.pass(LIFE);
    const text = await textOf(session);
    assert.equal((await there.ask()).refused?.reason, 'session-expired');
    await a.store.comeBack();
    await b.store.comeBack();
    await fleet.told();
    assert.equal(session.ended, false);
    assert.equal(await textOf(await sessionAt(b, session)), text);
  });

  it('are written again if an older one overwrote them', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    const name = `session ${replicas[0].server.connection} ${session.handle}`;
    const older = await fleet.memory.get(name);
    await fleet.system.pass(LIFE);
    await textOf(session);
    const { fence } = (await fleet.memory.get(name)) ?? { fence: 0 };
    await fleet.memory.put(name, older?.value, { life: LIFE, fence });
    await fleet.told();
    assert.equal((await sessionAt(fleet.replica(), session)).refreshToken, session.refreshToken);
  });
});
