import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type FlowNode, functionNode, httpRequest, type Message, place, wire } from '../support/flows.ts';
import { asDebugShows, type Flow, load, logged } from '../support/runtime.ts';
import { type Answer, serve, type TestServer } from '../support/servers.ts';

/** Headers of a reply that would do harm in the next request. */
const RESPONSE: Answer = {
  headers: {
    'content-type': 'application/json',
    'set-cookie': 'a=b',
    server: 'test',
    etag: '"1"',
    'x-custom': 'from the response',
    'www-authenticate': 'Bearer',
    'transfer-encoding': 'chunked',
  },
  body: { much: 'longer than what the next request sends'.repeat(50) },
};

const TOKEN = { access_token: 'THE-TOKEN' } as never;

function attach(id: string, output: string, properties: object = {}): FlowNode {
  return wire('attach-bearer', id, [output, 'needed'], { source: 'msg', ...properties });
}

/** Names of headers that a client must not set. */
function namesOf(server: TestServer): string[] {
  const own = ['user-agent', 'accept', 'accept-encoding', 'host', 'connection', 'content-length', 'content-type'];
  return (server.requests.at(-1)?.headerNames ?? []).filter((name) => !own.includes(name.toLowerCase())).sort();
}

describe('the header of attach bearer', () => {
  let api: TestServer;
  beforeEach(async () => {
    api = await serve(() => RESPONSE);
  });

  /** A first call, other nodes, then a second call with its own token. */
  const twoCalls = (between?: FlowNode): FlowNode[] => [
    attach('first', 'call'),
    httpRequest('call', between ? between.id : 'again', { ret: 'obj' }),
    ...(between ? [between] : []),
    wire('change', 'again', ['second'], {
      rules: [
        { t: 'set', p: 'payload', pt: 'msg', to: '{"short":1}', tot: 'json' },
        { t: 'delete', p: 'statusCode', pt: 'msg' },
      ],
    }),
    attach('second', 'last'),
    httpRequest('last', 'answered'),
    ...['answered', 'needed'].map(place),
  ];
  const request = (): Message => ({ url: api.origin, method: 'POST', payload: { a: 1 }, token: TOKEN });

  async function answered(flow: Flow): Promise<void> {
    const { at, msg } = await flow.next();
    assert.equal(at, 'answered');
    assert.equal(msg.statusCode, 200);
  }

  it('is exactly one, in lower case, whatever headers there were before', async () => {
    const flow = await load([
      attach('first', 'call'),
      httpRequest('call', 'answered'),
      ...['answered', 'needed'].map(place),
    ]);

    flow.send('first', {
      ...request(),
      headers: { Authorization: 'a', AUTHORIZATION: 'b', authorization: 'c', 'X-Mine': '1' },
    });
    await answered(flow);

    assert.deepEqual(namesOf(api), ['X-Mine', 'authorization']);
    assert.equal(api.requests[0]?.headers.authorization, 'Bearer THE-TOKEN');
  });

  it('creates an object if msg.headers is none', async () => {
    const flow = await load([attach('first', 'answered'), ...['answered', 'needed'].map(place)]);

    for (const headers of [undefined, null, 'text', 5, ['a']]) {
      const { at, msg } = await flow.ask('first', { token: TOKEN, headers: headers as never });
      assert.equal(at, 'answered');
      assert.deepEqual(Object.keys(msg.headers ?? {}), []);
      assert.equal(String(msg.headers?.authorization), 'Bearer THE-TOKEN');
    }
  });

  it('replaces all headers of an earlier response that no node changed', async () => {
    const flow = await load(twoCalls());

    flow.send('first', request());
    await answered(flow);

    assert.equal(api.requests.length, 2);
    assert.deepEqual(namesOf(api), ['authorization']);
    assert.equal(api.requests[1]?.text, '{"short":1}');
  });

  it('keeps the headers of a changed response except those that only a response has', async () => {
    const touch = functionNode('touch', ['again'], 'msg.headers["x-mine"] = "1"; return msg;');
    const flow = await load(twoCalls(touch));

    flow.send('first', request());
    await answered(flow);

    assert.deepEqual(namesOf(api), ['authorization', 'x-custom', 'x-mine']);
    assert.equal(api.requests[1]?.headers['content-length'], String('{"short":1}'.length));
    assert.equal(api.requests[1]?.text, '{"short":1}');
    assert.equal(api.requests[1]?.headers['set-cookie'], undefined);
  });

  it('keeps the headers that a flow made itself', async () => {
    const flow = await load(twoCalls(functionNode('make', ['again'], 'msg.headers = {etag: "mine"}; return msg;')));

    flow.send('first', request());
    await answered(flow);

    assert.deepEqual(namesOf(api), ['authorization', 'etag']);
  });

  it('is hidden in the debug sidebar, the log and JSON, and sent unchanged', async () => {
    const flow = await load([
      { ...attach('first', 'call'), wires: [['call', 'seen'], ['needed']] },
      httpRequest('call', 'answered'),
      ...['answered', 'needed', 'seen'].map(place),
    ]);

    flow.send('first', { ...request(), token: { access_token: 'THE-TOKEN' } as never });
    const { msg } = await flow.next('seen');
    await flow.next('answered');
    delete msg.token;

    assert.equal(api.requests[0]?.headers.authorization, 'Bearer THE-TOKEN');
    assert.match(asDebugShows(msg), /\[redacted\]/);
    assert.match(JSON.stringify(msg), /"authorization":"\[redacted\]"/);
    for (const shown of [asDebugShows(msg), asDebugShows(msg.headers), JSON.stringify(msg), inspect(msg, { depth: 9 })])
      assert.doesNotMatch(shown, /THE-TOKEN/);
    assert.doesNotMatch(logged(), /THE-TOKEN/);
    assert.equal(`${msg.headers?.authorization}`, 'Bearer THE-TOKEN');
  });

  it('is an own, plain text if it is not to be hidden', async () => {
    const flow = await load([attach('first', 'answered', { hide: false }), ...['answered', 'needed'].map(place)]);

    const { msg } = await flow.ask('first', { token: TOKEN });

    assert.deepEqual(msg.headers, { authorization: 'Bearer THE-TOKEN' });
    assert.match(asDebugShows(msg.headers), /Bearer THE-TOKEN/);
  });

  it('is sent unchanged by fetch if it is passed by name', async () => {
    const flow = await load([attach('first', 'answered'), ...['answered', 'needed'].map(place)]);

    const { msg } = await flow.ask('first', { token: TOKEN });
    await fetch(api.origin, { headers: { authorization: msg.headers?.authorization as string } });

    assert.equal(api.requests[0]?.headers.authorization, 'Bearer THE-TOKEN');
  });
});
