import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Arrival } from '../support/flows.ts';
import { guardFlow } from '../support/guard-server.ts';
import { type HeldTime, holdTime } from '../support/held-time.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import { type Answerer, type Received, serve, type TestServer } from '../support/servers.ts';
import { APP, challenge, signedIn, wrongCode } from '../support/vg-replies.ts';

const MINUTE = 60_000;
const FROM_MESSAGE = {
  login: { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg', method: 'otp-app' },
};
const RIGHT = '0042';

const isCode = ({ form }: Received): boolean => form.has('MFASecureCode');
const answer: Answerer = (request) => {
  if (!isCode(request)) return challenge([APP]);
  return request.form.get('MFASecureCode') === RIGHT ? signedIn() : wrongCode;
};

describe('wrong guesses of a code', () => {
  let time: HeldTime;
  let server: TestServer;
  let flow: Flow;

  async function start(settings: object = {}): Promise<void> {
    time = holdTime();
    server = await serve(answer);
    flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }, FROM_MESSAGE), {}, settings);
  }

  /** Starts a new challenge, and answers it this many times. */
  async function guess(times: number, payload = '1', u = 'anna'): Promise<Arrival[]> {
    const { msg } = await flow.ask('login', { u, p: 'x' });
    const arrivals: Arrival[] = [];
    for (let count = 0; count < times; count += 1)
      arrivals.push(await flow.ask('submit', { auth: msg.auth, payload, topic: 'kept' }));
    return arrivals;
  }

  it('are limited to ten for a user in 15 minutes, for any challenge and spelling', async () => {
    await start();
    const first = time.now();
    for (const u of ['anna', 'Anna', ' ANNA']) await guess(3, '1', u);
    await time.pass(MINUTE);
    const [tenth, eleventh, twelfth] = await guess(3);

    assert.deepEqual([tenth?.at, tenth?.msg.auth?.reason], ['mfa', 'code-invalid']);
    for (const { at, msg } of [eleventh, twelfth, ...(await guess(1, RIGHT))] as Arrival[]) {
      assert.equal(at, 'refused');
      const { status: _, ...auth } = msg.auth ?? {};
      assert.deepEqual(auth, {
        system: 'vg',
        state: 'refused',
        user: 'anna',
        reason: 'held-back',
        retry_at: first + 15 * MINUTE,
      });
      assert.deepEqual(['token' in msg, 'payload' in msg, msg.topic], [false, false, 'kept']);
    }
    assert.equal(server.requests.filter(isCode).length, 10);
    assert.match(flow.status('submit'), /held-back|retry/);
    assert.equal((await guess(1, RIGHT, 'bert'))[0]?.at, 'in', 'nobody else is held back');

    await time.pass(14 * MINUTE);
    assert.equal((await guess(1, RIGHT))[0]?.at, 'in');
    assert.deepEqual(
      (await guess(4)).map(({ msg }) => msg.auth?.reason),
      Array.from({ length: 4 }, () => 'code-invalid'),
    );
  });

  it('are counted over a deploy that does not change the server', async () => {
    await start();
    for (let count = 0; count < 3; count += 1) await guess(3);
    await flow.deploy(guardFlow({ url: server.origin, applicationId: 'a', name: 'renamed' }, FROM_MESSAGE));
    await guess(1);
    await flow.deploy(guardFlow({ url: server.origin, applicationId: 'another' }, FROM_MESSAGE));
    assert.equal((await guess(1, RIGHT))[0]?.msg.auth?.reason, 'held-back', 'also at another application');
  });

  for (const [what, value, expected] of [
    ['a number', 3, 3],
    ['digits, as of a variable', '3', 3],
    ['nothing', undefined, 10],
  ] as const) {
    it(`are limited by vgAuthMaxWrongCodes: ${what}`, async () => {
      await start({ vgAuthMaxWrongCodes: value });
      assert.equal(await sent(), expected);
      assert.equal(logged().includes('settings.limit-invalid'), false);
    });
  }

  for (const value of [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, '', 'many', '1e3', true, null, [3], {}]) {
    it(`are limited to ten if vgAuthMaxWrongCodes is ${inspect(value)}, with one warning`, async () => {
      await start({ vgAuthMaxWrongCodes: value });
      assert.equal(await sent(), 10);
      assert.equal(logged().split('settings.limit-invalid').length - 1, 1);
    });
  }

  /** How many of twelve guesses the server receives. */
  async function sent(): Promise<number> {
    for (let count = 0; count < 4; count += 1) await guess(3);
    return server.requests.filter(isCode).length;
  }
});
