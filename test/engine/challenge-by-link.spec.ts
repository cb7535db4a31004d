import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import type { Challenge } from '../../src/visual-guard/challenge/challenge.ts';
import type { PendingLink } from '../../src/visual-guard/outcome.ts';
import { isSettled, settle } from '../support/fake-system.ts';
import { OpenStep, page, type Step, silence } from '../support/scripted-transport.ts';
import { APP, challenge, EMAIL, LINK, notSent, SMS, says, signedIn, tooLate, waiting } from '../support/vg-replies.ts';
import { challengeOf, isChallenged, isRefused, isSignedIn, type Stage, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const ALL = [SMS, EMAIL, LINK, APP];

/** A challenge whose link was just sent, and whose request the step answers. */
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
  it('is link-sent at once, while its request is open, and signed in when the person has clicked', async () => {
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

  it('is refused, mfa-timeout, where the server says that nobody clicked', async () => {
    const { link } = await withLink(tooLate);
    isRefused(await link.later, 'mfa-timeout');
  });

  it('is refused, mfa-timeout, where nobody clicks and the server says nothing', async () => {
    const { link, system } = await withLink(silence);
    await system.pass(330_000);
    isRefused(await link.later, 'mfa-timeout');
  });

  it('is signed in by a click as late as the server takes it, though the ways were looked at for a while', async () => {
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
    it(`is link-sent, outcome-unknown, where the request ${name}; the challenge stays`, async () => {
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

  it('is mfa-required, mfa-delivery-failed, where it could not be sent', async () => {
    const scene = await withLink(notSent, waiting);
    isChallenged(await scene.link.later, 'mfa-required', 'mfa-delivery-failed');
    isChallenged(await scene.open.choose('otp-sms'), 'code-required');
  });

  it('is refused where the account was locked meanwhile', async () => {
    const { link } = await withLink(says(['Failure', 'UserAccountLocked']));
    isRefused(await link.later, 'account-locked');
  });

  it('is not posted again by itself where the server answers "waiting" at once', async () => {
    const scene = await withLink(waiting, silence);
    assert.equal(await scene.link.later, undefined);
    await scene.system.pass(60_000);
    assert.equal(scene.transport.requests.length, 2);
    assert.ok(await isKept(scene, scene.open.id));
    // The flow asks again.
    isChallenged(await scene.open.choose('link-email'), 'link-sent');
    await settle();
    assert.equal(scene.transport.requests.length, 3);
    (scene.open as Challenge).close();
  });
});

describe('an open link', () => {
  it('ends with its node: the request is cut, nothing is told, and the challenge stays', async () => {
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

  it('ends with its node, also when its challenge has expired meanwhile', async () => {
    const scene = await withLink(silence);
    await scene.system.pass(310_000);
    assert.equal(await scene.server.findChallenge(scene.open.id), 'challenge-expired');
    assert.equal(await isSettled(scene.link.later), false);
    scene.link.end();
    assert.equal(await scene.link.later, undefined);
    assert.equal(scene.system.pending, 0);
  });

  it('ends with its server, also when its challenge has expired meanwhile', async () => {
    const scene = await withLink(silence);
    await scene.system.pass(310_000);
    scene.server.close();
    assert.equal(await isSettled(scene.link.later), true);
    assert.equal(scene.system.pending, 0);
  });

  it('ends when another way is chosen, and nothing is told', async () => {
    const scene = await withLink(silence, waiting);
    await scene.system.pass(30_000);
    isChallenged(await scene.open.choose('otp-sms'), 'code-required');
    assert.equal(await scene.link.later, undefined);
    assert.equal(scene.transport.requests[1].signal?.aborted, true);
  });

  it('ends when the authenticator app is chosen, which need not wait', async () => {
    const scene = await withLink(silence);
    isChallenged(await scene.open.choose('otp-app'), 'code-required');
    assert.equal(await scene.link.later, undefined);
  });

  it('does not end when another one is held back', async () => {
    const scene = await withLink(silence);
    isChallenged(await scene.open.choose('link-email'), 'link-sent', 'held-back');
    assert.equal(await isSettled(scene.link.later), false);
    scene.link.end();
  });

  it('takes no code: link-sent, and nothing is sent', async () => {
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

  it('that fails when nobody listens any more is no unhandled rejection', async () => {
    const failure = new OpenStep();
    await withLink(failure.step);
    failure.fail(new AuthError('network-failed', { host: 'h', cause: 'x' }));
    await settle();
  });
});
