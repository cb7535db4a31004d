import assert from 'node:assert/strict';
import { type Arrival, type FlowNode, place, wire } from '../support/flows.ts';
import { type HeldTime, holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { type Answerer, type Received, serve, type TestServer } from '../support/servers.ts';
import { challenge, EMAIL, SMS, signedIn, waiting, wrongCode, wrongPassword } from '../support/vg-replies.ts';

const MINUTE = 60_000;
const OUTPUTS = ['signed-in', 'mfa', 'refused'];
const STORED = { server: { username: 'robot', password: 'stored-password' } };

/** A server with a stored user, a login of that user, and one with the user of the message. */
function flowAt(url: string, method = 'ask'): FlowNode[] {
  return [
    { id: 'server', type: 'vg-server', url, applicationId: 'app' },
    wire('vg-login', 'login', OUTPUTS, { server: 'server', method }),
    wire('vg-login', 'person', OUTPUTS, {
      server: 'server',
      username: 'user',
      usernameType: 'msg',
      password: 'password',
      passwordType: 'msg',
    }),
    wire('vg-mfa', 'choose', OUTPUTS, { action: 'choose', method: 'way', methodType: 'msg' }),
    wire('vg-mfa', 'submit', OUTPUTS, { action: 'submit', code: 'code', codeType: 'msg' }),
    wire('attach-bearer', 'attach', ['ready', 'needed'], { source: 'vg', server: 'server', userType: 'stored' }),
    ...[...OUTPUTS, 'ready', 'needed'].map(place),
  ];
}

const isLogin = ({ form }: Received): boolean => form.has('Username');
const isDelivery = ({ form }: Received): boolean => form.has('MFAAvailableId') && !form.has('MFASecureCode');

/** A user with a second factor: the code is 0042. */
const withCode: Answerer = ({ form }) => {
  if (form.has('Username')) return challenge([SMS, EMAIL]);
  const code = form.get('MFASecureCode');
  if (code === null) return waiting;
  return code === '0042' ? signedIn() : wrongCode;
};

/** Sends messages to this node at this interval in ms, for this time. The server needs real time, so each is waited for. */
async function repeat(flow: Flow, time: HeldTime, node: string, every: number, during: number): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  for (let passed = 0; passed < during; passed += every) {
    arrivals.push(await flow.ask(node));
    await time.pass(every);
  }
  return arrivals;
}

