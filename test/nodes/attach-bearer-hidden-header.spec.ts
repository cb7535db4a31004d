import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type FlowNode, functionNode, httpRequest, type Message, wire } from '../support/flows.ts';
import { attach, BEARER, PLACES, TOKEN, walked } from '../support/hidden-header.ts';
import { asDebugShows, load } from '../support/runtime.ts';
import { closedPort, serve, type TestServer } from '../support/servers.ts';

/** The nodes between `attach bearer` and `http request`: the first node, and the last one wired to the call. */
const WAYS: Record<string, { first: string; nodes: FlowNode[] }> = {
  'a Function node': {
    first: 'way',
    nodes: [functionNode('way', ['call'], 'msg.headers["x-way"] = "1"; return msg;')],
  },
  'a Function node that clones': {
    first: 'way',
    nodes: [functionNode('way', ['call'], 'return RED.util.cloneMessage(RED.util.cloneMessage(msg));')],
  },
  'a Change node': {
    first: 'way',
    nodes: [
      wire('change', 'way', ['call'], { rules: [{ t: 'set', p: 'headers.x-way', pt: 'msg', to: '1', tot: 'str' }] }),
    ],
  },
  'a Switch node': {
    first: 'way',
    nodes: [wire('switch', 'way', ['call'], { property: 'url', propertyType: 'msg', rules: [{ t: 'nnull' }] })],
  },
  'a Delay node': {
    first: 'way',
    nodes: [wire('delay', 'way', ['call'], { pauseType: 'delay', timeout: '1', timeoutUnits: 'milliseconds' })],
  },
  'a Link Call node': {
    first: 'way',
    nodes: [
      wire('link call', 'way', ['call'], { links: ['in'], linkType: 'static', timeout: '5' }),
      wire('link in', 'in', ['out'], { links: [] }),
      wire('link out', 'out', [], { mode: 'return', links: [] }),
    ],
  },
  'Split and Join nodes': {
    first: 'way',
    nodes: [
      wire('split', 'way', ['back'], { splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len' }),
      wire('join', 'back', ['call'], { mode: 'auto' }),
    ],
  },
};

describe('the hidden header of attach bearer', () => {
  let api: TestServer;
  beforeEach(async () => {
    api = await serve(() => ({ body: 'ok' }));
  });
  const request = (more: Message = {}): Message => ({
    url: api.origin,
    method: 'POST',
    payload: ['a', 'b'],
    token: TOKEN,
    headers: { 'x-mine': '1' },
    ...more,
  });
  const sent = (): unknown[] => api.requests.map(({ headers }) => headers.authorization);

  for (const [what, { first, nodes }] of Object.entries(WAYS)) {
    it(`reaches the API through ${what}`, async () => {
      const flow = await load([
        // The second wire makes Node-RED clone the message.
        { ...attach('attach', ''), wires: [[first, 'seen'], ['needed']] },
        ...nodes,
        httpRequest('call', 'answered'),
        ...PLACES,
      ]);

      flow.send('attach', request());
      assert.equal((await flow.next('answered')).msg.statusCode, 200);

      assert.deepEqual(sent(), [BEARER]);
      assert.equal(api.requests[0]?.headers['x-mine'], '1');
      assert.equal(api.requests[0]?.text, '["a","b"]');
      const { msg } = await flow.next('seen');
      assert.deepEqual(Object.keys(msg.headers ?? {}), ['x-mine']);
      assert.deepEqual(walked(msg.headers), { 'x-mine': '1', authorization: msg.headers?.authorization });
    });
  }

  it('is sent for every part of a message that is split', async () => {
    const flow = await load([
      attach('attach', 'split'),
      wire('split', 'split', ['call'], { splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len' }),
      httpRequest('call', 'answered'),
      ...PLACES,
    ]);

    flow.send('attach', request());
    for (let part = 0; part < 2; part += 1) await flow.next('answered');

    assert.deepEqual(sent(), [BEARER, BEARER]);
  });

  it('is enumerable on the prototype, next to the printing methods, which are not', async () => {
    const flow = await load([attach('attach', 'answered'), ...PLACES]);

    const { headers } = (await flow.ask('attach', request())).msg;

    const prototype = Object.getPrototypeOf(headers);
    assert.deepEqual(Object.keys(prototype), ['authorization']);
    assert.equal(String(prototype.authorization), BEARER);
    for (const name of ['toJSON', inspect.custom]) {
      assert.equal(name in prototype, true);
      assert.equal(Object.prototype.propertyIsEnumerable.call(prototype, name), false);
    }
    assert.deepEqual(JSON.parse(JSON.stringify(headers)), { authorization: '[redacted]', 'x-mine': '1' });
    assert.match(asDebugShows(headers), /authorization.*\[redacted\].*x-mine/);
    assert.match(inspect(headers), /authorization: '\[redacted\]'/);
  });

  for (const options of [{ showHidden: true }, { customInspect: false }, { customInspect: false, showHidden: true }])
    it(`shows no token to util.inspect with ${inspect(options)}`, async () => {
      const flow = await load([attach('attach', 'answered'), ...PLACES]);
      const { msg } = await flow.ask('attach', request());
      assert.doesNotMatch(inspect(msg.headers, { depth: 9, ...options }), /THE-TOKEN/);
    });

  it('cannot be changed for other messages, which share the prototype', async () => {
    const flow = await load([attach('attach', 'answered'), ...PLACES]);
    const { headers } = (await flow.ask('attach', request())).msg;

    const prototype = Object.getPrototypeOf(headers);
    assert.equal(Object.isFrozen(prototype), true);
    for (const name of ['authorization', 'toJSON', inspect.custom])
      assert.throws(() => {
        prototype[name] = { changed: true };
      }, TypeError);

    const next = (await flow.ask('attach', request())).msg.headers;
    assert.equal(Object.getPrototypeOf(next), prototype);
    assert.deepEqual(Object.keys(walked(next)), ['x-mine', 'authorization']);
    assert.equal(String(next?.authorization), BEARER);
  });

  it('is replaced by a header that the flow sets, also in a clone', async () => {
    const flow = await load([
      attach('attach', 'set'),
      wire('change', 'set', ['clone'], {
        rules: [{ t: 'set', p: 'headers.authorization', pt: 'msg', to: 'Bearer OTHER', tot: 'str' }],
      }),
      functionNode('clone', ['call'], 'return RED.util.cloneMessage(msg);'),
      { ...httpRequest('call', 'answered'), wires: [['answered']] },
      attach('again', 'second'),
      httpRequest('second', 'answered'),
      ...PLACES,
    ]);

    flow.send('attach', request());
    await flow.next('answered');
    flow.send('again', request());
    await flow.next('answered');

    assert.deepEqual(sent(), ['Bearer OTHER', BEARER], 'and only for that message');
  });

  it('takes precedence over an own header in another spelling, and is removed by deleting msg.headers', async () => {
    const change = (id: string, rules: object[]): FlowNode => wire('change', id, ['call'], { rules });
    const flow = await load([
      attach('spells', 'spell'),
      change('spell', [{ t: 'set', p: 'headers.Authorization', pt: 'msg', to: 'Bearer OTHER', tot: 'str' }]),
      attach('takes', 'take'),
      change('take', [{ t: 'delete', p: 'headers', pt: 'msg' }]),
      httpRequest('call', 'answered'),
      ...PLACES,
    ]);

    for (const id of ['spells', 'takes']) {
      flow.send(id, request());
      await flow.next('answered');
    }

    assert.deepEqual(sent(), [BEARER, undefined]);
  });

  it('is not sent by a flow that copies own properties: it has to switch "hide" off', async () => {
    const copy = functionNode('copy', ['call'], 'msg.headers = { ...msg.headers, "x-more": "1" }; return msg;');
    const flow = await load([
      attach('hides', 'copy'),
      attach('shows', 'copy', { hide: false }),
      copy,
      httpRequest('call', 'answered'),
      ...PLACES,
    ]);

    for (const id of ['hides', 'shows']) {
      flow.send(id, request());
      await flow.next('answered');
    }

    assert.deepEqual(sent(), [undefined, BEARER]);
  });

  it('is that of the last one if a message passes two attach bearer nodes', async () => {
    const flow = await load([
      attach('first', 'second'),
      attach('second', 'call', { property: 'other' }),
      attach('shows', 'second', { hide: false }),
      httpRequest('call', 'answered'),
      ...PLACES,
    ]);

    for (const id of ['first', 'shows']) {
      flow.send(id, request({ other: { access_token: 'SECOND' } }));
      const { msg } = await flow.next('answered');
      assert.equal(msg.statusCode, 200);
    }

    assert.deepEqual(sent(), ['Bearer SECOND', 'Bearer SECOND']);
  });

  it('of a failed request does not come back with its headers after a later 401', async () => {
    const flow = await load([
      attach('first', 'fails'),
      httpRequest('fails', 'second', { url: `http://127.0.0.1:${await closedPort()}/` }),
      { ...attach('second', 'seen', { property: 'other' }), wires: [['seen'], ['needed']] },
      ...PLACES,
    ]);
    flow.send('first', request({ other: { access_token: 'SECOND' } }));
    const { msg } = await flow.next('seen');
    assert.equal(String(msg.headers?.authorization), 'Bearer SECOND');

    // It is rejected, and there is no other token: by output 2, with the earlier headers.
    flow.send('second', { ...msg, statusCode: 401, other: undefined } as Message);
    const { msg: needed } = await flow.next('needed');

    assert.deepEqual(walked(needed.headers), { 'x-mine': '1' });
    assert.equal(Object.getPrototypeOf(needed.headers), Object.prototype);
  });

  for (const hide of [true, false]) {
    for (const id of ['needs', 'fails'])
      it(`of another attach bearer (hide: ${hide}) is not on a message that ${id === 'needs' ? 'needs a sign-in' : 'fails'}`, async () => {
        const flow = await load([
          attach('first', id, { hide }),
          attach('needs', 'answered', { property: 'other' }),
          attach('fails', 'answered', { source: 'vgs', account: '' }),
          ...PLACES,
        ]);

        const { at, msg } = await flow.ask('first', request());

        assert.equal(at, id === 'needs' ? 'needed' : 'caught');
        assert.deepEqual(walked(msg.headers), { 'x-mine': '1' });
      });
  }
});
