import assert from 'node:assert/strict';
import type { Challenge } from '../../src/visual-guard/challenge/challenge.ts';
import { findChallenge, findOnlyStoredChallenge } from '../../src/visual-guard/challenge/find.ts';
import { settle } from '../support/fake-system.ts';
import { Fleet } from '../support/fleet.ts';
import { silence } from '../support/scripted-transport.ts';
import { challengeAt, fleetWith, requests } from '../support/shared-challenges.ts';
import { APP, challenge, SMS } from '../support/vg-replies.ts';
import { ASK, isChallenged, isRefused, isSignedIn, SETTINGS } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const ROBOT = { user: 'robot', password: 'robot-password' };

describe('a challenge that replicas share', () => {
  it('is completed by code at a replica other than its first one, and all have the session', async () => {
    const { fleet, replicas, open } = await fleetWith(3);
    const [a, b, c] = replicas;
    const chosen = isChallenged(await (await challengeAt(b, open)).choose('otp-sms'), 'code-required').challenge;
    assert.equal(chosen.method?.transport, 'sms');
    const { session } = isSignedIn(await (await challengeAt(c, open)).submit('123456'));
    assert.equal(session.user, 'anna');
    await fleet.told();
    for (const { server } of [a, b, fleet.replica()])
      assert.equal((await server.findSessionWith(session.handle))?.user, 'anna');
    assert.deepEqual([fleet.guard.counts.logins, fleet.guard.counts.codes], [1, 1]);
  });

  it('reports at each replica what it waits for, and its end: how, where it was answered', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    const there = await challengeAt(replicas[1], open);
    const heard = [open, there].map((each) => {
      const states: unknown[] = [];
      each.changes.add((outcome) => states.push(outcome?.state));
      return states;
    });
    isChallenged(await open.choose('otp-sms'), 'code-required');
    await fleet.told();
    isChallenged(await open.submit('wrong'), 'code-required', 'code-invalid');
    isSignedIn(await there.submit('123456'));
    await fleet.told();
    assert.deepEqual(heard, [
      ['code-required', undefined],
      ['code-required', 'signed-in'],
    ]);
  });

  it('has the same methods with the same IDs, and ends at the same time, at all replicas', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    await fleet.system.pass(100_000);
    const there = await challengeAt(replicas[1], open);
    assert.deepEqual(there.methods, open.methods);
    assert.equal(there.expiresAt, open.expiresAt);
    assert.equal(there.user, 'anna');
    isChallenged(await there.choose(open.methods[0].id), 'code-required');
    await fleet.told();
    assert.equal(open.state, 'code-required');
    assert.equal(open.method, open.methods[0]);
  });

  it('counts wrong codes over all replicas: the fifth ends it everywhere', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    isChallenged(await open.choose('otp-sms'), 'code-required');
    const there = await challengeAt(replicas[1], open);
    const all = [open, there, open, there];
    for (const [index, each] of all.entries()) {
      const { challenge: at } = isChallenged(await each.submit('wrong'), 'code-required', 'code-invalid');
      assert.equal(at.attempts, index + 1);
    }
    isRefused(await open.submit('wrong'), 'code-invalid');
    isRefused(await there.submit('123456'), 'challenge-unknown');
    await fleet.told();
    for (const { server } of replicas) assert.equal(await server.findChallenge(open.id), 'challenge-unknown');
  });

  it('takes one step at a time: of ten codes at once five are sent to the server', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    isChallenged(await open.choose('otp-sms'), 'code-required');
    const there = await challengeAt(replicas[1], open);
    const before = requests(replicas);
    await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 ? open : there).submit('wrong')));
    assert.equal(requests(replicas) - before, 5);
    await fleet.told();
  });

  it('is answered once if the right code arrives at two replicas', async () => {
    const { replicas, open } = await fleetWith(2);
    isChallenged(await open.choose('otp-sms'), 'code-required');
    const there = await challengeAt(replicas[1], open);
    const outcomes = await Promise.all([open.submit('123456'), there.submit('123456')]);
    assert.deepEqual(outcomes.map(({ state }) => state).sort(), ['refused', 'signed-in']);
  });

  it('is not found by another connection, by another ID, or after it was answered', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    assert.equal(await fleet.replica({ clientSecret: 'other' }).server.findChallenge(open.id), 'challenge-unknown');
    for (const id of ['', 'x', `${open.id}x`, 'A'.repeat(24), '__proto__'])
      assert.equal(await replicas[1].server.findChallenge(id), 'challenge-unknown');
    isChallenged(await open.choose('otp-sms'), 'code-required');
    isSignedIn(await open.submit('123456'));
    assert.equal(await replicas[1].server.findChallenge(open.id), 'challenge-unknown');
  });

  it('is found among several servers of one store, by one request to each store', async () => {
    const { fleet, replicas, open } = await fleetWith(1);
    const { engine, store, transport, server } = fleet.replica({ clientId: 'first' });
    const mine = engine.holdServer(SETTINGS, transport, '', store).value;
    assert.equal(mine.connection, replicas[0].server.connection);
    assert.notEqual(server.connection, mine.connection);
    const found = (await findChallenge([server, mine], open.id)) as Challenge;
    assert.equal(mine.knownChallenge(open.id), found);
    store.asked.length = 0;
    assert.equal(await findChallenge([server, mine], 'A'.repeat(24)), 'challenge-unknown');
    assert.equal(store.asked.length, 1);
  });

  it('is reported as expired at every replica', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    await fleet.system.pass(300_000);
    assert.equal(await replicas[0].server.findChallenge(open.id), 'challenge-expired');
    assert.equal(await replicas[1].server.findChallenge(open.id), 'challenge-expired');
    const late = await fleetWith(2);
    const there = await challengeAt(late.replicas[1], late.open);
    await late.fleet.system.pass(300_000);
    isRefused(await there.submit('123456'), 'challenge-expired');
    for (const { engine, store } of late.replicas) {
      assert.equal(engine.challenges.size, 0);
      // The only record left is that of the stored user.
      assert.equal(store.watched, 1);
    }
  });

  it('continues at another replica if the first one died, even in the middle of a step', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    const [a, b] = replicas;
    isChallenged(await open.choose('otp-sms'), 'code-required');
    a.transport.next(silence);
    void open.submit('123456');
    await settle();
    a.store.die();
    const answered = challengeAt(b, open).then((there) => there.submit('123456'));
    await fleet.system.pass(6_000);
    isSignedIn(await answered);
  });

  it('is forgotten everywhere if its user is signed out', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    const there = await challengeAt(replicas[1], open);
    await replicas[0].server.signOut(undefined, 'anna');
    await fleet.told();
    isRefused(await there.submit('1'), 'challenge-unknown');
    assert.equal(await fleet.replica().server.findChallenge(open.id), 'challenge-unknown');
  });

  it('stays for the others if this process forgets it with a deploy', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    replicas[0].server.close();
    await fleet.told();
    const there = await challengeAt(replicas[1], open);
    isChallenged(await there.choose('otp-sms'), 'code-required');
    isSignedIn(await there.submit('123456'));
    assert.equal(replicas[0].store.watched, 0);
  });

  it('is found without an ID at any replica, if it is a stored user’s', async () => {
    const { replicas } = await fleetWith(2);
    for (const { server } of replicas) assert.equal(await findOnlyStoredChallenge([server]), 'challenge-unknown');
    const { challenge: open } = isChallenged(await replicas[0].server.signInStored(ASK), 'mfa-required');
    for (const { server } of replicas) {
      const found = await findOnlyStoredChallenge([server]);
      assert.equal(typeof found === 'object' && found.id, open.id);
    }
  });

  it('is the same for two sets of TLS and proxy settings, and is not found if the store cannot say whether it is the only one', async () => {
    const { fleet, replicas } = await fleetWith(1);
    const { challenge: open } = isChallenged(await replicas[0].server.signInStored(ASK), 'mfa-required');
    const { engine, store, transport, server } = fleet.replica();
    const other = engine.holdServer(SETTINGS, transport, 'another way', store).value;
    const found = await findOnlyStoredChallenge([server, other]);
    assert.equal(typeof found === 'object' && found.id, open.id);
    const second = engine.holdServer({ ...SETTINGS, clientId: 'second' }, transport, '', store).value;
    store.goAway();
    await assert.rejects(findOnlyStoredChallenge([server, second]), { code: 'AUTH_STORE' });
  });
});

