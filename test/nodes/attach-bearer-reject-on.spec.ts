import assert from 'node:assert/strict';
import { missingScopeIn } from '../../nodes/shared/bearer/reject-on.ts';
import { type FlowNode, httpRequest, type Message, place, wire } from '../support/flows.ts';
import { guardFlow, PRACTICE, stored } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { type Answer, serve, type TestServer } from '../support/servers.ts';
import { grantsInTurn, serveTokens, VGS_CREDENTIALS } from '../support/token-server.ts';

/** attach-bearer → http request → Switch, and everything but 200 back. */
function loop(tokenUrl: string, properties: object): FlowNode[] {
  return [
    { id: 'account', type: 'vgs-account', tokenUrl },
    wire('attach-bearer', 'attach', ['call', 'needed'], { account: 'account', ...properties }),
    httpRequest('call', 'branch', { ret: 'obj' }),
    wire('switch', 'branch', ['answered', 'attach'], {
      property: 'statusCode',
      propertyType: 'msg',
      rules: [{ t: 'eq', v: '200', vt: 'num' }, { t: 'else' }],
      checkall: 'false',
    }),
    ...['answered', 'needed'].map(place),
  ];
}

/** An API that accepts one token only, and rejects the others like this. */
function api(taken: string, otherwise: Answer): Promise<TestServer> {
  return serve(({ headers }) => (headers.authorization === `Bearer ${taken}` ? { body: { ok: true } } : otherwise));
}

const challenge = (text: string, status = 403): Answer => ({ status, headers: { 'www-authenticate': text } });

async function run(rejectOn: unknown, server: TestServer): Promise<{ at: string; msg: Message; tokens: TestServer }> {
  const tokens = await serveTokens(grantsInTurn());
  const flow = await load(loop(tokens.origin, rejectOn === undefined ? {} : { rejectOn }), VGS_CREDENTIALS);
  const { at, msg } = await flow.ask('attach', { url: server.origin, method: 'GET' });
  return { at, msg, tokens };
}

describe('the statuses by which an API rejects a token', () => {
  for (const [rejectOn, status] of [
    [undefined, 401],
    [null, 401],
    ['', 401],
    [' , ', 401],
    ['401', 401],
    ['403', 403],
    [403, 403],
    ['400, 403 419', 400],
    ['400,403\n419', 419],
    ['401 499', 499],
  ] as const) {
    it(`${JSON.stringify(rejectOn)}: ${status} gets a newer token`, async () => {
      const server = await api('token-2', { status });
      const { at, msg, tokens } = await run(rejectOn, server);
      assert.deepEqual([at, msg.statusCode], ['answered', 200]);
      assert.equal(server.requests.length, 2);
      assert.equal(tokens.requests.length, 2);
    });
  }

  for (const rejectOn of ['forbidden', '500', '399', '401;403', '4o1', '4010', '-401', '401.0', '0x191']) {
    it(`${rejectOn} is AUTH_CONFIG`, async () => {
      const { at, msg } = await run(rejectOn, await api('token-2', { status: 401 }));
      assert.deepEqual([at, msg.error?.code], ['caught', 'AUTH_CONFIG']);
      assert.match(msg.error?.message ?? '', /"rejectOn"/);
    });
  }

  it('a status that is not among them gets no newer token', async () => {
    let count = 0;
    const server = await serve(() => {
      count += 1;
      return count < 3 ? { status: 401 } : { body: { ok: true } };
    });
    const { at, tokens } = await run('403', server);
    assert.equal(at, 'answered');
    assert.equal(server.requests.length, 3);
    assert.equal(tokens.requests.length, 1);
  });
});

