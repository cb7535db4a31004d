import assert from 'node:assert/strict';
import { Engine } from '../../src/engine/engine.ts';
import type { ContextAccess } from '../../src/store/context-access.ts';
import { FakeSystem, settle } from '../support/fake-system.ts';
import { ANNA, Fleet, SERVICE } from '../support/fleet.ts';
import { OneTimeGuard } from '../support/one-time-guard.ts';
import { OpenStep, ScriptedTransport, type Step } from '../support/scripted-transport.ts';
import { fleetWith, LIFE, PERSON, sessionAt, textOf } from '../support/shared-sessions.ts';
import { until } from '../support/until.ts';
import { refreshed, signedIn } from '../support/vg-replies.ts';
import { ASK, isSignedIn, SETTINGS, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const DAY = 24 * 3_600_000;

/** A reply that arrives when the test says so. The server has processed the request by then. */
function held(guard: OneTimeGuard): { step: Step; arrive(): void } {
  const open = new OpenStep();
  const step: Step = ({ form }) => {
    const reply = guard.answer(form);
    return open.step({ url: '', form: {} }).then(() => reply);
  };
  return { step, arrive: () => open.answer({}) };
}

/** A context store that is kept like a file. */
function contextInMemory(): ContextAccess {
  const values = new Map<string, unknown>();
  return {
    get: (keys, answer) => setImmediate(() => answer(undefined, ...keys.map((key) => values.get(key)))),
    set: (keys, given, answer) => {
      keys.forEach((key, at) => {
        if (given[at] === undefined) values.delete(key);
        else values.set(key, given[at]);
      });
      setImmediate(() => answer());
    },
    keys: (answer) => setImmediate(() => answer(undefined, [...values.keys()])),
  };
}

describe('a session that one process forgets', () => {
  it('in the middle of a renewal, with a deploy, continues elsewhere', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.system.pass(LIFE);
    const late = held(fleet.guard);
    a.transport.next(late.step);
    const asked = session.ask();
    await settle();
    assert.equal(fleet.guard.counts.refreshes, 1);
    a.server.close();
    late.arrive();
    const { token } = await asked;
    await fleet.told();
    assert.ok(token);
    assert.equal(await textOf(there), token.accessToken);
    await fleet.system.pass(LIFE);
    assert.ok(await textOf(there));
    assert.deepEqual([fleet.guard.counts.refreshes, fleet.guard.counts.dead, fleet.guard.counts.revoked], [2, 0, 0]);
  });

  it('keeps no token, and is not renewed any longer', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    await fleet.system.pass(LIFE);
    const late = held(fleet.guard);
    replicas[0].transport.next(late.step);
    const asked = session.ask();
    await settle();
    replicas[0].server.close();
    late.arrive();
    await asked;
    assert.equal(session.source.token, undefined);
    assert.equal(session.source.current(), undefined);
    // Alone, it would use a refresh token that others use.
    replicas[0].store.goAway();
    assert.equal((await session.ask()).refused?.reason, 'session-expired');
    assert.equal(fleet.guard.counts.refreshes, 1);
  });

  it('to make room, in the middle of a renewal, is found again with the result of that', async () => {
    const fleet = new Fleet();
    const small = fleet.replica({}, 1);
    const { session } = isSignedIn(await small.server.signIn(PERSON, ASK));
    await fleet.system.pass(LIFE);
    const late = held(fleet.guard);
    small.transport.next(late.step);
    const asked = session.ask();
    await settle();
    small.transport.next(signedIn('other'));
    isSignedIn(await small.server.signIn(ANNA, ASK));
    assert.equal(session.ended, true);
    late.arrive();
    const { token } = await asked;
    assert.ok(token);
    assert.equal(await textOf(await sessionAt(small, session)), token.accessToken);
    assert.equal(fleet.guard.counts.revoked, 0);
  });

  it('and that is signed out in the middle of the renewal, leaves nothing that is valid', async () => {
    const { fleet, replicas, session } = await fleetWith(2);
    const [a, b] = replicas;
    const there = await sessionAt(b, session);
    await fleet.system.pass(LIFE);
    const late = held(fleet.guard);
    a.transport.next(late.step);
    void session.ask();
    await settle();
    a.server.close();
    const out = b.server.signOut(there, 'service');
    await settle();
    late.arrive();
    await out;
    await fleet.told();
    assert.equal(fleet.guard.live.size, 0);
    assert.equal(await fleet.replica().server.findSessionWith(session.handle), undefined);
  });

  it('has its renewal revoked if no store keeps it', async () => {
    const answer = new OpenStep();
    const { server, transport, system } = stage({}, signedIn(), answer.step, { status: 200, empty: true });
    const { session } = isSignedIn(await server.signIn(ANNA, ASK));
    await system.pass(LIFE);
    const asked = session.ask();
    await settle();
    server.close();
    answer.answer(refreshed('access-2', 'refresh-2'));
    assert.equal((await asked).refused?.reason, 'session-expired');
    assert.equal(transport.lastForm.token, 'refresh-2');
  });

  it('is written to its store before that is closed, unless another process uses it', async () => {
    for (const isTakenUp of [false, true]) {
      const system = new FakeSystem();
      const guard = new OneTimeGuard();
      const context = contextInMemory();
      const start = (engine: Engine) => {
        const transport = new ScriptedTransport(system);
        transport.otherwise = ({ form }) => guard.answer(form);
        const settings = { kind: 'context', context: '', encryptionKey: 'key' } as const;
        const store = engine.holdStore(settings, { context }, '');
        return { transport, store, server: engine.holdServer(SETTINGS, transport, '', store.value) };
      };
      const engine = new Engine(10, system);
      const before = start(engine);
      const { session } = isSignedIn(await before.server.value.signIn(PERSON, ASK));
      await system.pass(LIFE);
      const late = held(guard);
      before.transport.next(late.step);
      const asked = session.ask();
      await until(() => guard.counts.refreshes === 1);
      before.server.giveBack();
      before.store.giveBack();
      engine.sweep();
      assert.equal(session.ended, true);
      if (isTakenUp) assert.equal(start(engine).store.value, before.store.value);
      late.arrive();
      const { token } = await asked;
      await settle();
      assert.equal(before.store.value.state.at, isTakenUp ? 'ready' : 'gone');
      const after = start(isTakenUp ? engine : new Engine(10, system));
      const found = await after.server.value.findSessionWith(session.handle);
      assert.ok(token && found);
      assert.equal(await textOf(found), token.accessToken);
      await system.pass(LIFE);
      assert.equal(guard.counts.dead, 0);
    }
  });
});