describe('the password of a challenge that replicas share', () => {
  const SENDS_ALL = { mfaCredentials: 'username+password' } as const;

  it('is never written to the store', async () => {
    for (const mfaCredentials of ['none', 'username', 'username+password'] as const) {
      const { fleet, replicas, open } = await fleetWith(1, { mfaCredentials });
      const record = await fleet.memory.get(`challenge ${open.id}`);
      assert.ok(record);
      isChallenged(await open.choose('otp-sms'), 'code-required');
      const { session } = isSignedIn(await open.submit('123456'));
      const after = await fleet.memory.get(`session ${replicas[0].server.connection} ${session.handle}`);
      assert.ok(after);
      assert.ok(!JSON.stringify([record, after]).includes('anna-password'));
    }
  });

  it('is known for the stored user only, if the steps need it: that challenge continues anywhere', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2, SENDS_ALL);
    const { challenge: open } = isChallenged(await a.server.signInStored(ASK), 'mfa-required');
    const there = await challengeAt(b, open);
    isChallenged(await there.choose('otp-sms'), 'code-required');
    assert.equal(b.transport.lastForm.Password, 'robot-password');
    isSignedIn(await there.submit('123456'));
    assert.equal(b.server.storedSession?.user, 'robot');
  });

  it('is not known for other users, if the steps need it: their challenge is found at its first replica only', async () => {
    const { replicas, open } = await fleetWith(2, SENDS_ALL);
    assert.equal(await replicas[1].server.findChallenge(open.id), 'challenge-unknown');
    isChallenged(await open.choose('otp-sms'), 'code-required');
    isSignedIn(await open.submit('123456'));
  });

  it('is not that of the stored user if a message brought the same name', async () => {
    const { replicas, open } = await fleetWith(2, SENDS_ALL, ROBOT);
    assert.equal(await replicas[1].server.findChallenge(open.id), 'challenge-unknown');
  });
});