describe('an API that wants another scope', () => {
  for (const [status, text, scope] of [
    [403, 'Bearer error="insufficient_scope"', undefined],
    [401, 'Bearer error="insufficient_scope", scope="cards:read cards:write"', ['cards:read', 'cards:write']],
    [403, 'Bearer realm="a, b=\\"c\\"", scope="x", error=insufficient_scope', ['x']],
    [403, 'Basic realm="y", Bearer error="insufficient_scope", scope="x"', ['x']],
    [403, 'bearer ERROR = "insufficient_scope" , Scope="x a\\"b \u00e9 y x"', ['x', 'y']],
  ] as const) {
    it(`is requested once: ${status} ${text}`, async () => {
      const server = await api('none', challenge(text, status));
      const { at, msg, tokens } = await run(undefined, server);
      assert.equal(at, 'needed');
      const missing = scope ? { missing_scope: scope } : {};
      assert.deepEqual(msg.auth, { system: 'vgs', state: 'sign-in-needed', reason: 'scope-insufficient', ...missing });
      assert.equal('authorization' in (msg.headers ?? {}), false);
      assert.equal(server.requests.length, 1);
      assert.equal(tokens.requests.length, 1);
    });
  }

  it('is recognized with a status of rejectOn', async () => {
    const server = await api('none', challenge('Bearer error="insufficient_scope"', 400));
    assert.equal((await run('400', server)).msg.auth?.reason, 'scope-insufficient');
  });

  it('is recognized without the marker, in headers of any spelling', async () => {
    const flow = await load(loop((await serveTokens()).origin, {}), VGS_CREDENTIALS);
    const headers = { 'WWW-Authenticate': ['Bearer error="insufficient_scope", scope="a"'] };
    const { at, msg } = await flow.ask('attach', { statusCode: 403, headers });
    assert.deepEqual([at, msg.auth?.reason, msg.auth?.missing_scope], ['needed', 'scope-insufficient', ['a']]);
  });

  it('does not have its text shown if that repeats the token', async () => {
    const server = await api('none', challenge('Bearer error="insufficient_scope", scope="token-1 a"'));
    assert.deepEqual((await run(undefined, server)).msg.auth?.missing_scope, ['a']);
  });

  it('ends a circle with a sign-in that returns no other scope', async () => {
    holdTime();
    const server = await api('none', challenge('Bearer error="insufficient_scope"'));
    const flow: Flow = await load(
      [
        ...guardFlow(PRACTICE).map((node) => {
          if (node.id === 'attach') return { ...node, wires: [['call'], ['login', 'needed']] };
          return node.id === 'login' ? { ...node, wires: [['attach'], ['mfa'], ['refused']] } : node;
        }),
        httpRequest('call', 'attach', { ret: 'obj' }),
      ],
      stored('plain'),
    );

    flow.send('attach', { url: server.origin, method: 'GET' });

    assert.equal((await flow.next()).msg.auth?.reason, 'scope-insufficient');
    assert.equal((await flow.next()).msg.error?.code, 'AUTH_CONFIG');
    assert.equal(server.requests.length, 2);
    assert.deepEqual(flow.left, []);
  });

  it('is read in time that grows in proportion to the length of its text', () => {
    for (const text of [
      'a'.repeat(8_000),
      'a '.repeat(4_000),
      'a="'.repeat(2_600),
      'a="\\'.repeat(2_000),
      '='.repeat(8_000),
    ]) {
      const began = performance.now();
      for (let count = 0; count < 20; count += 1) missingScopeIn({ 'www-authenticate': text });
      assert.ok(performance.now() - began < 2_000);
    }
    assert.equal(
      missingScopeIn({ 'www-authenticate': `Bearer error="insufficient_scope"${' '.repeat(10_000)}` }),
      undefined,
    );
  });

  for (const headers of [
    undefined,
    null,
    7,
    'text',
    [],
    {},
    { 'www-authenticate': 7 },
    { 'www-authenticate': [{}] },
    { 'www-authenticate': 'error' },
  ]) {
    it(`is not recognized: ${JSON.stringify(headers)}`, () => assert.equal(missingScopeIn(headers), undefined));
  }
});
