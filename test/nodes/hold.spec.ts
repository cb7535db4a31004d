import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { heldAt } from '../../nodes/shared/hold/held-count.ts';
import { metricsText } from '../../nodes/shared/sign-ins/metrics-text.ts';
import { says, signsIn, stepOf, stored } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { answer, asksForCode, holdFlow, payloadsAt, put, serveCodes } from '../support/hold-flow.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { until } from '../support/until.ts';

describe('attach bearer, on hold', () => {
  it('sends one request to a human, and all messages in order after the sign-in', async () => {
    const server = await serveCodes();
    const flow = await load(holdFlow({ url: server.origin }), stored('person'));
    put(flow, 3);

    const asked = await flow.next('needed');
    const { auth, _msgid, ...rest } = asked.msg;
    assert.deepEqual(rest, {}, 'the message has nothing but auth');
    assert.deepEqual(
      { state: auth?.state, user: auth?.user, held: auth?.held, ways: auth?.challenge?.methods.length },
      { state: 'mfa-required', user: 'person', held: true, ways: 1 },
    );
    await until(() => flow.status('attach').endsWith('status.waiting'));
    assert.deepEqual(flow.left, [], 'nothing else was sent, and no message is done');

    assert.equal((await answer(flow, asked)).at, 'in');
    for (const number of [1, 2, 3]) {
      const { msg } = await flow.next('ready');
      assert.deepEqual([msg.payload, String(msg.headers?.authorization)], [number, 'Bearer token-1']);
      assert.equal('auth' in msg, false);
    }
    assert.deepEqual(await payloadsAt(flow, 'done', 3), [1, 2, 3]);
    assert.deepEqual(flow.left, []);
    assert.doesNotMatch(flow.status('attach'), /waiting/);
    assert.deepEqual(server.requests.map(stepOf), ['login', 'choose', 'submit']);
  });

  it('sends another request if a message waits after all others have left', async () => {
    const time = holdTime();
    const server = await serveCodes();
    const flow = await load(holdFlow({ url: server.origin }), stored('person'));
    put(flow, 1);
    await flow.next('needed');
    await time.pass(600_000);
    await flow.next('needed');
    put(flow, 1);
    const { msg } = await flow.next('needed');
    assert.equal(msg.auth?.held, true);
    assert.equal(msg.payload, undefined);
  });

  it('sends each message to output 2 when its time ends', async () => {
    const time = holdTime();
    const server = await serveCodes();
    const flow = await load(holdFlow({ url: server.origin }, { hold: '200' }), stored('person'));
    put(flow, 1);
    const asked = await flow.next('needed');
    await time.pass(100_000);
    put(flow, 1, { headers: { authorization: 'old', accept: 'a' } }, 2);
    await until(() => heldAt(flow.RED, 'server') === 2);
    await time.pass(100_000);
    const first = await flow.next('needed');
    assert.equal(first.msg.payload, 1);
    const { held: _held, ...auth } = asked.msg.auth ?? {};
    assert.deepEqual(first.msg.auth, auth, 'as without hold');
    await time.pass(99_000);
    assert.deepEqual(await payloadsAt(flow, 'done', 1), [1]);
    assert.deepEqual(flow.left, []);
    await time.pass(1_000);
    const second = await flow.next('needed');
    assert.deepEqual(second.msg.headers, { accept: 'a' });
    // Its challenge has expired meanwhile.
    assert.deepEqual(second.msg.auth, { system: 'vg', state: 'sign-in-needed', user: 'person', reason: 'held-back' });
    assert.deepEqual(await payloadsAt(flow, 'done', 1), [2]);
  });

  it('still holds them when the challenge has expired, until another one is answered', async () => {
    const time = holdTime();
    const server = await serveCodes();
    const flow = await load(holdFlow({ url: server.origin }, { hold: 28_800 }), stored('person'));
    put(flow, 1);
    await flow.next('needed');
    await time.pass(301_000);
    // A message that arrives now waits, too, although the next sign-in is held back.
    put(flow, 1, {}, 2);
    await until(() => heldAt(flow.RED, 'server') === 2);
    assert.deepEqual(flow.left, []);
    await time.pass(20_000_000);
    flow.send('login', { payload: 'by a human' });
    assert.equal((await answer(flow, await flow.next('mfa'))).at, 'in');
    assert.deepEqual(await payloadsAt(flow, 'ready', 2), [1, 2]);
  });

  it('sends them to output 2 when the challenge ends with a refusal', async () => {
    const server = await serveCodes(says('Failure, UserAccountLocked'));
    const flow = await load(holdFlow({ url: server.origin }), stored('person'));
    put(flow, 2);
    const refused = await answer(flow, await flow.next('needed'));
    assert.equal(refused.at, 'refused');
    for (const number of [1, 2]) {
      const { msg } = await flow.next('needed');
      assert.equal(msg.payload, number);
      assert.deepEqual(
        { state: msg.auth?.state, reason: msg.auth?.reason, user: msg.auth?.user },
        { state: 'refused', reason: 'account-locked', user: 'person' },
      );
      // A flow may change it, and the next message must not be affected.
      Object.assign(msg.auth ?? {}, { state: 'changed' });
    }
    assert.deepEqual(await payloadsAt(flow, 'done', 2), [1, 2]);
  });

  it('keeps them if a code is wrong and can be tried again', async () => {
    const wrong = says('Failure, SecureCodeDoesNotMatch');
    const server = await serve((request) =>
      stepOf(request) === 'submit' && request.form.get('MFASecureCode') === '000000' ? wrong : asksForCode(request),
    );
    const flow = await load(holdFlow({ url: server.origin }), stored('person'));
    put(flow, 1);
    const asked = await flow.next('needed');
    const first = await answer(flow, asked, '000000');
    if (first.at === 'mfa') {
      assert.equal(heldAt(flow.RED, 'server'), 1);
      flow.send('submit', { auth: asked.msg.auth, payload: '123456' });
      assert.equal((await flow.next('ready')).msg.payload, 1);
    } else assert.fail(`the code was not refused as a wrong one: ${first.msg.auth?.reason}`);
  });

  it('sends them to output 2 when the sign-in of the stored user is refused', async () => {
    const time = holdTime();
    let locked = false;
    const server = await serve((request) => (locked ? says('Failure, UserAccountLocked') : asksForCode(request)));
    const flow = await load(holdFlow({ url: server.origin }, { hold: 3_600 }), stored('person'));
    put(flow, 2);
    await flow.next('needed');
    await time.pass(301_000);
    locked = true;
    flow.send('login', { payload: 'by a human' });
    await flow.next('refused');
    for (const number of [1, 2]) {
      const { msg } = await flow.next('needed');
      assert.deepEqual([msg.payload, msg.auth?.reason], [number, 'account-locked']);
    }
  });

  it('releases nothing if a stranger fails to sign in as the same user', async () => {
    const server = await serve((request) =>
      request.form.get('Password') === 'guessed' ? says('Failure, CredentialsInvalid') : asksForCode(request),
    );
    const login = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
    const nodes = holdFlow({ url: server.origin });
    const flow = await load(
      [...nodes, { ...(nodes.find(({ id }) => id === 'login') as never as object), id: 'stranger', ...login } as never],
      stored('person'),
    );
    put(flow, 1);
    const asked = await flow.next('needed');
    for (let tries = 0; tries < 3; tries += 1) {
      flow.send('stranger', { user: 'person', password: 'guessed' });
      assert.equal((await flow.next('refused')).at, 'refused');
    }
    assert.equal(heldAt(flow.RED, 'server'), 1);
    assert.deepEqual(flow.left, []);
    await answer(flow, asked);
    assert.equal((await flow.next('ready')).msg.payload, 1);
  });

  it('holds no more than its limit: the oldest leaves', async () => {
    const server = await serveCodes();
    const flow = await load(holdFlow({ url: server.origin }, { holdMax: 3 }), stored('person'));
    put(flow, 5);
    const asked = await flow.next('needed');
    assert.deepEqual(await payloadsAt(flow, 'needed', 2), [1, 2]);
    assert.equal(heldAt(flow.RED, 'server'), 3);
    const RED = { ...flow.RED, _: (key: string) => key } as NodeAPI;
    assert.match(metricsText(RED), /^vg_auth_messages_held\{id="server"[^}]*\} 3$/m);
    await answer(flow, asked);
    assert.deepEqual(await payloadsAt(flow, 'ready', 3), [3, 4, 5]);
    assert.deepEqual(await payloadsAt(flow, 'done', 5), [1, 2, 3, 4, 5]);
  });

  it('releases all to output 2 with msg.reset, and treats that message as a new one', async () => {
    const server = await serveCodes();
    const flow = await load(holdFlow({ url: server.origin }), stored('person'));
    put(flow, 2);
    await flow.next('needed');
    flow.send('attach', { payload: 'again', reset: true });
    assert.deepEqual(await payloadsAt(flow, 'needed', 2), [1, 2]);
    const asked = await flow.next('needed');
    assert.equal(asked.msg.auth?.held, true);
    assert.equal(heldAt(flow.RED, 'server'), 1);
    await answer(flow, asked);
    const { msg } = await flow.next('ready');
    assert.deepEqual([msg.payload, 'reset' in msg], ['again', false]);
  });

  it('holds messages for another user by the name, each for their own sign-in', async () => {
    const server = await serve((request) => signsIn(`token-of-${request.form.get('Username')}`));
    const nodes = holdFlow({ url: server.origin }, { user: 'who', userType: 'msg' });
    Object.assign(nodes.find(({ id }) => id === 'login') ?? {}, {
      username: 'user',
      usernameType: 'msg',
      password: 'password',
      passwordType: 'msg',
    });
    const flow = await load(nodes, { server: {} });
    flow.send('attach', { payload: 1, who: 'anna' });
    flow.send('attach', { payload: 2, who: 'bert' });
    flow.send('attach', { payload: 3, who: 'anna' });
    for (const user of ['anna', 'bert']) {
      const { msg } = await flow.next('needed');
      assert.deepEqual(msg.auth, { system: 'vg', state: 'sign-in-needed', user, reason: 'no-session', held: true });
    }
    flow.send('login', { user: 'anna', password: 'secret' });
    for (const number of [1, 3]) {
      const { msg } = await flow.next('ready');
      assert.deepEqual([msg.payload, String(msg.headers?.authorization)], [number, 'Bearer token-of-anna']);
    }
    assert.equal(heldAt(flow.RED, 'server'), 1);
    flow.send('attach', { payload: 4, who: 'cleo' });
    await flow.next('needed');
    flow.send('attach', { payload: 5, who: 'anna', reset: true });
    assert.deepEqual(await payloadsAt(flow, 'needed', 2), [2, 4]);
    const { msg } = await flow.next('ready');
    assert.deepEqual([msg.payload, 'reset' in msg], [5, false]);
  });

  for (const [what, attach] of [
    ['for a session handle', { userType: 'session' }],
    ['without a time', { hold: 0 }],
    ['of a token on the message', { source: 'msg' }],
  ] as const)
    it(`holds nothing ${what}`, async () => {
      const server = await serveCodes();
      const flow = await load(holdFlow({ url: server.origin }, attach), stored('person'));
      put(flow, 1);
      const { msg } = await flow.next('needed');
      assert.deepEqual([msg.payload, msg.auth && 'held' in msg.auth], [1, false]);
      assert.equal(heldAt(flow.RED, 'server'), 0);
    });

  it('holds nothing after a refusal that no human can resolve', async () => {
    const server = await serve(() => says('Failure, UserAccountLocked'));
    const flow = await load(holdFlow({ url: server.origin }), stored('person'));
    put(flow, 1);
    assert.equal((await flow.next('needed')).msg.auth?.reason, 'account-locked');
    assert.equal(heldAt(flow.RED, 'server'), 0);
  });

  for (const [property, value] of Object.entries({ hold: -1, holdMax: 0 }))
    it(`names ${property} if it is no valid number`, async () => {
      const flow = await load(holdFlow({ url: 'https://id.example.com' }, { [property]: value }), stored('person'));
      put(flow, 1);
      const { msg } = await flow.next('caught');
      assert.equal(msg.error?.code, 'AUTH_CONFIG');
      assert.match(msg.error?.message ?? '', new RegExp(property));
    });
});
