import assert from 'node:assert/strict';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import { type Credentials, type FlowNode, httpRequest, place, wire } from '../support/flows.ts';
import { recordPractice } from '../support/practice-recorder.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';

const ON = { vgAuthPractice: true };
const REAL = { clientId: 'ACreal-client', clientSecret: 'a-real-client-secret' };
const ROBOT = { clientSecret: 'a-real-client-secret', username: 'DOMAIN\\robot', password: 'a-real-password' };
const OUTPUTS = ['signed-in', 'mfa', 'refused'];

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
describe('vgAuthPractice in settings.js', () => {
  /** The server that the config nodes name. No request may reach it. */
  let real: TestServer;
  beforeEach(async () => {
    setEnvironment({ NOT_SET: undefined, NOT_SET_FILE: undefined });
    real = await serve(() => ({ status: 500 }));
  });
  afterEach('the real server hears nothing', () => assert.deepEqual(real.requests, []));

  function flowOf(account: object, server: object): FlowNode[] {
    const origin = real.origin;
    return [
      { id: 'account', type: 'vgs-account', tokenUrl: `${origin}/token`, scope: 'openid', ...account },
      { id: 'server', type: 'vg-server', url: origin, applicationId: 'shop', scope: 'openid orders', ...server },
      wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
      wire('attach-bearer', 'vgs', ['call', 'needed'], { source: 'vgs', account: 'account' }),
      wire('attach-bearer', 'vg', ['call', 'needed'], { source: 'vg', server: 'server' }),
      wire('vg-login', 'login', OUTPUTS, { server: 'server' }),
      wire('vg-login', 'person', OUTPUTS, {
        server: 'server',
        username: 'user',
        usernameType: 'msg',
        password: 'password',
        passwordType: 'msg',
      }),
      httpRequest('call', 'answered', { ret: 'obj' }),
      ...['token', 'needed', 'answered', ...OUTPUTS].map(place),
    ];
  }

  const run = (credentials: Credentials, settings: object = ON, account: object = {}, server: object = {}) =>
    load(flowOf(account, server), credentials, settings);

  /** The name by which the API of the practice server identifies a token. */
  async function nameAtApi(flow: Flow, node: 'vgs' | 'vg'): Promise<string> {
    const url = `${await flow.engine.practice.start()}/api/cards`;
    const { at, msg } = await flow.ask(node, { url, method: 'GET' });
    assert.equal(at, 'answered', msg.error?.message ?? msg.auth?.reason);
    return (msg.payload as { signed_in_as: string }).signed_in_as;
  }

  it('signs in accounts and stored users that the practice server does not have, as "practice"', async () => {
    const flow = await run({ account: REAL, server: ROBOT });
    assert.equal(await nameAtApi(flow, 'vgs'), 'practice');
    assert.equal(await nameAtApi(flow, 'vg'), 'practice');
    for (const node of ['vgs', 'vg']) assert.match(flow.status(node), /status\.practice.*valid-until/);
    const { msg } = await flow.ask('login');
    assert.equal(msg.auth?.user, ROBOT.username, 'the flow keeps its user name');
    for (const node of ['account', 'server']) assert.match(flow.status(node), /status\.practice/);
    assert.match(logged(), /settings\.practice-on/);
  });

  for (const clientAuth of ['body', 'header']) {
    it(`sends no secret to the practice server, with the client in the ${clientAuth}`, async () => {
      const flow = await run(
        { account: REAL, server: ROBOT },
        ON,
        { clientAuth },
        { mfaCredentials: 'username+password' },
      );
      const requests = await recordPractice(flow.engine.practice);
      await flow.ask('get');
      await flow.ask('login');
      const person = await flow.ask('person', { user: 'plain', password: 'the password of a person' });
      assert.equal(person.msg.auth?.reason, 'credentials-invalid');
      assert.ok(requests.length >= 3);
      for (const { text, headers } of requests) {
        const basic = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
        assert.doesNotMatch(`${decodeURIComponent(text)} ${basic}`, /a-real|password of a person/);
      }
    });
  }

  it('sends no real secret with "practice" in a config node either', async () => {
    const flow = await run({ account: REAL, server: ROBOT }, {}, { practice: true }, { practice: true });
    const requests = await recordPractice(flow.engine.practice);
    assert.equal((await flow.ask('get')).msg.auth?.reason, 'client-invalid');
    assert.equal((await flow.ask('login')).msg.auth?.reason, 'client-invalid');
    for (const { text } of requests) assert.doesNotMatch(text, /a-real/);
  });

  for (const [what, account, server] of [
    ['are missing', {}, {}],
    ['are variables without a value', variables('${NOT_SET}'), variables('${NOT_SET}')],
    ['are there, and what they belong to is missing', { clientSecret: 'x' }, { password: 'x', clientSecret: 'x' }],
  ] as [string, Record<string, string>, Record<string, string>][]) {
    it(`needs no account and no user: they ${what}`, async () => {
      const written = { applicationId: '${NOT_SET}', url: '${NOT_SET}' };
      const flow = await run({ account, server }, ON, { tokenUrl: '${NOT_SET}', practice: '${NOT_SET}' }, written);
      assert.equal(await nameAtApi(flow, 'vgs'), 'practice');
      assert.equal(await nameAtApi(flow, 'vg'), 'practice');
    });
  }

  function variables(value: string): Record<string, string> {
    return { clientId: value, clientSecret: value, nextClientSecret: value, username: value, password: value };
  }

  it('does not call the hook of a vault', async () => {
    let asked = 0;
    const vgAuthSecret = (): string => {
      asked += 1;
      return 'a-real-secret';
    };
    const flow = await run({ account: variables('${NOT_SET}') }, { ...ON, vgAuthSecret });
    assert.equal(await nameAtApi(flow, 'vgs'), 'practice');
    assert.equal(asked, 0);
  });

  for (const [clientId, clientSecret, reason] of [
    ['disabled', 'practice', 'account-disabled'],
    ['disabled', 'another', 'client-invalid'],
    ['practice', 'another', 'client-invalid'],
  ] as const) {
    it(`keeps the behavior of the practice account "${clientId}" with the secret "${clientSecret}"`, async () => {
      const flow = await run({ account: { clientId, clientSecret } }, ON, { scope: '' });
      const { at, msg } = await flow.ask('get');
      assert.deepEqual([at, msg.auth?.reason], ['refused', reason]);
    });
  }

  it('keeps the behavior of a practice account that is down', async () => {
    const flow = await run({ account: { clientId: 'outage', clientSecret: 'practice' } });
    assertFault(await flow.ask('get'), 'AUTH_UNAVAILABLE', 'practice');
  });

  it('keeps the behavior of a practice account whose next secret is right', async () => {
    const next = { clientId: 'short-life', clientSecret: 'old', nextClientSecret: 'practice' };
    const flow = await run({ account: next }, ON, { scope: '' });
    assert.equal((await flow.ask('get')).at, 'token');
  });

  for (const [username, password, reason] of [
    ['locked', 'practice', 'account-locked'],
    ['locked', 'another', 'credentials-invalid'],
  ] as const) {
    it(`keeps the behavior of the practice user "${username}" with the password "${password}"`, async () => {
      const flow = await run({ server: { username, password } });
      const { at, msg } = await flow.ask('login');
      assert.deepEqual([at, msg.auth?.reason], ['refused', reason]);
    });
  }

  it('lets a stored user of the practice server answer with a code', async () => {
    const flow = await run({ server: { username: 'sms', password: 'practice' } });
    assert.equal((await flow.ask('login')).msg.auth?.state, 'mfa-required');
  });

  it('keeps accounts of different clients separate', async () => {
    const flow = await load(
      [
        ...flowOf({}, {}),
        { id: 'other', type: 'vgs-account', tokenUrl: real.origin },
        wire('vgs-token', 'two', ['token'], { account: 'other' }),
      ],
      { account: REAL, other: { ...REAL, clientId: 'ACother' } },
      ON,
    );
    const one = (await flow.ask('get')).msg.token?.access_token;
    assert.notEqual((await flow.ask('two')).msg.token?.access_token, one);
  });

  it('still reports other faults of a config node', async () => {
    const flow = await run({ account: REAL }, ON, { clientAuth: 'telegram' });
    assertFault(await flow.ask('get'), 'AUTH_CONFIG', 'clientAuth');
  });

  it('may be the text "true"', async () => {
    const flow = await run({ account: REAL }, { vgAuthPractice: 'true' });
    assert.equal(await nameAtApi(flow, 'vgs'), 'practice');
  });

  it('is reported if it is neither true nor false', async () => {
    const flow = await load([{ id: 'account', type: 'vgs-account' }], {}, { vgAuthPractice: 'yes' });
    assert.match(logged(), /settings\.practice-invalid/);
    assert.doesNotMatch(flow.status('account'), /practice/);
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
