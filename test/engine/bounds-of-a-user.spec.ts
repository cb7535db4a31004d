import assert from 'node:assert/strict';
import { Engine } from '../../src/engine/engine.ts';
import type { OpenChallenge } from '../../src/visual-guard/outcome.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { FakeSystem, settle } from '../support/fake-system.ts';
import { Fleet } from '../support/fleet.ts';
import { json, OpenStep, ScriptedTransport } from '../support/scripted-transport.ts';
import { APP, challenge, LINK, refreshed, SMS, says, signedIn, waiting } from '../support/vg-replies.ts';
import { ANNA, ASK, isChallenged, isSignedIn, SETTINGS } from '../support/visual-guard.ts';
import '../support/rejections.ts';

/** A server that accepts every sign-in, each time with other tokens, and revocations. */
function scene(maxSessions = 1_000) {
  const system = new FakeSystem();
  const engine = new Engine(maxSessions, system);
  const transport = new ScriptedTransport(system);
  const revoked: string[] = [];
  let count = 0;
  transport.otherwise = ({ url, form }) => {
    if (url.endsWith('/revocation')) {
      revoked.push(form.token);
      return json(200, {});
    }
    count += 1;
    return signedIn(`access-${count}`, { refreshToken: `refresh-${count}` });
  };
  const server = engine.holdServer(SETTINGS, transport, '').value;
  const signIn = async (user = 'anna'): Promise<Session> =>
    isSignedIn(await server.signIn({ ...ANNA, user }, ASK)).session;
  return { system, engine, transport, server, signIn, revoked };
}

/** A sign-in of this user that is answered with a challenge. */
async function challengeFor(server: VisualGuardServer, transport: ScriptedTransport, user = 'anna') {
  transport.next(challenge([SMS, LINK, APP]));
  return isChallenged(await server.signIn({ ...ANNA, user }, ASK), 'mfa-required').challenge;
}

