import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import { guardFlow, PRACTICE, signsIn, stored } from '../support/guard-server.ts';
import { assertTimeAfter, holdTime } from '../support/held-time.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import { always, serve, type TestServer } from '../support/servers.ts';

const FROM_MESSAGE = {
  login: { username: 'payload.user', usernameType: 'msg', password: 'payload.secret', passwordType: 'msg' },
};

/** A flow with the practice server that takes user and password from the message. */
const people = (): Promise<Flow> => load(guardFlow(PRACTICE, FROM_MESSAGE));

describe('VG login', () => {
  it('signs the stored user in: token, user, session handle and status', async () => {
    const time = holdTime();
    const flow = await load(guardFlow(PRACTICE), stored('plain'));

    const { at, msg } = await flow.ask('login', { payload: 'kept', topic: 't' });

    assert.equal(at, 'in');
    assert.equal(msg.token?.token_type, 'Bearer');
    assert.match(msg.token?.access_token ?? '', /^practice-vg-/);
    assertTimeAfter(msg.token?.expires_at, time, 1_800_000);
    assert.ok(msg.token?.scope.includes('offline_access'));
    assert.equal('refresh_token' in (msg.token ?? {}), false);
    const { session, status, ...auth } = msg.auth ?? {};
    assert.deepEqual(auth, { system: 'vg', state: 'signed-in', user: 'plain' });
    assert.match(String(session), /^[\w-]{20,}$/);
    assert.deepEqual(status, {
      authentication: { value: 2048, names: ['Success'] },
      authorization: { value: 16, names: ['Success'] },
    });
    assert.deepEqual([msg.payload, msg.topic], ['kept', 't']);
    assert.match(flow.status('login'), /practice.*valid-until/);
    assert.doesNotMatch(JSON.stringify(msg) + inspect(msg, { depth: 9 }) + logged(), /practice-(vg|refresh)-/);
  });

  it('uses the valid session of the stored user', async () => {
    const flow = await load(guardFlow(PRACTICE), stored('plain'));

    const first = (await flow.ask('login')).msg;
    const second = (await flow.ask('login')).msg;

    assert.equal(second.token?.access_token, first.token?.access_token);
    assert.equal(String(second.auth?.session), String(first.auth?.session));
    assert.equal(second.auth?.status?.from_login, true);
  });

  it('uses the plain practice account if no user is stored', async () => {
    const flow = await load(guardFlow(PRACTICE));

    const { at, msg } = await flow.ask('login');

    assert.equal(at, 'in');
    assert.equal(msg.auth?.user, 'practice');
  });

  it('always sends a user from the message to the server, and removes the password from the message', async () => {
    const flow = await people();

    const first = (await flow.ask('login', { payload: { user: 'plain', secret: 'practice', other: 1 } })).msg;
    const second = (await flow.ask('login', { payload: { user: 'plain', secret: 'practice' } })).msg;

    assert.deepEqual(first.payload, { user: 'plain', other: 1 });
    assert.notEqual(second.token?.access_token, first.token?.access_token);
    assert.notEqual(String(second.auth?.session), String(first.auth?.session));
    assert.equal(second.auth?.status?.from_login, undefined);
  });

  it('removes the password from the message on every output', async () => {
    const flow = await people();
    const outputs: Record<string, string> = { plain: 'in', sms: 'mfa', locked: 'refused' };

    for (const [user, output] of Object.entries(outputs)) {
      const { at, msg } = await flow.ask('login', { payload: { user, secret: 'practice' }, token: {} as never });
      assert.equal(at, output);
      assert.deepEqual(msg.payload, { user });
      assert.equal('token' in msg, output === 'in');
    }
  });

  describe('takes user and password', () => {
    let server: TestServer;
    const ask = async (login: object, prepare?: (flow: Flow) => void): Promise<[string | null, string | null]> => {
      const flow = await load(
        guardFlow({ url: server.origin, applicationId: 'a' }, { login }),
        stored('kept', 'THE-PASSWORD'),
      );
      prepare?.(flow);
      assert.equal((await flow.ask('login', { name: 'from msg', word: 'msg word' })).at, 'in');
      const { form } = server.requests[0] ?? { form: new URLSearchParams() };
      return [form.get('Username'), form.get('Password')];
    };
    beforeEach(async () => {
      server = await serve(always(signsIn('token-1')));
    });

    it('from the config node', async () => {
      assert.deepEqual(await ask({}), ['kept', 'THE-PASSWORD']);
    });

    it('from the message', async () => {
      const login = { username: 'name', usernameType: 'msg', password: 'word', passwordType: 'msg' };
      assert.deepEqual(await ask(login), ['from msg', 'msg word']);
    });

    it('from the flow and the global context', async () => {
      const login = { username: 'name', usernameType: 'flow', password: 'a.word', passwordType: 'global' };
      const got = await ask(login, (flow) => {
        const { flow: ofFlow, global } = flow.node('login').context() as never as Record<
          string,
          { set(key: string, value: unknown): void }
        >;
        ofFlow?.set('name', 'from flow');
        global?.set('a', { word: 'global word' });
      });
      assert.deepEqual(got, ['from flow', 'global word']);
    });

    it('from the environment', async () => {
      setEnvironment({ TEST_NAME: 'from env', TEST_WORD: 'env word' });
      const login = { username: 'TEST_NAME', usernameType: 'env', password: 'TEST_WORD', passwordType: 'env' };
      assert.deepEqual(await ask(login), ['from env', 'env word']);
    });

    it('the name as a text, the password from the config node', async () => {
      assert.deepEqual(await ask({ username: 'typed in', usernameType: 'str' }), ['typed in', 'THE-PASSWORD']);
    });
  });

  for (const variable of ['NOT_SET', 'EMPTY']) {
    it(`reports to a Catch node a variable without a value (${variable})`, async () => {
      setEnvironment({ TEST_NAME: 'x', NOT_SET: undefined, EMPTY: '' });
      const login = { username: 'TEST_NAME', usernameType: 'env', password: variable, passwordType: 'env' };
      const flow = await load(guardFlow(PRACTICE, { login }));

      const arrival = await flow.ask('login', { payload: 'kept' });

      assertFault(arrival, 'AUTH_CONFIG', '"password"');
      assert.ok(arrival.msg.error?.message.includes(variable));
      assert.equal(arrival.msg.payload, 'kept');
    });
  }

  for (const [what, payload, code] of [
    ['no user', { secret: 'x' }, 'payload.user'],
    ['an empty user', { user: '', secret: 'x' }, 'payload.user'],
    ['no password', { user: 'plain' }, 'payload.secret'],
    ['an object as the password', { user: 'plain', secret: { a: 1 } }, 'payload.secret'],
  ] as [string, object, string][]) {
    it(`reports to a Catch node that there is ${what}`, async () => {
      const flow = await people();
      const arrival = await flow.ask('login', { payload });
      assert.equal(arrival.msg.error?.code, 'AUTH_CONFIG');
      assertFault(arrival, 'AUTH_CONFIG', code);
    });
  }

  // Every other practice user has a row in practice-users.spec.ts.
  const REFUSED: Record<string, string> = {
    locked: 'account-locked',
    'change-password': 'password-change-required',
    'wrong-password': 'credentials-invalid',
  };
  for (const [user, reason] of Object.entries(REFUSED)) {
    it(`sends ${user} to output 3 as ${reason}`, async () => {
      const flow = await people();

      const { at, msg } = await flow.ask('login', { payload: { user, secret: 'practice' }, topic: 'kept' });

      assert.equal(at, 'refused');
      const { status, ...auth } = msg.auth ?? {};
      assert.deepEqual(auth, { system: 'vg', state: 'refused', user, reason });
      assert.ok(status?.authentication.names.length);
      assert.equal('token' in msg, false);
      assert.equal(msg.topic, 'kept');
      assert.match(flow.status('login'), new RegExp(reason));
    });
  }

  it('reports a success with a warning', async () => {
    const flow = await people();

    const { at, msg } = await flow.ask('login', { payload: { user: 'grace-login', secret: 'practice' } });

    assert.equal(at, 'in');
    assert.deepEqual(msg.auth?.warnings, ['mfa-grace-login']);
  });

  it('refuses a password in a text property, which would be in the flow file', async () => {
    const login = { username: 'plain', usernameType: 'str', password: 'THE-PASSWORD', passwordType: 'str' };
    const flow = await load(guardFlow(PRACTICE, { login }));

    assert.notEqual(flow.status('login'), '');
    assertFault(await flow.ask('login'), 'AUTH_CONFIG', '"passwordType"');
  });

  it('holds a refused password back for 15 minutes, until it changes or msg.reset is set', async () => {
    const time = holdTime();
    const flow = await people();
    const ask = async (secret: string, more: object = {}): Promise<[string | undefined, number | undefined]> => {
      const { at, msg } = await flow.ask('login', { payload: { user: 'plain', secret }, ...more });
      assert.equal('reset' in msg, false);
      return [at === 'in' ? 'in' : msg.auth?.reason, msg.auth?.retry_at];
    };
    const until = time.now() + 900_000;

    assert.deepEqual(await ask('wrong'), ['credentials-invalid', undefined]);
    assert.deepEqual(await ask('wrong'), ['held-back', until]);
    assert.deepEqual(await ask('wrong', { reset: true }), ['credentials-invalid', undefined]);
    assert.equal((await ask('practice'))[0], 'in');
    assert.equal((await ask('wrong'))[0], 'held-back');
    await time.pass(900_000);
    assert.equal((await ask('wrong'))[0], 'credentials-invalid');
  });

  it('sends one wrong password once, for any number of messages at once', async () => {
    const flow = await people();

    for (let index = 0; index < 10; index += 1) flow.send('login', { payload: { user: 'locks', secret: 'wrong' } });
    const reasons: (string | undefined)[] = [];
    for (let index = 0; index < 10; index += 1) reasons.push((await flow.next('refused')).msg.auth?.reason);

    assert.deepEqual(reasons, ['credentials-invalid', ...new Array(9).fill('held-back')]);
  });
});