describe('the content of a store about a challenge', () => {
  it('is treated as absent if no replica can have written it', async () => {
    const { fleet, replicas, open } = await fleetWith(1);
    const good = (await fleet.memory.get(`challenge ${open.id}`))?.value as Record<string, unknown>;
    const [method] = good.methods as object[];
    const wrong: unknown[] = [
      null,
      { ...good, version: 0 },
      { ...good, connection: undefined },
      { ...good, user: ['anna'] },
      { ...good, state: 'signed-in' },
      { ...good, steps: 'many' },
      { ...good, attempts: -1 },
      { ...good, left: 300_001 },
      { ...good, requestId: 7 },
      { ...good, methods: 'all' },
      { ...good, methods: [{ ...method, kind: 'magic' }] },
      { ...good, methods: [{ ...method, availableId: undefined }] },
      { ...good, methods: Array.from({ length: 1_001 }, () => method) },
    ];
    for (const value of wrong) {
      const replica = fleet.replica();
      replica.store.get = async () => ({ value, age: 0, fence: 0 });
      assert.equal(await replica.server.findChallenge(open.id), 'challenge-unknown', JSON.stringify(value));
    }
    await fleet.memory.put(`challenge ${open.id}`, wrong[1], { life: 60_000, fence: 0 });
    await fleet.told();
    replicas[0].transport.next(challenge([SMS, APP]));
    isChallenged(await open.choose('otp-app'), 'mfa-required', 'method-not-offered');
  });
});
