import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { FlowNode, Message } from '../support/flows.ts';
import { guardFlow, PRACTICE, stored } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { type Flow, load, logged } from '../support/runtime.ts';

/** The codes and links that the practice user received. */
function codeOf(flow: Flow, user: string): string {
  const delivery = flow.engine.practice.visualGuard.inboxOf(user);
  assert.equal(delivery?.kind, 'code');
  return delivery?.text ?? '';
}

const practice = (user: string, nodes: Parameters<typeof guardFlow>[1] = {}): Promise<Flow> =>
  load(guardFlow(PRACTICE, nodes), stored(user));

/** The ID of the offered method of this kind and transport. */
function way(msg: Message, kind: string, transport: string): string {
  const found = msg.auth?.challenge?.methods.find((each) => each.kind === kind && each.transport === transport);
  return found?.id ?? assert.fail(`no ${kind} by ${transport}`);
}

describe('submit MFA code', () => {
  for (const [user, kind, transport] of [
    ['sms', 'otp', 'sms'],
    ['email', 'otp', 'email'],
    ['whatsapp', 'otp', 'whatsapp'],
  ] as const) {
    it(`signs in with a code that was sent by ${transport}`, async () => {
      const time = holdTime();
      const flow = await practice(user);

      const offered = await flow.ask('login', { topic: 'kept' });
      assert.equal(offered.at, 'mfa');
      const { challenge, status: _, ...auth } = offered.msg.auth ?? {};
      assert.deepEqual(auth, { system: 'vg', state: 'mfa-required', user });
      const { methods, ...rest } = challenge ?? {};
      assert.deepEqual(rest, { id: challenge?.id, expires_at: time.now() + 300_000, attempts: 0 });
      assert.equal(methods?.length, 1);
      const [{ id, destination, label, ...method } = {} as never] = methods ?? [];
      assert.deepEqual(method, { kind, transport });
      assert.ok(destination.includes('*') && label !== '');
      assert.equal(flow.engine.practice.visualGuard.inboxOf(user), undefined, 'nothing was sent yet');

      const chosen = await flow.ask('choose', { ...offered.msg, payload: id });
      assert.equal(chosen.at, 'mfa');
      assert.equal(chosen.msg.auth?.state, 'code-required');
      assert.equal(chosen.msg.auth?.challenge?.method, id);
      assert.match(flow.status('choose'), new RegExp(`practice.*code-by-${transport}`));

      const signedIn = await flow.ask('submit', { ...chosen.msg, payload: codeOf(flow, user) });
      assert.equal(signedIn.at, 'in');
      assert.equal(signedIn.msg.auth?.state, 'signed-in');
      assert.equal(signedIn.msg.auth?.user, user);
      assert.match(signedIn.msg.token?.access_token ?? '', /^practice-vg-/);
      assert.equal('payload' in signedIn.msg, false, 'the code is taken off the message');
      assert.equal(signedIn.msg.topic, 'kept');
    });
  }

  it('needs nothing sent for a code of an authenticator app', async () => {
    const flow = await practice('app');
    const offered = (await flow.ask('login')).msg;

    const { at, msg } = await flow.ask('choose', { ...offered, payload: 'otp-app' });

    assert.equal(at, 'mfa');
    assert.equal(msg.auth?.state, 'code-required');
    assert.equal((await flow.ask('submit', { ...msg, payload: codeOf(flow, 'app') })).at, 'in');
  });

  it('accepts a method by its ID, by a preference, by "first", and the only one without a word', async () => {
    const cases: [string, (msg: Message) => string, string][] = [
      ['all', (msg) => way(msg, 'otp', 'email'), 'email'],
      ['all', () => 'otp-email', 'email'],
      ['all', () => 'first', 'sms'],
      ['sms', () => '', 'sms'],
    ];
    const time = holdTime();
    const flow = await practice('all');
    for (const [user, word, transport] of cases) {
      await time.pass(60_000);
      await flow.deploy(guardFlow({ ...PRACTICE, scope: `openid offline_access ${user}` }), 'full', stored(user));
      await flow.deploy(guardFlow(PRACTICE), 'full', stored(user));
      const offered = (await flow.ask('login')).msg;
      const { msg } = await flow.ask('choose', { ...offered, payload: word(offered) });
      assert.equal(msg.auth?.state, 'code-required', JSON.stringify(msg.auth));
      const { methods, method } = msg.auth?.challenge ?? { methods: [] };
      assert.equal(methods.find(({ id }) => id === method)?.transport, transport);
    }
  });

  it('uses the preferred method at the login if it is offered', async () => {
    const flow = await practice('all', { login: { method: 'otp-email' } });

    const { at, msg } = await flow.ask('login');

    assert.equal(at, 'mfa');
    assert.equal(msg.auth?.state, 'code-required');
    assert.equal(msg.auth?.challenge?.method, way(msg, 'otp', 'email'));
    assert.equal((await flow.ask('submit', { ...msg, payload: codeOf(flow, 'all') })).at, 'in');
  });

  it('asks if the preferred method is not offered', async () => {
    const flow = await practice('sms', { login: { method: 'link-email' } });

    const { at, msg } = await flow.ask('login');

    assert.equal(at, 'mfa');
    assert.equal(msg.auth?.state, 'mfa-required');
    assert.equal(msg.auth?.challenge?.method, undefined);
  });

  it('reads code, method and challenge from the properties that are set', async () => {
    const places: Parameters<typeof guardFlow>[1] = {
      choose: { method: 'otp-sms', methodType: 'str', challenge: 'where.it.is', challengeType: 'global' },
      submit: { code: 'entered', codeType: 'flow', challenge: 'which', challengeType: 'msg', property: 'payload.key' },
    };
    const flow = await practice('all', places);
    const { id } = (await flow.ask('login')).msg.auth?.challenge ?? {};
    type Context = Record<'flow' | 'global', { set(key: string, value: unknown): void }>;
    const context = flow.node('submit').context() as never as Context;

    context.global.set('where', { it: { is: id } });
    assert.equal((await flow.ask('choose', { payload: 'kept' })).msg.auth?.state, 'code-required');
    context.flow.set('entered', codeOf(flow, 'all'));
    const { at, msg } = await flow.ask('submit', { which: id, payload: { a: 1 } });

    assert.equal(at, 'in');
    assert.match((msg.payload as { key: { access_token: string } }).key.access_token, /^practice-vg-/);
    assert.equal((msg.payload as { a: number }).a, 1);
  });

  it('accepts a number as the digits of a code', async () => {
    holdTime();
    const flow = await practice('sms');
    const { msg } = await flow.ask('choose', { ...(await flow.ask('login')).msg, payload: '' });
    const code = codeOf(flow, 'sms');
    assert.match(code, /^[1-9]/, 'chance is held');

    assert.equal((await flow.ask('submit', { ...msg, payload: Number(code) })).at, 'in');
  });

  it('accepts the right code after a wrong one', async () => {
    const flow = await practice('sms');
    const { msg } = await flow.ask('choose', { ...(await flow.ask('login')).msg, payload: '' });

    const wrong = await flow.ask('submit', { ...msg, payload: 'nonsense', topic: 'kept' });
    assert.equal(wrong.at, 'mfa');
    assert.deepEqual([wrong.msg.auth?.state, wrong.msg.auth?.reason], ['code-required', 'code-invalid']);
    assert.equal(wrong.msg.auth?.challenge?.attempts, 1);
    assert.equal('payload' in wrong.msg, false);
    assert.equal(wrong.msg.topic, 'kept');

    assert.equal((await flow.ask('submit', { ...wrong.msg, payload: codeOf(flow, 'sms') })).at, 'in');
  });

  it('refuses after the fifth wrong code', async () => {
    const flow = await practice('wrong-code');
    const { msg } = await flow.ask('choose', { ...(await flow.ask('login')).msg, payload: '' });

    for (let count = 1; count <= 4; count += 1) {
      const again = await flow.ask('submit', { auth: msg.auth, payload: '000000' });
      assert.equal(again.at, 'mfa');
      assert.equal(again.msg.auth?.challenge?.attempts, count);
    }
    const last = await flow.ask('submit', { auth: msg.auth, payload: '000000' });
    assert.equal(last.at, 'refused');
    assert.deepEqual([last.msg.auth?.state, last.msg.auth?.reason], ['refused', 'code-invalid']);
    const after = await flow.ask('submit', { auth: msg.auth, payload: '000000' });
    assert.equal(after.msg.auth?.reason, 'challenge-unknown');
  });

  it('shows no secret of the server in a message, a status or a log', async () => {
    const flow = await practice('sms');
    const { msg } = await flow.ask('choose', { ...(await flow.ask('login')).msg, payload: '' });
    const signedIn = (await flow.ask('submit', { ...msg, payload: codeOf(flow, 'sms') })).msg;

    const all = [signedIn, msg].map((each) => JSON.stringify(each) + inspect(each, { depth: 9 })).join();
    assert.doesNotMatch(all, /practice-(vg|refresh)-/);
    assert.doesNotMatch(logged(), /practice-(vg|refresh)-/);
    const shown = ['login', 'choose', 'submit'].flatMap((id) => flow.shown(id)).join();
    assert.doesNotMatch(shown, /\*/, 'the masked destination is in msg.auth only');
  });

  it('shows the practice code in the status of the node that requested it and in the log', async () => {
    const time = holdTime();
    const flow = await practice('sms');
    await flow.ask('choose', { ...(await flow.ask('login')).msg, payload: '' });
    const code = codeOf(flow, 'sms');

    assert.ok(flow.status('choose').includes(code), flow.status('choose'));
    assert.match(logged(), new RegExp(`sms.*${code}`));
    assert.equal(flow.shown('submit').join().includes(code), false);

    await time.pass(300_000);
    assert.match(flow.status('choose'), /challenge-expired/, 'it stays true while nothing flows');
  });

  it('gives the stored user the same challenge again and no second code', async () => {
    const flow = await practice('sms');
    const { auth } = (await flow.ask('login')).msg;
    const first = auth?.challenge?.id;
    await flow.ask('choose', { auth, payload: '' });
    const code = codeOf(flow, 'sms');

    const { at, msg } = await flow.ask('login');

    assert.equal(at, 'mfa');
    assert.equal(msg.auth?.challenge?.id, first);
    assert.equal(msg.auth?.state, 'code-required');
    assert.equal(codeOf(flow, 'sms'), code);
  });

  it('gives each sign-in from a message a challenge of its own', async () => {
    const login = { username: 'payload.user', usernameType: 'msg', password: 'payload.secret', passwordType: 'msg' };
    const flow = await load(guardFlow(PRACTICE, { login }) as FlowNode[]);
    const ask = async (): Promise<string | undefined> =>
      (await flow.ask('login', { payload: { user: 'sms', secret: 'practice' } })).msg.auth?.challenge?.id;

    assert.notEqual(await ask(), await ask());
  });
});
