import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { FakeSystem, isSettled, settle } from '../support/fake-system.ts';
import { json, OpenStep, page, ScriptedTransport, type Step, silence } from '../support/scripted-transport.ts';
import { challenge, refreshed, signedIn } from '../support/vg-replies.ts';
import { ANNA, ASK, challengeOf, isSignedIn, SETTINGS, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const LIFE = 1_800_000;

/** Anna's session. */
async function sessionWith(...script: Step[]) {
  const scene = stage({}, signedIn(), ...script);
  const { session } = isSignedIn(await scene.server.signIn(ANNA, ASK));
  return { ...scene, session };
}

describe('a session is found', () => {
  it('by its handle only', async () => {
    const { session, server } = await sessionWith();
    assert.equal(server.sessionWith(session.handle), session);
    for (const handle of [
      '',
      'guess',
      session.handle.slice(1),
      `${session.handle}x`,
      'access-1',
      'refresh-1',
      'anna',
    ]) {
      assert.equal(server.sessionWith(handle), undefined);
    }
  });

  it('by no handle of another server', async () => {
    const { session, engine, system } = await sessionWith();
    const other = engine.holdServer({ ...SETTINGS, clientId: 'other' }, new ScriptedTransport(system), '').value;
    assert.equal(other.sessionWith(session.handle), undefined);
    assert.equal(other.sessionOf('anna'), undefined);
  });

  it('by the exact name of its user; the newest session is found', async () => {
    const { session, server } = await sessionWith(signedIn('newer'));
    assert.equal(server.sessionOf('anna'), session);
    for (const name of ['Anna', 'anna ', 'ANNA', '', 'bert']) assert.equal(server.sessionOf(name), undefined);
    const newer = isSignedIn(await server.signIn(ANNA, ASK)).session;
    assert.equal(server.sessionOf('anna'), newer);
    assert.equal(server.sessionWith(session.handle), session);
  });

  it('as one of a limited number; the least recently used one is removed first, and ends', async () => {
    const system = new FakeSystem();
    const engine = new Engine(2, system);
    const transport = new ScriptedTransport(system, signedIn('a'), signedIn('b'), signedIn('c'));
    const server = engine.holdServer(SETTINGS, transport, '').value;
    const signIn = async (user: string) => isSignedIn(await server.signIn({ ...ANNA, user }, ASK)).session;
    const [a, b] = [await signIn('a'), await signIn('b')];
    assert.equal(server.sessionWith(a.handle), a);
    const c = await signIn('c');
    assert.equal(engine.sessions.size, 2);
    assert.deepEqual(
      [a, b, c].map(({ ended }) => ended),
      [false, true, false],
    );
    assert.equal(server.sessionOf('b'), undefined);
  });

  it('as one of a limited number, however many there are', async () => {
    const system = new FakeSystem();
    const engine = new Engine(3, system);
    const transport = new ScriptedTransport(system);
    transport.otherwise = signedIn();
    const server = engine.holdServer(SETTINGS, transport, '').value;
    const sessions: Session[] = [];
    for (let person = 0; person < 30; person += 1) {
      sessions.push(isSignedIn(await server.signIn({ ...ANNA, user: `person-${person}` }, ASK)).session);
    }
    assert.deepEqual(
      sessions.filter(({ ended }) => !ended).map(({ user }) => user),
      ['person-27', 'person-28', 'person-29'],
    );
    assert.equal(sessions.filter(({ handle }) => server.sessionWith(handle)).length, 3);
    assert.equal(engine.sessions.size, 3);
  });
});

describe('signing out', () => {
  const revoked: Step = { status: 200, empty: true };

  it('revokes the refresh token at the revocation endpoint, and reports it', async () => {
    const { session, server, transport, engine } = await sessionWith(revoked);
    assert.deepEqual(await server.signOut(session, 'anna'), ['refresh_token']);
    assert.equal(transport.requests[1].url, 'https://id.example.org/connect/revocation');
    assert.deepEqual(transport.lastForm, {
      client_id: 'app_Native',
      client_secret: 'client-secret',
      token: 'refresh-1',
      token_type_hint: 'refresh_token',
    });
    assert.equal(session.ended, true);
    assert.equal(session.source.current(), undefined);
    assert.equal(server.sessionWith(session.handle), undefined);
    assert.equal(engine.sessions.size, 0);
  });

  it('finds the endpoint for any path', async () => {
    const scene = stage({ tokenUrl: 'https://h.example.org/sub/connect/token' }, signedIn(), revoked);
    const { session } = isSignedIn(await scene.server.signIn(ANNA, ASK));
    await scene.server.signOut(session, 'anna');
    assert.equal(scene.transport.requests[1].url, 'https://h.example.org/sub/connect/revocation');
  });

  it('finds the endpoint in any case of its address, and sends the token to no other', async () => {
    const scene = stage({ tokenUrl: 'https://h.example.org/Connect/Token' }, signedIn(), revoked);
    const { session } = isSignedIn(await scene.server.signIn(ANNA, ASK));
    await scene.server.signOut(session, 'anna');
    assert.match(scene.transport.requests[1].url, /\/connect\/revocation$/i);
  });

  for (const [name, step] of [
    ['has no such endpoint', page(404)],
    ['says no', json(400, { error: 'unsupported_token_type' })],
    ['is not there', new AuthError('connection-refused', { host: 'h' })],
    ['redirects', { status: 302 }],
  ] as const) {
    it(`is no error if the server ${name}: nothing is reported as revoked, and everything is forgotten here`, async () => {
      const { session, server } = await sessionWith(step);
      assert.deepEqual(await server.signOut(session, 'anna'), []);
      assert.equal(session.ended, true);
      assert.equal(server.sessionOf('anna'), undefined);
    });
  }

  it('forgets the session at once, before the server has answered', async () => {
    const { session, server, system } = await sessionWith(silence);
    const leaving = server.signOut(session, 'anna');
    assert.equal(server.sessionWith(session.handle), undefined);
    assert.equal(await isSettled(leaving), false);
    await system.pass(15_000);
    assert.deepEqual(await leaving, []);
  });

  it('of all sessions ends each at once, and revokes eight at a time', async () => {
    const { server, transport, system } = stage();
    transport.otherwise = signedIn();
    const sessions: Session[] = [];
    for (let person = 0; person < 20; person += 1) {
      sessions.push(isSignedIn(await server.signIn({ ...ANNA, user: `person-${person}` }, ASK)).session);
    }
    transport.otherwise = silence;
    const leaving = server.signOutAllHere();
    assert.deepEqual(server.openSessions(), []);
    for (const session of sessions) assert.equal(session.ended, true);
    for (const requests of [8, 16, 20]) {
      await settle();
      assert.equal(transport.requests.length, 20 + requests);
      assert.equal(await isSettled(leaving), false);
      await system.pass(15_000);
    }
    assert.equal(await leaving, 20);
  });

  it('of all sessions forgets the challenges of their users, and reports each sign-out', async () => {
    const scene = stage({}, signedIn(), challenge(), challenge());
    await scene.server.signIn(ANNA, ASK);
    const mine = await challengeOf(scene);
    const others = await challengeOf(scene, { ...ANNA, user: 'bert' });
    scene.transport.next(revoked);
    const told: unknown[] = [];
    scene.server.metrics.events.add((event) => told.push(event));
    assert.equal(await scene.server.signOutAllHere(), 1);
    assert.equal(await scene.server.findChallenge(mine.id), 'challenge-unknown');
    assert.equal(await scene.server.findChallenge(others.id), others);
    assert.deepEqual(told.slice(-1), [{ what: 'sign-out', user: 'anna', revoked: ['refresh_token'] }]);
    assert.equal(await scene.server.signOutAllHere(), 0);
  });

  it('forgets the open challenges of that user only', async () => {
    const scene = stage({}, challenge(), challenge());
    const mine = await challengeOf(scene);
    const others = await challengeOf(scene, { ...ANNA, user: 'bert' });
    assert.deepEqual(await scene.server.signOut(undefined, 'anna'), []);
    assert.equal(await scene.server.findChallenge(mine.id), 'challenge-unknown');
    assert.equal(await scene.server.findChallenge(others.id), others);
    assert.equal(scene.transport.requests.length, 2);
  });

  it('sends no request to the server if there is no refresh token', async () => {
    const scene = stage({}, signedIn('a', { refreshToken: '' }));
    const { session } = isSignedIn(await scene.server.signIn(ANNA, ASK));
    assert.deepEqual(await scene.server.signOut(session, 'anna'), []);
    assert.equal(scene.transport.requests.length, 1);
  });

  it('during a renewal gives its token to nobody, and revokes the result of the renewal', async () => {
    const answer = new OpenStep();
    const { session, server, system, transport } = await sessionWith(answer.step, revoked, revoked);
    await system.pass(LIFE);
    const asked = session.ask();
    await settle();
    await server.signOut(session, 'anna');
    answer.answer(refreshed('b', 'refresh-2'));
    assert.equal((await asked).refused?.reason, 'session-expired');
    assert.deepEqual(
      transport.requests.slice(2).map(({ form }) => form.token),
      ['refresh-1', 'refresh-2'],
    );
  });
});