describe('one user of a server', () => {
  it('has 20 sessions at most: the least recently used one ends, and its refresh token is revoked', async () => {
    const { server, signIn, revoked } = scene();
    const sessions: Session[] = [];
    for (let count = 0; count < 20; count += 1) sessions.push(await signIn());
    assert.equal(server.sessionWith(sessions[0].handle), sessions[0], 'used last');

    const newest = await signIn();
    await settle();

    assert.equal(sessions[1].ended, true);
    assert.equal(server.sessionWith(sessions[1].handle), undefined);
    assert.deepEqual(revoked, ['refresh-2']);
    for (const session of [sessions[0], ...sessions.slice(2), newest])
      assert.equal(server.sessionWith(session.handle), session);
    assert.equal(server.sessionOf('anna'), newest);
  });

  it('ends no session of another user, however often and in whatever spelling it signs in', async () => {
    const { engine, server, signIn, revoked } = scene(100);
    const bert = await signIn('bert');
    const stored = isSignedIn(await server.signInStored(ASK)).session;
    const spellings = ['anna', 'Anna', 'anna ', 'ANNA\u00a0', '\uff41nna'];
    for (let count = 0; count < 500; count += 1) await signIn(spellings[count % spellings.length]);
    await settle();

    assert.equal(engine.sessions.size, 22);
    assert.equal(revoked.length, 480);
    assert.equal(server.sessionWith(bert.handle), bert);
    assert.equal(server.storedSession, stored);
  });

  it('does not end the session of the stored user, even with the same name', async () => {
    const { engine, server, signIn } = scene();
    const stored = isSignedIn(await server.signInStored(ASK)).session;
    const others: Session[] = [];
    for (let count = 0; count < 60; count += 1) others.push(await signIn('Robot'));

    assert.equal(server.storedSession, stored);
    assert.equal(engine.sessions.size, 20, 'it counts, all the same');
    assert.deepEqual(
      others.filter(({ ended }) => !ended),
      others.slice(-19),
    );
  });

  it('is counted for each server separately', async () => {
    const { engine, transport, server, signIn } = scene();
    const other = engine.holdServer({ ...SETTINGS, clientId: 'other_Native' }, transport, '').value;
    const there = isSignedIn(await other.signIn(ANNA, ASK)).session;
    for (let count = 0; count < 30; count += 1) await signIn();
    assert.equal(other.sessionWith(there.handle), there);
    assert.equal(server.sessionWith(there.handle), undefined);
    assert.equal(engine.sessions.size, 21);
  });

  it('ends a session while it is renewed: the result of the renewal is revoked, too', async () => {
    const { system, transport, signIn, revoked } = scene();
    const first = await signIn();
    const renewal = new OpenStep();
    await system.pass(1_800_000);
    transport.next(renewal.step);
    const asked = first.ask();
    await settle();
    for (let count = 0; count < 20; count += 1) await signIn();
    renewal.answer(refreshed('access-late', 'refresh-late'));
    await asked;
    await settle();
    assert.deepEqual(revoked, ['refresh-1', 'refresh-late']);
  });

  it('has 5 open challenges at most: of those that wait for a method, the least recently used one ends', async () => {
    const { engine, transport, server } = scene();
    const open: OpenChallenge[] = [];
    for (let count = 0; count < 5; count += 1) open.push(await challengeFor(server, transport));
    for (const each of [open[0], ...open.slice(2)]) assert.equal(await server.findChallenge(each.id), each);
    const bert = await challengeFor(server, transport, 'bert');

    open.push(await challengeFor(server, transport, ' ANNA'));

    assert.equal(await server.findChallenge(open[1].id), 'challenge-unknown');
    for (const each of [open[0], ...open.slice(2), bert]) assert.equal(await server.findChallenge(each.id), each);
    assert.equal(engine.challenges.size, 6);
  });

  it('keeps the challenge whose code was sent, however many sign-ins a stranger starts', async () => {
    const { transport, server } = scene();
    const sent = await challengeFor(server, transport);
    transport.next(waiting);
    isChallenged(await sent.choose('otp-sms'), 'code-required');
    for (let count = 0; count < 30; count += 1) {
      const other = await challengeFor(server, transport);
      // The authenticator app needs nothing sent, so a stranger can choose it as often as they like.
      if (count % 2) isChallenged(await other.choose('otp-app'), 'code-required');
    }
    isSignedIn(await sent.submit('1'));
  });

  it('keeps a challenge with a chosen authenticator app, and ends one that waits for a method', async () => {
    const { transport, server } = scene();
    const app = await challengeFor(server, transport);
    isChallenged(await app.choose('otp-app'), 'code-required');
    for (let count = 0; count < 30; count += 1) await challengeFor(server, transport);
    isSignedIn(await app.submit('1'));
  });

  it('ends a challenge that waits for a method again because nothing could be sent', async () => {
    const { transport, server } = scene();
    const failed = await challengeFor(server, transport);
    transport.next(says(['Failure', 'MFA_FailedSendingRequest']));
    isChallenged(await failed.choose('otp-sms'), 'mfa-required', 'mfa-delivery-failed');
    for (let count = 0; count < 5; count += 1) await challengeFor(server, transport);
    assert.equal(await server.findChallenge(failed.id), 'challenge-unknown');
  });

  it('ends the least recently used challenge, and its link, if a code or link was sent for all 5', async () => {
    const { system, transport, server } = scene();
    const open: OpenChallenge[] = [];
    for (let count = 0; count < 5; count += 1) open.push(await challengeFor(server, transport));
    transport.next(new OpenStep().step);
    const { link } = isChallenged(await open[0].choose('link-email'), 'link-sent');
    for (const each of open.slice(1)) {
      await system.pass(30_000);
      transport.next(waiting);
      isChallenged(await each.choose('otp-sms'), 'code-required');
    }
    for (const each of open.slice(1)) assert.equal(await server.findChallenge(each.id), each);

    const newest = await challengeFor(server, transport);

    assert.equal(await server.findChallenge(open[0].id), 'challenge-unknown');
    assert.equal(await link?.later, undefined);
    for (const each of [...open.slice(1), newest]) assert.equal(await server.findChallenge(each.id), each);
    await challengeFor(server, transport);
    assert.equal(await server.findChallenge(newest.id), 'challenge-unknown', 'nothing was sent for it');
  });

  it('does not end the challenge of the stored user, even with the same name', async () => {
    const { transport, server } = scene();
    transport.next(challenge([SMS]));
    const { challenge: stored } = isChallenged(await server.signInStored(ASK), 'mfa-required');
    for (let count = 0; count < 20; count += 1) await challengeFor(server, transport, 'robot');
    assert.equal(await server.findChallenge(stored.id), stored);
    isChallenged(await server.signInStored(ASK), 'mfa-required');
  });

  it('leaves no timer of a challenge that was ended', async () => {
    const { system, engine, transport, server } = scene();
    for (let count = 0; count < 50; count += 1) await challengeFor(server, transport);
    assert.equal(system.pending, 5);
    await system.pass(300_000);
    assert.equal(engine.challenges.size + system.pending, 0);
  });
});

