import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { httpRequest, type Message } from '../support/flows.ts';
import { attach, BEARER, PLACES, TOKEN, walked } from '../support/hidden-header.ts';
import { asDebugShows, load } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';

describe('hostile headers at attach bearer', () => {
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

  /** Headers as a JSON node or `http in` parses them from a text. */
  const read = (text: string): Record<string, unknown> => JSON.parse(text);

  for (const hide of [true, false])
    for (const value of ['{"authorization":"Bearer EVIL","x-evil":"1"}', '"text"', 'null', '[1]'])
      it(`an own __proto__ of ${value} is removed (hide: ${hide})`, async () => {
        const flow = await load([attach('attach', 'call', { hide }), httpRequest('call', 'answered'), ...PLACES]);

        flow.send('attach', request({ headers: read(`{"__proto__":${value},"x-mine":"1","AUTHORIZATION":"b"}`) }));
        assert.equal((await flow.next('answered')).msg.statusCode, 200);

        assert.deepEqual(sent(), [BEARER]);
        assert.equal(api.requests[0]?.headers['x-evil'], undefined);
        assert.equal(api.requests[0]?.headers['x-mine'], '1');
      });

  it('an own __proto__ is removed from the headers of a response that was changed', async () => {
    const flow = await load([attach('attach', 'call'), httpRequest('call', 'answered'), ...PLACES]);
    const marker = '"x-node-red-request-node":"broken"';

    flow.send('attach', request({ headers: read(`{"__proto__":{"authorization":"Bearer EVIL"},${marker}}`) }));
    await flow.next('answered');

    assert.deepEqual(sent(), [BEARER]);
  });

  it('an own __proto__ is removed from a message that leaves by output 2', async () => {
    const flow = await load([attach('attach', 'answered'), ...PLACES]);
    const headers = read('{"__proto__":{"authorization":"Bearer EVIL"},"x-mine":"1"}');

    const { at, msg } = await flow.ask('attach', { headers });

    assert.equal(at, 'needed');
    assert.deepEqual(Object.getOwnPropertyNames(msg.headers), ['x-mine']);
    assert.deepEqual(walked(msg.headers), { 'x-mine': '1' });
  });

  for (const name of ['toJSON', 'constructor', 'toString', 'valueOf', 'inspect'])
    it(`a header called ${name} is a header, and shows no token`, async () => {
      const flow = await load([attach('attach', 'answered'), ...PLACES]);

      const { at, msg } = await flow.ask('attach', request({ headers: read(`{"${name}":"x"}`) }));

      assert.equal(at, 'answered');
      assert.deepEqual(Object.keys(walked(msg.headers)), [name, 'authorization']);
      delete msg.token;
      for (const shown of [
        JSON.stringify(msg),
        inspect(msg, { depth: 9 }),
        asDebugShows(msg),
        asDebugShows(msg.headers),
      ])
        assert.doesNotMatch(shown, /THE-TOKEN/);
    });
});
