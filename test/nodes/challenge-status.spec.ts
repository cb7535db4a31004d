import assert from 'node:assert/strict';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import type { Arrival, Message } from '../support/flows.ts';
import { challenges, guardFlow, PRACTICE, says, signsIn, stepOf, stored, way } from '../support/guard-server.ts';
import { type HeldTime, holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { type Answer, serve, type TestServer } from '../support/servers.ts';
import { serverCredentials, serversByName } from '../support/tenants.ts';
import { until } from '../support/until.ts';

const SMS = way('w-sms', 1, 2);
const EMAIL = way('w-email', 2, 2);
const LINK = way('w-link', 2, 1);
const FROM_MESSAGE = { login: { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg' } };

describe('the status of a node whose challenge is answered elsewhere', () => {
  let time: HeldTime;
  let server: TestServer;
  let flow: Flow;
  let toCode: Answer;
  /** Answers the request for the link that is open. */
  let click: (answer: Answer) => void;

  beforeEach(async () => {
    time = holdTime();
    toCode = signsIn('token-1');
    server = await serve((request) => {
      const step = stepOf(request);
      if (step === 'login') return challenges(SMS, EMAIL, LINK);
      if (step === 'submit') return toCode;
      if (request.form.get('MFAAvailableId') !== 'w-link') return says('Failure, MFA_WaitingUserAction');
      return new Promise<Answer>((resolve) => {
        click = resolve;
      });
    });
  });

  const begin = async (message: Message = {}, nodes: object = {}): Promise<Arrival> => {
    flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }, nodes), stored('person'));
    return login(message);
  };

  const login = async (message: Message = {}): Promise<Arrival> => {
    const asked = await flow.ask('login', message);
    assert.match(flow.status('login'), /mfa-required$/);
    return asked;
  };

  const choose = (asked: Arrival, payload = 'otp-sms'): Promise<Arrival> =>
    flow.ask('choose', { auth: asked.msg.auth, payload });
  const submit = (asked: Arrival): Promise<Arrival> => flow.ask('submit', { auth: asked.msg.auth, payload: '123' });
  const shows = (id: string, text: RegExp): void => assert.match(flow.status(id), text, id);

  it('says what the challenge waits for, after somebody has chosen a method', async () => {
    const asked = await begin();
    await choose(asked);
    shows('login', /code-by-sms$/);
    await time.pass(30_000);
    await choose(asked, 'otp-email');
    shows('login', /code-by-email$/);
    await time.pass(30_000);
    await choose(asked, 'link-email');
    shows('login', /link-sent$/);
  });

  it('says how long the token is valid, after the code was submitted', async () => {
    const asked = await begin();
    await choose(asked);
    assert.equal((await submit(asked)).at, 'in');
    for (const id of ['login', 'choose', 'submit']) shows(id, /valid-until$/);
    await time.pass(300_000);
    shows('login', /valid-until$/);
    await time.pass(1_500_000);
    for (const id of ['login', 'choose', 'submit']) shows(id, /status\.expired$/);
    assert.doesNotMatch(flow.shown('login').join(), /challenge-expired/);
  });

  it('says how long the token is valid, after an operator has answered without a message', async () => {
    await begin();
    const before = flow.shown('login').length;
    const { connection } = flow.node('server') as unknown as { connection: VisualGuardServer };
    const { challenge } = connection.storedUser;
    await challenge?.choose('otp-sms');
    shows('login', /code-by-sms$/);
    await challenge?.submit('123');
    shows('login', /valid-until$/);
    assert.equal(flow.shown('login').length, before + 2, 'nothing is shown in between');
  });

  it('says how long the token is valid, after the link was clicked, even if the challenge has expired', async () => {
    const asked = await begin();
    await choose(asked, 'link-email');
    await time.pass(301_000);
    for (const id of ['login', 'choose']) shows(id, /challenge-expired$/);
    click(signsIn('token-1'));
    assert.equal((await flow.next()).at, 'in');
    for (const id of ['login', 'choose']) shows(id, /valid-until$/);
  });

  it('says why the sign-in was refused for good, but not that a code was wrong', async () => {
    const asked = await begin();
    await choose(asked);
    toCode = says('Failure, SecureCodeDoesNotMatch');
    assert.equal((await submit(asked)).at, 'mfa');
    shows('login', /code-by-sms$/);
    toCode = says('Failure, UserAccountLocked');
    assert.equal((await submit(asked)).at, 'refused');
    for (const id of ['login', 'choose', 'submit']) shows(id, /account-locked$/);
    await time.pass(300_000);
    shows('login', /account-locked$/);
  });

  it('says that the challenge has expired', async () => {
    const asked = await begin();
    await choose(asked);
    await time.pass(300_000);
    for (const id of ['login', 'choose']) shows(id, /challenge-expired$/);
  });

  it('says nothing after the user was signed out', async () => {
    const asked = await begin();
    await choose(asked);
    await flow.ask('logout');
    for (const id of ['login', 'choose']) shows(id, /^$/);
    await time.pass(300_000);
    shows('login', /^$/);
  });

  it('is about the last message of the node', async () => {
    const first = await begin({ u: 'one', p: 'secret' }, FROM_MESSAGE);
    await login({ u: 'two', p: 'secret' });
    await choose(first);
    await submit(first);
    shows('login', /mfa-required$/);
    shows('submit', /valid-until$/);
  });

  it('says what a newer message has brought, not what became of the challenge', async () => {
    const asked = await begin({ u: 'one', p: 'secret' }, FROM_MESSAGE);
    assert.equal((await flow.ask('login', { u: '', p: 'secret' })).msg.error?.code, 'AUTH_CONFIG');
    const failed = flow.status('login');
    await choose(asked);
    await submit(asked);
    assert.equal(flow.status('login'), failed);
  });

  it('says nothing after a deploy, whatever becomes of the challenge, and no timer is left', async () => {
    const asked = await begin();
    const waiting = time.waiting;
    const nodes = guardFlow({ url: server.origin, applicationId: 'a' });
    const renamed = nodes.map((node) => (node.id === 'login' ? { ...node, name: 'renamed' } : node));
    await flow.deploy(renamed, 'nodes');
    assert.equal(time.waiting, waiting - 1, 'the timer of the status');
    await choose(asked);
    assert.equal((await submit(asked)).at, 'in');
    shows('login', /^$/);
  });

  it('says nothing after a deploy that removes the server that a message has chosen by its name', async () => {
    const nodes = serversByName(server.origin, [
      { id: 'a', name: 'Acme' },
      { id: 'b', name: 'Bolt' },
    ]);
    flow = await load(nodes, serverCredentials('a', 'b'));
    assert.equal((await flow.ask('login', { tenant: 'Acme' })).at, 'mfa');
    shows('login', /Acme.*mfa-required$/);
    await flow.deploy(
      nodes.filter(({ id }) => id !== 'a'),
      'nodes',
    );
    await until(() => flow.status('login') === 'Acme');
  });

  it('says the same in attach bearer, about the challenge of the stored user', async () => {
    const asked = await begin();
    const ask = async (): Promise<void> => {
      assert.equal((await flow.ask('attach')).at, 'needed');
    };
    await ask();
    shows('attach', /mfa-required$/);
    await choose(asked);
    shows('attach', /code-by-sms$/);
    await flow.ask('logout');
    shows('attach', /^$/);

    const again = await login();
    await ask();
    shows('attach', /mfa-required$/);
    await time.pass(30_000);
    await choose(again);
    toCode = says('Failure, UserAccountLocked');
    await submit(again);
    shows('attach', /account-locked$/);
  });

  it('no longer shows the code of the practice server that was used, but how long the token is valid', async () => {
    flow = await load(guardFlow(PRACTICE), stored('sms'));
    const asked = await login();
    await choose(asked);
    const { text: code = '' } = flow.engine.practice.visualGuard.inboxOf('sms') ?? {};
    assert.ok(flow.status('choose').includes(code));
    await flow.ask('submit', { auth: asked.msg.auth, payload: code });
    for (const id of ['login', 'choose', 'submit']) shows(id, /practice.*valid-until$/);
  });
});
