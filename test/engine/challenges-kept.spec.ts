import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Engine } from '../../src/engine/engine.ts';
import { findChallenge, findOnlyStoredChallenge } from '../../src/visual-guard/challenge/find.ts';
import type { OpenChallenge } from '../../src/visual-guard/outcome.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { FakeSystem, START, settle } from '../support/fake-system.ts';
import { json, ScriptedTransport, silence } from '../support/scripted-transport.ts';
import { challenge, LINK, SMS, signedIn, waiting } from '../support/vg-replies.ts';
import { ANNA, ASK, challengeOf, isChallenged, isSignedIn, SETTINGS, stage } from '../support/visual-guard.ts';

describe('a challenge', () => {
  it('is valid for 300 s, is reported as expired after that, and leaves nothing behind', async () => {
    const scene = stage({}, challenge());
    const open = await challengeOf(scene);
    assert.equal(open.expiresAt, START + 300_000);
    await scene.system.pass(299_999);
    assert.equal(await scene.server.findChallenge(open.id), open);
    await scene.system.pass(1);
    assert.equal(await scene.server.findChallenge(open.id), 'challenge-expired');
    assert.equal(scene.engine.challenges.size, 0);
    assert.equal(scene.system.pending, 0);
  });

  it('is found only by its ID, which cannot be guessed from another one', async () => {
    const scene = stage({}, challenge(), challenge());
    const [one, other] = [await challengeOf(scene), await challengeOf(scene, { ...ANNA, user: 'bert' })];
    assert.equal(await scene.server.findChallenge(one.id), one);
    assert.equal(await scene.server.findChallenge(other.id), other);
    assert.match(one.id, /^[\w-]{24}$/);
  });

  for (const id of ['', 'x', '__proto__', 'request-1']) {
    it(`is not found by another ID: ${JSON.stringify(id)}`, async () => {
      const scene = stage({}, challenge());
      await challengeOf(scene);
      assert.equal(await scene.server.findChallenge(id), 'challenge-unknown');
    });
  }

  it('is found at its own server only, even if another one has the same address', async () => {
    const { engine, server, transport } = stage({}, challenge());
    const other = engine.holdServer({ ...SETTINGS, clientId: 'other_Native' }, transport, '').value;
    const open = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required').challenge;
    assert.equal(await other.findChallenge(open.id), 'challenge-unknown');
    assert.equal(await findChallenge([other, server], open.id), open);
    assert.equal(await findChallenge([], open.id), 'challenge-unknown');
  });

  it('is reported as expired at its own server only', async () => {
    const { engine, server, system, transport } = stage({}, challenge());
    const other = engine.holdServer({ ...SETTINGS, clientId: 'other_Native' }, transport, '').value;
    const open = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required').challenge;
    await system.pass(300_000);
    assert.equal(await other.findChallenge(open.id), 'challenge-unknown');
    assert.equal(await findChallenge([other, server], open.id), 'challenge-expired');
  });

  it('is found without an ID only if it is the only one of a stored user', async () => {
    const { engine, server, transport } = stage({}, challenge(), challenge(), challenge());
    const only = (...servers: VisualGuardServer[]) => findOnlyStoredChallenge(servers);
    await server.signIn(ANNA, ASK);
    await server.signIn({ user: 'robot', password: 'robot-password' }, ASK);
    assert.equal(await only(server), 'challenge-unknown', 'credentials of a message, also with the stored name');
    const { challenge: open } = isChallenged(await server.signInStored(ASK), 'mfa-required');
    assert.equal(await only(server), open);
    const other = engine.holdServer({ ...SETTINGS, clientId: 'other_Native' }, transport, '').value;
    assert.equal(await only(server, other), open);
    transport.next(challenge());
    await other.signInStored(ASK);
    assert.equal(await only(server, other), 'challenge-unknown');
    assert.equal(await only(), 'challenge-unknown');
  });

  it('keeps no password that its steps do not send, and prints none', async () => {
    for (const mfaCredentials of ['none', 'username', 'username+password'] as const) {
      const open = await challengeOf(stage({ mfaCredentials }, challenge()));
      const text = inspect(open, { depth: null, showHidden: true }) + JSON.stringify({ ...open });
      assert.ok(!text.includes('anna-password'));
    }
  });

  it('is one of a limited number: the least recently used one is removed first, and its link ends', async () => {
    const system = new FakeSystem();
    const engine = new Engine(2, system);
    const transport = new ScriptedTransport(system, challenge([LINK]), silence, challenge(), challenge());
    const server = engine.holdServer(SETTINGS, transport, '').value;
    const challengeFor = async (user: string): Promise<OpenChallenge> =>
      isChallenged(await server.signIn({ ...ANNA, user }, ASK), 'mfa-required').challenge;
    const first = await challengeFor('a');
    const { link } = isChallenged(await first.choose('link-email'), 'link-sent');
    await challengeFor('b');
    await challengeFor('c');
    assert.equal(engine.challenges.size, 2);
    assert.equal(await server.findChallenge(first.id), 'challenge-unknown');
    assert.equal(await link?.later, undefined);
  });
});

describe('1,000 people who sign in at once', () => {
  it('each get their own token, in whatever order their codes arrive, and leave nothing behind', async () => {
    const system = new FakeSystem();
    const engine = new Engine(10_000, system);
    const transport = new ScriptedTransport(system);
    // A server that identifies each person by its own request ID, and has a code for each.
    transport.otherwise = ({ form }) => {
      const { Username: user, AuthenticationRequestId: request, MFASecureCode: code } = form;
      if (request === undefined) return challenge([SMS], `request-of-${user}`);
      if (code === undefined) return waiting;
      assert.equal(request, `request-of-${code.replace('code', '')}`);
      return signedIn(`token-of-${code.replace('code', '')}`);
    };
    const server = engine.holdServer(SETTINGS, transport, '').value;
    const people = Array.from({ length: 1000 }, (_, index) => `person${index}`);
    const challenges = await Promise.all(
      people.map(async (user) => {
        const wishes = { method: 'otp-sms', reset: false };
        const outcome = isChallenged(await server.signIn({ user, password: 'p' }, wishes), 'code-required');
        return { user, id: outcome.challenge.id };
      }),
    );
    assert.equal(new Set(challenges.map(({ id }) => id)).size, 1000);
    await Promise.all(
      challenges.reverse().map(async ({ user, id }) => {
        const open = (await server.findChallenge(id)) as OpenChallenge;
        const { token, session } = isSignedIn(await open.submit(`code${user}`));
        assert.equal(token.accessToken, `token-of-${user}`);
        assert.equal(session.user, user);
        assert.equal(server.sessionWith(session.handle), session);
      }),
    );
    assert.equal(engine.challenges.size, 0);
    await Promise.all(
      people.map((user) => {
        transport.otherwise = json(200, {});
        return server.signOut(server.sessionOf(user), user);
      }),
    );
    await settle();
    assert.equal(engine.sessions.size, 0);
    assert.equal(system.pending, 0);
  });
});