describe('a session of a store', () => {
  it('serves two servers of one process that differ only in TLS or proxy', async () => {
    const { fleet, replicas, session } = await fleetWith(1);
    const { engine, server: one, store } = replicas[0];
    const transport = new ScriptedTransport(fleet.system);
    transport.otherwise = ({ form }) => fleet.guard.answer(form);
    const two = engine.holdServer(SETTINGS, transport, 'proxy', store).value;
    const there = await two.findSessionWith(session.handle);
    assert.ok(there);
    for (let message = 0; message < 3; message += 1) {
      assert.equal(await one.findSessionWith(session.handle), session);
      assert.equal(await two.findSessionWith(session.handle), there);
    }
    assert.deepEqual([session.ended, there.ended], [false, false]);
    two.close();
    assert.deepEqual([session.ended, there.ended], [false, true]);
    assert.equal(one.sessionWith(session.handle), session);
  });

  it('is found by its user if processes run for less than a day, as long as it is renewed', async () => {
    const fleet = new Fleet();
    const { session } = isSignedIn(await fleet.replica(SERVICE).server.signInStored(ASK));
    for (let night = 0; night < 31; night += 1) {
      const replica = fleet.replica(SERVICE);
      assert.ok(await textOf(await sessionAt(replica, session)));
      await fleet.system.pass(DAY / 2);
      assert.ok(await textOf(await sessionAt(replica, session)));
      await fleet.told();
      replica.server.close();
      await fleet.system.pass(DAY / 2);
    }
    const late = fleet.replica(SERVICE).server;
    assert.equal((await late.findSessionOf('service'))?.handle, session.handle);
    assert.equal((await late.storedUser.findSession())?.handle, session.handle);
  });
});