describe('no repetition in a flow harms an account', () => {
  let time: HeldTime;
  beforeEach(() => {
    time = holdTime();
  });

  async function start(answer: Answerer, method?: string): Promise<{ server: TestServer; flow: Flow }> {
    const server = await serve(answer);
    return { server, flow: await load(flowAt(server.origin, method), STORED) };
  }

  it('a wrong stored password, ten times a second for a minute, is sent once', async () => {
    const { server, flow } = await start(() => wrongPassword);
    const arrivals = await repeat(flow, time, 'login', 100, MINUTE);
    assert.equal(arrivals.length, 600);
    assert.equal(server.requests.length, 1);
    const reasons = arrivals.map(({ msg }) => msg.auth?.reason);
    assert.deepEqual([...new Set(reasons)].sort(), ['credentials-invalid', 'held-back']);
    assert.equal(
      arrivals.at(-1)?.msg.auth?.retry_at,
      arrivals.find(({ msg }) => msg.auth?.retry_at)?.msg.auth?.retry_at,
    );
    assert.match(flow.status('login'), /status\.retry-at$/);

    await time.pass(15 * MINUTE);
    assert.equal((await flow.ask('login')).msg.auth?.reason, 'credentials-invalid', 'tried again after 15 minutes');
    assert.equal((await flow.ask('login')).msg.auth?.reason, 'held-back');
    const { msg } = await flow.ask('login', { reset: true });
    assert.equal(msg.auth?.reason, 'credentials-invalid', 'tried again because the flow says so');
    assert.equal('reset' in msg, false);
    assert.equal(server.requests.length, 3);
  });

  it('a wrong password on a hundred messages at once is sent once', async () => {
    const { server, flow } = await start(() => wrongPassword);
    for (let count = 0; count < 100; count += 1) flow.send('person', { user: 'anna', password: 'wrong' });
    await Promise.all(Array.from({ length: 100 }, () => flow.next('refused')));
    assert.equal(server.requests.length, 1);
  });

  it('a wrong password in many spellings of one name is sent once, and each name goes to the server as it is', async () => {
    const { server, flow } = await start(() => wrongPassword);
    for (const user of [' Anna', 'ANNA', 'anna\u00a0', '\uff41\uff4e\uff4e\uff41', 'anna']) {
      const { msg } = await flow.ask('person', { user, password: 'wrong' });
      assert.equal(msg.auth?.user, user);
      assert.equal(msg.auth?.reason, user === ' Anna' ? 'credentials-invalid' : 'held-back');
    }
    assert.deepEqual(
      server.requests.map(({ form }) => form.get('Username')),
      [' Anna'],
    );
  });

  it('another password of the same person is not held back', async () => {
    const right: Answerer = ({ form }) => (form.get('Password') === 'right' ? signedIn() : wrongPassword);
    const { flow } = await start(right);
    assert.equal(
      (await flow.ask('person', { user: 'anna', password: 'wrong' })).msg.auth?.reason,
      'credentials-invalid',
    );
    assert.equal((await flow.ask('person', { user: 'anna', password: 'wrong' })).msg.auth?.reason, 'held-back');
    assert.equal((await flow.ask('person', { user: 'anna', password: 'right' })).at, 'signed-in');
  });

  it('the stored user with a preferred method gets one code, however often the flow asks', async () => {
    const { server, flow } = await start(withCode, 'otp-sms');
    const arrivals = await repeat(flow, time, 'login', 100, MINUTE);
    assert.equal(server.requests.filter(isLogin).length, 1);
    assert.equal(server.requests.filter(isDelivery).length, 1);
    assert.equal(new Set(arrivals.map(({ msg }) => msg.auth?.challenge?.id)).size, 1);
  });

  it('a person who signs in again and again gets a challenge each time, and one code in 30 s', async () => {
    const { server, flow } = await start(withCode);
    const ids = new Set<string>();
    for (let count = 0; count < 3; count += 1) {
      const { msg } = await flow.ask('person', { user: 'anna', password: 'right' });
      ids.add(msg.auth?.challenge?.id ?? '');
      const chosen = await flow.ask('choose', { auth: msg.auth, way: 'otp-sms' } as never);
      assert.equal(chosen.msg.auth?.reason, count === 0 ? undefined : 'held-back');
    }
    assert.equal(ids.size, 3);
    assert.equal(server.requests.filter(isDelivery).length, 1);
    await time.pass(30_000);
    const { msg } = await flow.ask('person', { user: 'anna', password: 'right' });
    assert.equal(
      (await flow.ask('choose', { auth: msg.auth, way: 'otp-sms' } as never)).msg.auth?.state,
      'code-required',
    );
    assert.equal(server.requests.filter(isDelivery).length, 2);
  });

  it('attach bearer, every 5 minutes for a night, sends no code and signs in once in 15 minutes', async () => {
    const { server, flow } = await start(withCode);
    const night = 8 * 60;
    for (let minute = 0; minute < night; minute += 5) {
      const { at, msg } = await flow.ask('attach');
      assert.equal(at, 'needed');
      assert.ok(['mfa-required', 'sign-in-needed'].includes(msg.auth?.state ?? ''), msg.auth?.state);
      assert.equal(msg.headers?.authorization, undefined);
      await time.pass(5 * MINUTE);
    }
    assert.equal(server.requests.filter(isDelivery).length, 0);
    assert.equal(server.requests.filter(isLogin).length, night / 15);
  });

  it('somebody who knows a password cannot get the token that the person releases with a code', async () => {
    const { flow } = await start(withCode);
    const person = await flow.ask('person', { user: 'anna', password: 'right' });
    await flow.ask('choose', { auth: person.msg.auth, way: 'otp-sms' } as never);
    const thief = await flow.ask('person', { user: 'anna', password: 'right' });
    assert.notEqual(thief.msg.auth?.challenge?.id, person.msg.auth?.challenge?.id);

    const signedInPerson = await flow.ask('submit', { auth: person.msg.auth, code: '0042' } as never);
    assert.equal(signedInPerson.at, 'signed-in');

    // The attacker's challenge is still open, and another sign-in opens another one: none of them has a token.
    assert.equal((await flow.ask('submit', { auth: thief.msg.auth, code: '1' } as never)).msg.token, undefined);
    assert.equal((await flow.ask('person', { user: 'anna', password: 'right' })).at, 'mfa');
    const guessed = await flow.ask('submit', { auth: { challenge: { id: 'guessed' } }, code: '0042' } as never);
    assert.equal(guessed.msg.auth?.reason, 'challenge-unknown');
  });
});