describe('all users together', () => {
  it('end neither the session nor the challenge of the stored user, even if nothing uses them', async () => {
    const { engine, transport, server, signIn } = scene(10);
    const stored = isSignedIn(await server.signInStored(ASK)).session;
    const other = engine.holdServer({ ...SETTINGS, username: 'service' }, transport, '').value;
    transport.next(challenge([SMS]));
    const { challenge: open } = isChallenged(await other.signInStored(ASK), 'mfa-required');
    for (let count = 0; count < 30; count += 1) {
      await signIn(`person-${count}`);
      await challengeFor(server, transport, `person-${count}`);
    }
    assert.deepEqual([engine.sessions.size, engine.challenges.size], [10, 10]);
    assert.equal(server.storedSession, stored);
    assert.equal(await other.findChallenge(open.id), open);
  });

  it('are reported once for each server', async () => {
    const { engine, transport, server, signIn } = scene(10);
    const other = engine.holdServer({ ...SETTINGS, clientId: 'other_Native' }, transport, '').value;
    const told: string[] = [];
    server.metrics.crowded.add(() => told.push('one'));
    other.metrics.crowded.add(() => told.push('other'));
    for (let count = 0; count < 10; count += 1) await signIn(`person-${count}`);
    assert.deepEqual(told, []);
    for (let count = 10; count < 15; count += 1) await signIn(`person-${count}`);
    for (let count = 0; count < 9; count += 1) await challengeFor(other, transport);
    assert.deepEqual(told, ['one', 'other']);
    assert.deepEqual([server.metrics.evictions, other.metrics.evictions], [5, 4]);
  });
});

describe('with a session store, a session or challenge that is removed to make room', () => {
  const SERVICE = { user: 'service', password: 'service-password' };

  it('is removed in this process only: nothing is revoked, and its handle still finds it', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const first = isSignedIn(await a.server.signIn(SERVICE, ASK)).session;
    const there = await b.server.findSessionWith(first.handle);
    for (let count = 0; count < 20; count += 1) isSignedIn(await a.server.signIn(SERVICE, ASK));
    await fleet.told();

    assert.equal(a.server.sessionWith(first.handle), undefined);
    assert.equal(there?.ended, false);
    assert.deepEqual(
      a.transport.requests.filter(({ url }) => url.endsWith('/revocation')),
      [],
    );
    const again = await a.server.findSessionWith(first.handle);
    assert.equal(again?.handle, first.handle);
    await fleet.system.pass(1_800_000);
    assert.ok((await again?.ask())?.token, 'it is renewed, too');
    assert.equal(a.engine.sessions.size, 20);
  });

  it('continues at another replica, or here again, if it is a challenge', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const { challenge: first } = isChallenged(await a.server.signIn(ANNA, ASK), 'mfa-required');
    for (let count = 0; count < 5; count += 1) await a.server.signIn(ANNA, ASK);
    assert.equal(a.engine.challenges.size, 5);

    const there = (await b.server.findChallenge(first.id)) as OpenChallenge;
    isChallenged(await there.choose('otp-sms'), 'code-required');
    const here = (await a.server.findChallenge(first.id)) as OpenChallenge;
    assert.notEqual(here, first);
    isSignedIn(await here.submit('123456'));
  });
});
