import assert from 'node:assert/strict';
import { START } from '../support/fake-system.ts';
import { challenge, SMS, says, signedIn, wrongPassword } from '../support/vg-replies.ts';
import { ANNA, ASK, challengeOf, isRefused, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MINUTE = 60_000;
const RESET = { method: 'ask', reset: true };

describe('a password that was refused', () => {
  for (const [name, reply, reason] of [
    ['credentials-invalid', wrongPassword, 'credentials-invalid'],
    ['last-attempt', says(['Failure', 'LastBadLogin']), 'last-attempt'],
    ['both', says(['Failure', 'PasswordDoesNotMatch', 'LastBadLogin']), 'last-attempt'],
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }, 'credentials-invalid'],
  ] as const) {
    it(`with ${name} is not sent again for 15 minutes: held-back, with the time`, async () => {
      const { server, system, transport } = stage({}, reply, signedIn());
      isRefused(await server.signIn(ANNA, ASK), reason);
      await system.pass(15 * MINUTE - 1);
      assert.equal(isRefused(await server.signIn(ANNA, ASK), 'held-back').retryAt, START + 15 * MINUTE);
      assert.equal(transport.requests.length, 1);
      await system.pass(1);
      isSignedIn(await server.signIn(ANNA, ASK));
    });
  }

  for (const [name, reply] of [
    ['PasswordDoesNotMatch', wrongPassword],
    ['LastBadLogin', says(['Failure', 'LastBadLogin'])],
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }],
  ] as const) {
    it(`in a step of a challenge that it was sent with is not sent again either: ${name}`, async () => {
      for (const act of ['choose', 'submit'] as const) {
        const scene = stage({ mfaCredentials: 'username+password' }, challenge([SMS]), reply, signedIn());
        const open = await challengeOf(scene);
        assert.equal((await open[act]('')).state, 'refused');
        isRefused(await scene.server.signIn(ANNA, ASK), 'held-back');
        assert.equal(scene.transport.requests.length, 2);
      }
    });
  }

  it('holds the person back by no other password', async () => {
    const { server } = stage({}, wrongPassword, signedIn());
    await server.signIn(ANNA, ASK);
    isSignedIn(await server.signIn({ ...ANNA, password: 'the-right-one' }, ASK));
  });

  it('holds back nobody else, and no other spelling of the name', async () => {
    const { server, transport } = stage({}, wrongPassword, signedIn(), signedIn());
    await server.signIn(ANNA, ASK);
    isSignedIn(await server.signIn({ ...ANNA, user: 'bert' }, ASK));
    isSignedIn(await server.signIn({ ...ANNA, user: 'Anna' }, ASK));
    assert.equal(transport.requests.length, 3);
  });

  it('is sent again where the flow resets it, and held back again where it is refused again', async () => {
    const { server, transport } = stage({}, wrongPassword, wrongPassword);
    await server.signIn(ANNA, ASK);
    isRefused(await server.signIn(ANNA, RESET), 'credentials-invalid');
    isRefused(await server.signIn(ANNA, ASK), 'held-back');
    assert.equal(transport.requests.length, 2);
  });

  it('is sent once where it comes 100 times at once', async () => {
    const { server, transport } = stage({}, wrongPassword);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => server.signIn(ANNA, ASK)));
    assert.equal(transport.requests.length, 1);
    isRefused(outcomes[0], 'credentials-invalid');
    for (const outcome of outcomes.slice(1)) isRefused(outcome, 'held-back');
  });

  it('is sent once where the stored user is signed in every 100 ms for a minute', async () => {
    const { server, system, transport } = stage({}, wrongPassword);
    for (let message = 0; message < 600; message += 1) {
      const outcome = await server.signInStored(ASK);
      isRefused(outcome, message === 0 ? 'credentials-invalid' : 'held-back');
      await system.pass(100);
    }
    assert.equal(transport.requests.length, 1);
  });

  it('is held back no longer where the clock is set back', async () => {
    const { server, system } = stage({}, wrongPassword, signedIn());
    await server.signIn(ANNA, ASK);
    system.setClock(-24 * 60 * MINUTE);
    await system.pass(15 * MINUTE);
    isSignedIn(await server.signIn(ANNA, ASK));
  });

  it('is held back at this server alone', async () => {
    const { engine, server } = stage({}, wrongPassword);
    await server.signIn(ANNA, ASK);
    const other = stage({ tokenUrl: 'https://other.example.org/connect/token' }, signedIn());
    assert.equal(engine.guard.heldUntil(other.server.guardName('anna'), ANNA.password), undefined);
    isSignedIn(await other.server.signIn(ANNA, ASK));
  });
});
