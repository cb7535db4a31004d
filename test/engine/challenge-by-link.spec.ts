import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import type { Challenge } from '../../src/visual-guard/challenge/challenge.ts';
import type { PendingLink } from '../../src/visual-guard/outcome.ts';
import { isSettled, settle } from '../support/fake-system.ts';
import { OpenStep, page, type Step, silence } from '../support/scripted-transport.ts';
import { APP, challenge, EMAIL, LINK, notSent, SMS, says, signedIn, tooLate, waiting } from '../support/vg-replies.ts';
import { ASK, challengeOf, isChallenged, isRefused, isSignedIn, type Stage, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const ALL = [SMS, EMAIL, LINK, APP];

/** A challenge whose link was just sent. The caller answers the request of this step. */
async function withLink(step: Step, ...script: Step[]) {
  const scene = stage({}, challenge(ALL), step, ...script);
  const open = await challengeOf(scene);
  const outcome = isChallenged(await open.choose('link-email'), 'link-sent');
  assert.ok(outcome.link);
  return { ...scene, open, link: outcome.link as PendingLink };
}

const isKept = async ({ server }: Stage, id: string): Promise<boolean> =>
  typeof (await server.findChallenge(id)) === 'object';

describe('choosing a link', () => {
  it('is an event, and so is a code that is sent, but not the code of an authenticator app', async () => {
    const scene = stage({}, challenge(ALL), waiting, challenge(ALL), new OpenStep().step);
    const events: string[] = [];
    scene.server.metrics.events.add(({ what, user }) => events.push(`${what} ${user}`));
    const byCode = await challengeOf(scene);
    await byCode.choose('otp-app');
    assert.deepEqual(events, []);
    await byCode.choose('otp-sms');
    await scene.system.pass(30_000);
    const byLink = await challengeOf(scene);
    await byLink.choose('link-email');
    assert.deepEqual(events, ['code-sent anna']);
    await scene.system.pass(1_000);
    assert.deepEqual(events, ['code-sent anna', 'link-sent anna']);
  });

  for (const [name, step, told] of [
    ['is refused a connection', new AuthError('connection-refused', { host: 'h' }), []],
    ['is answered 503', page(503), []],
    ['is answered that it could not be sent', notSent, ['refused mfa-delivery-failed']],
    ['is answered that the account is locked', says(['Failure', 'UserAccountLocked']), ['refused account-locked']],
    ['is answered by a token at once', signedIn(), ['link-sent', 'sign-in']],
    ['is answered that nobody clicked', tooLate, ['link-sent', 'refused mfa-timeout']],
    ['is cut', new AuthError('connection-cut', { host: 'h' }), ['link-sent']],
    ['waits at the server', waiting, ['link-sent']],
  ] as const) {
    it(`is an event only if the link may have been sent: its request ${name}`, async () => {
      const scene = stage({}, challenge(ALL), step);
      const events: string[] = [];
      scene.server.metrics.events.add(({ what, reason }) => events.push(reason ? `${what} ${reason}` : what));
      const { link } = isChallenged(await (await challengeOf(scene)).choose('link-email'), 'link-sent');
      await link?.later.catch(() => undefined);
      await scene.system.pass(1_000);
      assert.deepEqual(events, told);
    });
  }

  it('is an event that says why a code could not be sent', async () => {
    const scene = stage({}, challenge(ALL), notSent);
    const events: string[] = [];
    scene.server.metrics.events.add(({ what, reason }) => events.push(`${what} ${reason}`));
    await (await challengeOf(scene)).choose('otp-sms');
    assert.deepEqual(events, ['refused mfa-delivery-failed']);
  });

  it('is the event of a login, if the server sends a code before a method is chosen', async () => {
    const scene = stage({}, waiting);
    const events: string[] = [];
    scene.server.metrics.events.add(({ what, user }) => events.push(`${what} ${user}`));
    await scene.server.signIn({ user: 'anna', password: 'secret' }, ASK);
    assert.deepEqual(events, ['code-sent anna']);
  });

  it('is link-sent at once, while its request is open, and signed in after the click', async () => {
    const click = new OpenStep();
    const { link, server, open, system, transport } = await withLink(click.step);
    assert.equal(transport.requests[1].timeout, 330_000);
    assert.ok(transport.requests[1].signal);
    await system.pass(200_000);
    assert.equal(await isSettled(link.later), false);
    click.answer(signedIn());
    const { session } = isSignedIn(await link.later);
    assert.equal(session.user, 'anna');
    assert.equal(await server.findChallenge(open.id), 'challenge-unknown');
  });

  it('is refused, mfa-timeout, if the server says that nobody clicked', async () => {
    const { link } = await withLink(tooLate);
    isRefused(await link.later, 'mfa-timeout');
  });

  it('is refused, mfa-timeout, if nobody clicks and the server says nothing', async () => {
    const { link, system } = await withLink(silence);
    await system.pass(330_000);
    isRefused(await link.later, 'mfa-timeout');
  });

  it('is signed in by the latest click that the server accepts, even if choosing a method took a while', async () => {
    const click = new OpenStep();
    const scene = stage({}, challenge(ALL), click.step);
    const open = await challengeOf(scene);
    await scene.system.pass(60_000);
    const { link } = isChallenged(await open.choose('link-email'), 'link-sent');
    await scene.system.pass(250_000);
    click.answer(signedIn());
    isSignedIn(await link?.later);
  });

  for (const [name, step] of [
    ['is cut', new AuthError('connection-cut', { host: 'h' })],
    ['is cut in its answer', new AuthError('reply-cut', { host: 'h', status: 200, contentType: 'application/json' })],
    ['is answered 502', page(502)],
    ['is answered 504', page(504)],
  ] as const) {
    it(`is link-sent, outcome-unknown, if the request ${name}; the challenge stays`, async () => {
      const scene = await withLink(step);
      isChallenged(await scene.link.later, 'link-sent', 'outcome-unknown');
      assert.ok(await isKept(scene, scene.open.id));
      assert.equal(scene.transport.requests.length, 2);
    });
  }

  for (const [name, step, code] of [
    ['503', page(503), 'AUTH_UNAVAILABLE'],
    ['a page', page(200), 'AUTH_BAD_RESPONSE'],
    ['a refused connection', new AuthError('connection-refused', { host: 'h' }), 'AUTH_NETWORK'],
  ] as const) {
    it(`is a fault after ${name}; the challenge stays`, async () => {
      const scene = await withLink(step);
      await assert.rejects(scene.link.later, { code });
      assert.ok(await isKept(scene, scene.open.id));
    });
  }

  it('is mfa-required, mfa-delivery-failed, if it could not be sent', async () => {
    const scene = await withLink(notSent, waiting);
    isChallenged(await scene.link.later, 'mfa-required', 'mfa-delivery-failed');
    isChallenged(await scene.open.choose('otp-sms'), 'code-required');
  });

  it('is refused if the account was locked meanwhile', async () => {
    const { link } = await withLink(says(['Failure', 'UserAccountLocked']));
    isRefused(await link.later, 'account-locked');
  });

  it('is not posted again automatically if the server answers "waiting" at once', async () => {
    const scene = await withLink(waiting, silence);
    assert.equal(await scene.link.later, undefined);
    await scene.system.pass(60_000);
    assert.equal(scene.transport.requests.length, 2);
    assert.ok(await isKept(scene, scene.open.id));
    // The flow sends the next request.
    isChallenged(await scene.open.choose('link-email'), 'link-sent');
    await settle();
    assert.equal(scene.transport.requests.length, 3);
    (scene.open as Challenge).close();
  });
});

describe('an open link', () => {
  it('ends with its node: the request is aborted, nothing is reported, and the challenge stays', async () => {
    const scene = await withLink(silence, signedIn());
    scene.link.end();
    assert.equal(await scene.link.later, undefined);
    assert.equal(scene.transport.requests[1].signal?.aborted, true);
    assert.ok(await isKept(scene, scene.open.id));
    assert.equal(scene.open.state, 'link-sent');
    await scene.system.pass(30_000);
    const { link } = isChallenged(await scene.open.choose('link-email'), 'link-sent');
    isSignedIn(await link?.later);
  });

  it('ends with its node, even if its challenge has expired meanwhile', async () => {
    const scene = await withLink(silence);
    await scene.system.pass(310_000);
    assert.equal(await scene.server.findChallenge(scene.open.id), 'challenge-expired');
    assert.equal(await isSettled(scene.link.later), false);
    scene.link.end();
    assert.equal(await scene.link.later, undefined);
    assert.equal(scene.system.pending, 0);
  });

  it('ends with its server, even if its challenge has expired meanwhile', async () => {
    const scene = await withLink(silence);
    await scene.system.pass(310_000);
    scene.server.close();
    assert.equal(await isSettled(scene.link.later), true);
    assert.equal(scene.system.pending, 0);
  });

  it('ends when another method is chosen, and nothing is reported', async () => {
    const scene = await withLink(silence, waiting);
    await scene.system.pass(30_000);
    isChallenged(await scene.open.choose('otp-sms'), 'code-required');
    assert.equal(await scene.link.later, undefined);
    assert.equal(scene.transport.requests[1].signal?.aborted, true);
  });

  it('does not prevent the code that is chosen after it, even if the response to that choice is lost', async () => {
    const scene = await withLink(silence, new AuthError('connection-cut', { host: 'h' }), signedIn());
    await scene.system.pass(30_000);
    await assert.rejects(scene.open.choose('otp-sms'), { code: 'AUTH_NETWORK' });
    isSignedIn(await scene.open.submit('1'));
  });

  it('ends when the authenticator app is chosen, which needs nothing sent', async () => {
    const scene = await withLink(silence);
    isChallenged(await scene.open.choose('otp-app'), 'code-required');
    assert.equal(await scene.link.later, undefined);
  });

  it('does not end when another method is held back', async () => {
    const scene = await withLink(silence);
    isChallenged(await scene.open.choose('link-email'), 'link-sent', 'held-back');
    assert.equal(await isSettled(scene.link.later), false);
    scene.link.end();
  });

  it('accepts no code: link-sent, and nothing is sent', async () => {
    const scene = await withLink(silence);
    isChallenged(await scene.open.submit('1'), 'link-sent');
    assert.equal(scene.transport.requests.length, 2);
    scene.link.end();
  });

  it('ends with its server, and leaves no timer behind', async () => {
    const scene = await withLink(silence);
    scene.server.close();
    assert.equal(await scene.link.later, undefined);
    assert.equal(scene.system.pending, 0);
    assert.equal(scene.engine.challenges.size, 0);
  });

  it('that fails when nobody listens is no unhandled rejection', async () => {
    const failure = new OpenStep();
    await withLink(failure.step);
    failure.fail(new AuthError('network-failed', { host: 'h', cause: 'x' }));
    await settle();
  });
});
