import assert from 'node:assert/strict';
import type { Challenged, OpenChallenge } from '../../src/visual-guard/outcome.ts';
import { userAt } from '../../src/visual-guard/same-user.ts';
import { Fleet, type Replica } from '../support/fleet.ts';
import { guess, open } from '../support/guesses.ts';
import { challengeAt } from '../support/shared-challenges.ts';
import { APP, challenge, LINK, SMS, signedIn, waiting, wrongCode } from '../support/vg-replies.ts';
import { ANNA, ASK, isChallenged, isRefused, isSignedIn, SETTINGS } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const RIGHT = '0042';

describe('refused codes of several replicas', () => {
  const fleetOf = (count: number) => {
    const fleet = new Fleet();
    const start = (): Replica => {
      const replica = fleet.replica();
      const answer = replica.transport.otherwise;
      replica.transport.otherwise = (request) => {
        const login = request.form.Username !== undefined && request.form.MFASecureCode === undefined;
        if (login) return challenge([APP, LINK]);
        if (request.form.MFASecureCode !== undefined)
          return request.form.MFASecureCode === RIGHT ? signedIn() : wrongCode;
        return typeof answer === 'function' ? answer(request) : waiting;
      };
      return replica;
    };
    return { fleet, start, replicas: Array.from({ length: count }, start) };
  };
  const codes = (replicas: Replica[]): number =>
    replicas.flatMap(({ transport }) => transport.requests).filter(({ form }) => form.MFASecureCode !== undefined)
      .length;

  it('are counted together, also for a replica that starts later', async () => {
    const { fleet, start, replicas } = fleetOf(2);
    const [a, b] = replicas;
    const begun = fleet.system.now();
    await guess(a.server, 5);
    await fleet.system.pass(2 * MINUTE);
    await guess(b.server, 5, 'ANNA');
    for (const { server } of [a, b, start()]) {
      const held = isRefused(await (await open(server)).submit(RIGHT), 'held-back');
      assert.equal(held.retryAt, begun + QUARTER);
    }
    assert.equal(codes(replicas), 10);
    await fleet.system.pass(13 * MINUTE);
    isSignedIn(await (await open(b.server)).submit(RIGHT));
  });

  it('are limited to ten, however many arrive at the same time at all of them', async () => {
    const { replicas } = fleetOf(3);
    const all: OpenChallenge[] = [];
    for (const { server } of replicas) for (let count = 0; count < 2; count += 1) all.push(await open(server));
    const outcomes = await Promise.all(Array.from({ length: 24 }, (_, index) => all[index % 6].submit('1')));
    assert.equal(codes(replicas), 10);
    assert.equal(outcomes.filter(({ state }) => state === 'refused').length, 14);
  });

  it('include those of one challenge that is answered at several replicas', async () => {
    const { replicas } = fleetOf(2);
    const [a, b] = replicas;
    await guess(a.server, 8);
    const at = await open(a.server);
    isChallenged(await at.submit('1'), 'code-required', 'code-invalid');
    const there = await challengeAt(b, at);
    isChallenged(await there.submit('1'), 'code-required', 'code-invalid');
    isRefused(await there.submit(RIGHT), 'held-back');
    assert.equal(there.attempts, 2);
    isRefused(await at.submit(RIGHT), 'held-back');
  });

  it('are limited to five together for challenges for which no code was sent', async () => {
    const { start, replicas } = fleetOf(2);
    const answer = async ({ server, transport }: Replica, word: string) => {
      transport.next(challenge([SMS]), ...(word === 'ask' ? [] : [waiting]));
      const { challenge: at } = (await server.signIn(ANNA, { method: word, reset: false })) as Challenged;
      return at.submit('1');
    };
    for (const replica of replicas) for (let count = 0; count < 4; count += 1) await answer(replica, 'ask');
    assert.equal(codes(replicas), 5);
    const later = start();
    isRefused(await answer(later, 'ask'), 'held-back');
    isChallenged(await answer(later, 'otp-sms'), 'code-required', 'code-invalid');
  });

  it('are no longer counted anywhere after a sign-in that succeeded', async () => {
    const { fleet, replicas } = fleetOf(2);
    const [a, b] = replicas;
    await guess(a.server, 5);
    await guess(b.server, 4);
    isSignedIn(await (await open(b.server)).submit(RIGHT));
    await fleet.told();
    await guess(a.server, 9);
    b.transport.next(signedIn());
    isSignedIn(await b.server.signIn(ANNA, ASK));
    await guess(a.server, 10);
    isRefused(await (await open(b.server)).submit('1'), 'held-back');
  });

  it('are counted by each process while the store is unavailable, and together when it is back', async () => {
    const { fleet, replicas } = fleetOf(2);
    const [a, b] = replicas;
    await guess(a.server, 4);
    a.store.goAway();
    await guess(a.server, 3);
    await guess(b.server, 2);
    await a.store.comeBack();
    await fleet.told();
    await guess(a.server, 1);
    isRefused(await (await open(a.server)).submit(RIGHT), 'held-back');
    assert.equal(codes(replicas), 10);

    a.store.goAway();
    isRefused(await (await open(a.server)).submit(RIGHT), 'held-back');
  });

  it('are still counted if the store loses everything', async () => {
    const { fleet, replicas } = fleetOf(2);
    const [a, b] = replicas;
    await guess(a.server, 9);
    await fleet.comeBackEmpty(a, b);
    await guess(a.server, 1);
    for (const { server } of replicas) isRefused(await (await open(server)).submit(RIGHT), 'held-back');
  });

  it('are those of this process if no replica can have written the record', async () => {
    const item = { id: 'A'.repeat(24), age: 0 };
    const wrong: unknown[] = [
      null,
      { version: 0, codes: [] },
      { version: 1, codes: 'many' },
      { version: 1, codes: [{ ...item, id: '__proto__' }] },
      { version: 1, codes: [{ ...item, age: -1 }] },
      { version: 1, codes: [{ ...item, age: 'long' }] },
      { version: 1, codes: [{ ...item, unsent: 'yes' }] },
      { version: 1, codes: Array.from({ length: 1_001 }, () => item) },
    ];
    for (const value of wrong) {
      const { replicas } = fleetOf(1);
      const [a] = replicas;
      const { get } = a.store;
      a.store.get = async (name) =>
        name.startsWith('wrong-codes') ? { value, age: 0, fence: 0 } : get.call(a.store, name);
      await guess(a.server, 10);
      isRefused(await (await open(a.server)).submit('1'), 'held-back');
      assert.equal(codes(replicas), 10, JSON.stringify(value));
    }
  });

  it('are stored without a code, and under a name that a store cannot read', async () => {
    const { fleet, replicas } = fleetOf(1);
    const at = await open(replicas[0].server);
    await at.submit('THEWRONGCODE');
    const entry = await fleet.memory.get(`wrong-codes ${userAt(SETTINGS, 'anna')}`);
    assert.ok(entry);
    assert.doesNotMatch(JSON.stringify(entry), /THEWRONGCODE|anna/);
  });
});
