import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { OpenChallenge } from '../../src/visual-guard/outcome.ts';
import { FakeSystem, START } from '../support/fake-system.ts';
import { guess, open } from '../support/guesses.ts';
import { ScriptedTransport } from '../support/scripted-transport.ts';
import { APP, challenge, LINK, SMS, says, signedIn, waiting, wrongCode, wrongPassword } from '../support/vg-replies.ts';
import { ANNA, ASK, isChallenged, isRefused, isSignedIn, SETTINGS } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const RIGHT = '0042';

/** A server that accepts one code. Every name may sign in up to the challenge. */
function scene({ max, system = new FakeSystem() }: { max?: number; system?: FakeSystem } = {}) {
  const engine = new Engine(1_000, system, max);
  const transport = new ScriptedTransport(system);
  transport.otherwise = ({ form }) => {
    if (form.Username !== undefined && form.MFASecureCode === undefined) return challenge([APP, LINK]);
    return form.MFASecureCode === RIGHT ? signedIn() : wrongCode;
  };
  const server = engine.holdServer(SETTINGS, transport, '').value;
  /** The codes that the server received. */
  const codes = (): number => transport.requests.filter(({ form }) => form.MFASecureCode !== undefined).length;
  return { system, engine, transport, server, codes };
}

describe('ten refused codes of a user', () => {
  it('within 15 minutes over all challenges hold back every further one, and change nothing else', async () => {
    const { system, server, codes } = scene();
    await guess(server, 9);
    await system.pass(MINUTE);
    const last = await open(server);
    isChallenged(await last.submit('1'), 'code-required', 'code-invalid');

    const fresh = await open(server);
    for (const each of [last, fresh]) {
      const held = isRefused(await each.submit(RIGHT), 'held-back');
      assert.deepEqual([held.user, held.retryAt], ['anna', START + QUARTER]);
    }

    assert.equal(codes(), 10);
    assert.deepEqual([last.attempts, fresh.attempts], [1, 0]);
    assert.equal(await server.findChallenge(fresh.id), fresh, 'it stays');
    isChallenged(await fresh.choose('otp-app'), 'code-required');
  });

  it('expire one by one: when the oldest expires, one more is sent', async () => {
    const { system, server, codes } = scene();
    for (let count = 0; count < 10; count += 1) {
      await guess(server, 1);
      await system.pass(MINUTE);
    }
    isRefused(await (await open(server)).submit('1'), 'held-back');
    await system.pass(5 * MINUTE);
    const fresh = await open(server);
    isChallenged(await fresh.submit('1'), 'code-required', 'code-invalid');
    assert.equal(isRefused(await fresh.submit('1'), 'held-back').retryAt, START + QUARTER + MINUTE);
    assert.equal(codes(), 11);
    await system.pass(MINUTE);
    isSignedIn(await fresh.submit(RIGHT));
  });

  it('are counted over all spellings of a name, and over all connections to the server', async () => {
    const { engine, transport, server, codes } = scene();
    const other = engine.holdServer({ ...SETTINGS, clientId: 'other_Native' }, transport, '').value;
    await guess(server, 4, 'anna');
    await guess(other, 3, 'Anna ');
    await guess(server, 3, '\uff21NNA\u00a0');
    for (const user of ['anna', 'ANNA']) isRefused(await (await open(other, user)).submit(RIGHT), 'held-back');
    assert.equal(codes(), 10);
  });

  it('hold back nobody else, and nobody at another server', async () => {
    const { engine, transport, server } = scene();
    await guess(server, 10);
    isSignedIn(await (await open(server, 'bert')).submit(RIGHT));
    const settings = { ...SETTINGS, tokenUrl: 'https://other.example.org/connect/token' };
    const elsewhere = engine.holdServer(settings, transport, '').value;
    isSignedIn(await (await open(elsewhere)).submit(RIGHT));
  });

  it('are the limit, however many arrive at once', async () => {
    const { server, codes } = scene();
    const five: OpenChallenge[] = [];
    for (let count = 0; count < 5; count += 1) five.push(await open(server));
    const outcomes = await Promise.all(Array.from({ length: 40 }, (_, index) => five[index % 5]?.submit('1')));
    assert.equal(codes(), 10);
    assert.equal(outcomes.filter((outcome) => outcome?.state === 'refused').length, 30);
  });

  it('are no longer counted after a sign-in that succeeded: by a code, without one, or by a link', async () => {
    const { transport, server } = scene();
    const ways: (() => Promise<unknown>)[] = [
      async () => isSignedIn(await (await open(server)).submit(RIGHT)),
      async () => {
        transport.next(signedIn());
        isSignedIn(await server.signIn(ANNA, ASK));
      },
      async () => {
        const { challenge: at } = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required');
        transport.next(signedIn());
        isSignedIn(await isChallenged(await at.choose('link-email'), 'link-sent').link?.later);
      },
    ];
    for (const signIn of ways) {
      await guess(server, 9);
      await signIn();
      await guess(server, 9);
      await server.signIn(ANNA, ASK);
      isSignedIn(await (await open(server)).submit(RIGHT));
    }
  });

  it('do not affect a link or the login', async () => {
    const { transport, server } = scene();
    await guess(server, 10);
    const { challenge: at } = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required');
    transport.next(signedIn());
    isSignedIn(await isChallenged(await at.choose('link-email'), 'link-sent').link?.later);
  });

  it('include only codes that the server refused: not one without an answer, nor one after which it still waits', async () => {
    const { transport, server, codes } = scene();
    for (let count = 0; count < 12; count += 1) {
      const at = await open(server);
      transport.next(
        count % 2 ? new AuthError('connection-cut', { host: 'h' }) : says(['Failure', 'MFA_WaitingUserAction']),
      );
      await at.submit('1').catch(() => undefined);
    }
    assert.equal(codes(), 12);
    isSignedIn(await (await open(server)).submit(RIGHT));
  });

  for (const [name, reply] of [
    ['wrong credentials', wrongPassword],
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }],
  ] as const) {
    it(`include codes that a server calls ${name}`, async () => {
      const { transport, server, codes } = scene();
      for (let count = 0; count < 10; count += 1) {
        const at = await open(server);
        transport.next(reply);
        isRefused(await at.submit('1'), 'credentials-invalid');
      }
      isRefused(await (await open(server)).submit(RIGHT), 'held-back');
      assert.equal(codes(), 10);
    });
  }

  it('include five at most of challenges for which no code was sent, if one could be: the others are for the person whose code was sent', async () => {
    for (const methods of [[SMS], [SMS, APP]]) {
      const { system, transport, server, codes } = scene();
      const begin = async (): Promise<OpenChallenge> => {
        transport.next(challenge(methods));
        return isChallenged(await server.signIn(ANNA, ASK), 'mfa-required').challenge;
      };
      const sent = await begin();
      transport.next(waiting);
      isChallenged(await sent.choose('otp-sms'), 'code-required');
      for (let count = 0; count < 12; count += 1) {
        const unsent = await begin();
        if (methods.length > 1) await unsent.choose('otp-app');
        const outcome = await unsent.submit('1');
        if (count < 5) isChallenged(outcome, 'code-required', 'code-invalid');
        else assert.equal(isRefused(outcome, 'held-back').retryAt, START + QUARTER);
        if (count === 4) await system.pass(MINUTE);
      }
      assert.equal(codes(), 5);

      for (let count = 0; count < 4; count += 1) isChallenged(await sent.submit('1'), 'code-required', 'code-invalid');
      isSignedIn(await sent.submit(RIGHT));
    }
  });

  it('include those of challenges for which no code was sent', async () => {
    const { system, transport, server, codes } = scene();
    for (const length of [4, 1]) {
      transport.next(challenge([SMS]));
      const { challenge: unsent } = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required');
      for (let count = 0; count < length; count += 1) await unsent.submit('1');
    }
    for (let round = 0; round < 2; round += 1) {
      await system.pass(MINUTE);
      transport.next(challenge([SMS]), waiting);
      const outcome = await server.signIn(ANNA, { method: 'otp-sms', reset: false });
      const { challenge: sent } = isChallenged(outcome, 'code-required');
      for (let count = 0; count < 4 - round; count += 1) await sent.submit('1');
      if (round) assert.equal(isRefused(await sent.submit('1'), 'held-back').retryAt, START + QUARTER);
    }
    assert.equal(codes(), 10);
  });

  for (const [max, half] of [
    [1, 1],
    [2, 1],
    [7, 3],
  ] as const) {
    it(`include ${half} of challenges for which no code was sent if the limit is ${max}`, async () => {
      const { transport, server, codes } = scene({ max });
      for (let count = 0; count < 8; count += 1) {
        transport.next(challenge([SMS]));
        await isChallenged(await server.signIn(ANNA, ASK), 'mfa-required').challenge.submit('1');
      }
      assert.equal(codes(), half);
    });
  }

  it('are reported to a listener, each time', async () => {
    const { server } = scene();
    await guess(server, 10);
    const told: unknown[] = [];
    server.metrics.events.add((event) => told.push(event));
    isRefused(await (await open(server)).submit('1'), 'held-back');
    assert.deepEqual(told, [{ what: 'refused', user: 'anna', reason: 'held-back' }]);
  });

  it('are no longer counted if the clock is set back', async () => {
    const { system, server } = scene();
    await guess(server, 10);
    system.setClock(-24 * 60 * MINUTE);
    isSignedIn(await (await open(server)).submit(RIGHT));
  });

  it('are the default of a limit that can be set', async () => {
    const { server, codes } = scene({ max: 3 });
    await guess(server, 3);
    isRefused(await (await open(server)).submit(RIGHT), 'held-back');
    assert.equal(codes(), 3);
  });

  it('are removed from memory after their time', async () => {
    const { system, server } = scene();
    await guess(server, 10);
    await system.pass(QUARTER);
    await guess(server, 10);
    isRefused(await (await open(server)).submit('1'), 'held-back');
  });
});
