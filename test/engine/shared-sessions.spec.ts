import assert from 'node:assert/strict';
import { isSettled } from '../support/fake-system.ts';
import { ANNA, Fleet } from '../support/fleet.ts';
import { fleetWith, LIFE, PERSON, sessionAt, textOf } from '../support/shared-sessions.ts';
import { signedIn } from '../support/vg-replies.ts';
import { ASK, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

describe('a session that replicas share', () => {
  it('is found by its handle at other replicas, with all data of the login', async () => {
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

  it('is found by the name of its user; the newest one is used, wherever it began', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    assert.equal((await b.server.findSessionOf('service'))?.handle, session.handle);
    const newer = isSignedIn(await b.server.signIn(PERSON, ASK)).session;
    await fleet.told();
    assert.equal((await a.server.findSessionOf('service'))?.handle, newer.handle);
    assert.equal(a.server.sessionWith(session.handle), session);
    for (const name of ['Service', 'service ', '', 'anna']) assert.equal(await b.server.findSessionOf(name), undefined);
  });

  it('is searched once, however many messages ask for it', async () => {
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

  it('is not searched for by a text that cannot be a handle', async () => {
    const { replicas } = await fleetWith(2);
    for (const handle of ['', 'x', '__proto__', 'a'.repeat(10_000)]) {
      assert.equal(await replicas[1].server.findSessionWith(handle), undefined);
    }
    assert.deepEqual(replicas[1].store.asked, []);
  });

  it('is written to the store before it is reported to anybody', async () => {
    const fleet = new Fleet();
    const a = fleet.replica();
    const writes: (() => void)[] = [];
    a.store.beforeWrite = () => new Promise<void>((resolve) => writes.push(resolve));
    const signingIn = a.server.signIn(PERSON, ASK);
    assert.equal(await isSettled(signingIn), false);
    assert.equal(a.transport.requests.length, 1);
    a.store.beforeWrite = undefined;
    assert.equal(writes.length, 2, 'the session and what finds it are written together');
    for (const write of writes) write();
    isSignedIn(await signingIn);
  });

  it('stays in the store for 30 days after its last renewal, and so does its index', async () => {
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

  it('with a valid token causes no call of the store', async () => {
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

  it('leaves nothing behind when it is no longer kept', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    await sessionAt(replicas[1], session);
    for (const { server } of replicas) server.close();
    for (const { store } of replicas) assert.equal(store.watched, 0);
    fleet.memory.close();
    assert.equal(fleet.system.pending, 0);
  });

  it('that is removed to make room, or by a deploy, is removed from this process only', async () => {
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

describe('the content of a store about a session', () => {
  it('is treated as absent if no replica can have written it', async () => {
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

  it('is written again three times a minute to a store that loses everything', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    const { store } = replicas[0];
    store.get = async () => undefined;
    for (const minute of [1, 2]) {
      store.asked.length = 0;
      for (let round = 0; round < 10; round += 1) {
        await store.comeBack();
        await fleet.told();
      }
      assert.equal(store.asked.filter((what) => what.startsWith('put session')).length, 3, `minute ${minute}`);
      await fleet.system.pass(60_000);
    }
    assert.equal(session.ended, false);
  });

  it('does not change a session in memory if it is invalid, and is not overwritten endlessly', async () => {
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
