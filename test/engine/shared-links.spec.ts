import assert from 'node:assert/strict';
import { isSettled } from '../support/fake-system.ts';
import { Fleet } from '../support/fleet.ts';
import { OpenStep } from '../support/scripted-transport.ts';
import { challengeAt, fleetWith, requests } from '../support/shared-challenges.ts';
import { challenge, LINK, signedIn } from '../support/vg-replies.ts';
import { isChallenged, isRefused, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

describe('a link that replicas share', () => {
  /** A link that the first replica has sent. */
  async function withLink(count = 2) {
    const scene = await fleetWith(count);
    const click = new OpenStep();
    scene.replicas[0].transport.next(click.step);
    const { link } = isChallenged(await scene.open.choose('link-email'), 'link-sent');
    assert.ok(link);
    return { ...scene, click, link };
  }

  it('is reported as sent at all replicas, and blocks no other step', async () => {
    const { fleet, replicas, open, link } = await withLink();
    const there = await challengeAt(replicas[1], open);
    isChallenged(await there.submit('123456'), 'link-sent');
    assert.equal(fleet.guard.counts.logins, 1);
    assert.equal(requests(replicas), 2);
    link.end();
  });

  it('signs in at the replica that has its request, and all see it', async () => {
    const fleet = new Fleet();
    const [a, b] = fleet.replicas(2);
    const click = new OpenStep();
    a.transport.next(challenge([LINK]), click.step);
    const { link, challenge: open } = isChallenged(
      await a.server.signInStored({ method: 'link-email', reset: false }),
      'link-sent',
    );
    isChallenged((await b.server.tokenOfStored(false)).outcome, 'link-sent');
    click.answer(signedIn('clicked'));
    isSignedIn(await link?.later);
    await fleet.told();
    assert.equal((await b.server.tokenOfStored(false)).token?.accessToken, 'clicked');
    assert.equal(b.server.storedSession?.source.current()?.accessToken, 'clicked');
    assert.equal(await b.server.findChallenge(open.id), 'challenge-unknown');
    assert.equal(b.transport.requests.length, 0);
  });

  it('ends if another replica chooses another method', async () => {
    const { fleet, replicas, open, link } = await withLink();
    await fleet.system.pass(30_000);
    isChallenged(await (await challengeAt(replicas[1], open)).choose('otp-sms'), 'code-required');
    await fleet.told();
    assert.equal(await link.later, undefined);
    assert.equal(replicas[0].transport.requests[1].signal?.aborted, true);
    isSignedIn(await open.submit('123456'));
  });

  it('ends if another replica sends another one, whose result is the only one that counts', async () => {
    const { fleet, replicas, open, link } = await withLink();
    await fleet.system.pass(30_000);
    const click = new OpenStep();
    replicas[1].transport.next(click.step);
    const there = await challengeAt(replicas[1], open);
    const newer = isChallenged(await there.choose('link-email'), 'link-sent').link;
    await fleet.told();
    assert.equal(await link.later, undefined);
    assert.equal(replicas[0].transport.requests[1].signal?.aborted, true);
    click.answer(signedIn());
    isSignedIn(await newer?.later);
  });

  it('does not end if another replica only reads that it was sent', async () => {
    const { fleet, replicas, open, link } = await withLink();
    isChallenged(await (await challengeAt(replicas[1], open)).choose('link-email'), 'link-sent', 'held-back');
    await fleet.told();
    assert.equal(await isSettled(link.later), false);
    link.end();
  });

  it('that nobody clicked ends the challenge at all replicas', async () => {
    const { fleet, replicas, open, link } = await withLink();
    const there = await challengeAt(replicas[1], open);
    await fleet.system.pass(330_000);
    isRefused(await link.later, 'mfa-timeout');
    await fleet.told();
    assert.notEqual((await there.submit('1')).state, 'signed-in');
  });

  it('is sent again by another replica if its own died', async () => {
    const { fleet, replicas, open } = await withLink();
    replicas[0].store.die();
    await fleet.system.pass(30_000);
    const there = await challengeAt(replicas[1], open);
    const click = new OpenStep();
    replicas[1].transport.next(click.step);
    const { link } = isChallenged(await there.choose('link-email'), 'link-sent');
    click.answer(signedIn());
    isSignedIn(await link?.later);
  });
});

describe('challenges while their store is unavailable', () => {
  it('continue in processes that have them, and are a fault in others', async () => {
    const { replicas, open } = await fleetWith(2);
    for (const { store } of replicas) store.goAway();
    isChallenged(await open.choose('otp-sms'), 'code-required');
    isSignedIn(await open.submit('123456'));
    await assert.rejects(replicas[1].server.findChallenge(open.id), { code: 'AUTH_STORE' });
  });

  it('are updated when it is back', async () => {
    const { fleet, replicas, open } = await fleetWith(2);
    const there = await challengeAt(replicas[1], open);
    replicas[0].store.goAway();
    isChallenged(await open.choose('otp-sms'), 'code-required');
    isChallenged(await open.submit('wrong'), 'code-required', 'code-invalid');
    await replicas[0].store.comeBack();
    await fleet.told();
    assert.equal(there.state, 'code-required');
    assert.equal(there.attempts, 1);
  });

  it('are written again to a store that came back empty', async () => {
    const { fleet, replicas, open } = await fleetWith(1);
    isChallenged(await open.choose('otp-sms'), 'code-required');
    replicas[0].store.goAway();
    await fleet.comeBackEmpty(replicas[0]);
    isSignedIn(await (await challengeAt(fleet.replica(), open)).submit('123456'));
  });
});
