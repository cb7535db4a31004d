import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { requestHeaders, withoutAuthorization } from '../../nodes/shared/bearer/request-headers.ts';

/** The very function that `http request` marks the headers of a response with. */
const hashSum = createRequire(createRequire(import.meta.url).resolve('@node-red/nodes/core/network/21-httprequest.js'))(
  'hash-sum',
) as (value: unknown) => string;

const MARKER = 'x-node-red-request-node';

/** Headers as `http request` leaves them on a message. */
function ofResponse(headers: Record<string, unknown>): Record<string, unknown> {
  return { ...headers, [MARKER]: hashSum(headers) };
}

const RESPONSE = {
  'content-type': 'application/json',
  'content-length': '17',
  'transfer-encoding': 'chunked',
  connection: 'close',
  date: 'Fri, 02 Jan 2026 12:00:00 GMT',
  'set-cookie': ['a=b'],
  'www-authenticate': 'Bearer',
};

describe('the headers of a request', () => {
  for (const name of ['authorization', 'Authorization', 'AUTHORIZATION', 'aUtHoRiZaTiOn']) {
    it(`lose an older ${name}`, () =>
      assert.deepEqual(requestHeaders({ [name]: 'Bearer old', accept: '*/*' }), { accept: '*/*' }));
  }

  it('lose all of several', () =>
    assert.deepEqual(requestHeaders({ authorization: 'a', Authorization: 'b', AUTHORIZATION: 'c' }), {}));

  it('do not count as a response if they have what no response has, and are not hashed then', () => {
    let reads = 0;
    const nested = {
      get deep() {
        reads += 1;
        return 1;
      },
    };
    const headers = { accept: '*/*', nested, [MARKER]: 'x' };
    assert.deepEqual(Object.keys(requestHeaders(headers)), ['accept', 'nested']);
    assert.equal(reads, 0, 'a hash would have read it');
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`x-${at}`, 'y']));
    assert.equal(Object.keys(requestHeaders(ofResponse(many))).length, 300);
  });

  it('keep every name that only looks like it', () => {
    const headers = { 'proxy-authorization': 'p', 'x-authorization': 'x', authorisation: 's', 'authorization-x': 'y' };
    assert.deepEqual(requestHeaders({ ...headers }), headers);
  });

  it('that the flow made are kept as they are', () => {
    const headers = { 'content-type': 'application/json', 'Content-Length': '5', 'x-request-id': '1', Date: 'today' };
    assert.deepEqual(requestHeaders({ ...headers }), headers);
  });

  it('of an untouched response are all dropped', () => assert.deepEqual(requestHeaders(ofResponse(RESPONSE)), {}));

  it('of an untouched response are dropped, too, where it was not JSON and had hardly a header', () =>
    assert.deepEqual(requestHeaders(ofResponse({ 'x-own': '1' })), {}));

  it('of a response that the flow has touched keep what a request may have', () => {
    const touched = { ...ofResponse(RESPONSE), accept: 'text/plain', 'X-My-Header': '1' };
    assert.deepEqual(requestHeaders(touched), {
      'content-type': 'application/json',
      accept: 'text/plain',
      'X-My-Header': '1',
    });
  });

  it('of a response that the flow has touched lose the older authorization and the marker', () => {
    const kept = requestHeaders({ ...ofResponse(RESPONSE), Authorization: 'Bearer old' });
    assert.deepEqual(kept, { 'content-type': 'application/json' });
  });

  for (const name of [
    'Content-Length',
    'transfer-encoding',
    'Connection',
    'content-encoding',
    'Set-Cookie',
    'server',
    'Location',
    'retry-after',
    'ETag',
    'WWW-Authenticate',
    'keep-alive',
  ]) {
    it(`of a touched response lose ${name}, in whatever case`, () =>
      assert.deepEqual(requestHeaders({ [name]: 'x', [MARKER]: 'broken' }), {}));
  }

  for (const name of ['content-type', 'Accept', 'Cookie', 'user-agent', 'x-api-key', 'if-none-match', 'Host']) {
    it(`of a touched response keep ${name}`, () =>
      assert.deepEqual(requestHeaders({ [name]: 'x', [MARKER]: 'broken' }), { [name]: 'x' }));
  }

  for (const marker of [undefined, null, '', 7, {}]) {
    it(`with a marker that is ${JSON.stringify(marker)} are those of a touched response`, () =>
      assert.deepEqual(requestHeaders({ 'content-length': '5', accept: '*/*', [MARKER]: marker }), { accept: '*/*' }));
  }

  for (const found of [undefined, null, 'Authorization: x', 7, true, ['a']]) {
    it(`begin empty where there is ${JSON.stringify(found)}`, () => assert.deepEqual(requestHeaders(found), {}));
  }

  it('are an object of their own: the one that was given stays as it was, be it frozen', () => {
    const given = Object.freeze({ accept: '*/*', Authorization: 'Basic x' });
    const headers = requestHeaders(given);
    assert.deepEqual(headers, { accept: '*/*' });
    assert.deepEqual(given, { accept: '*/*', Authorization: 'Basic x' });
  });

  it('may be taken off a message that leaves without a token', () =>
    assert.deepEqual(withoutAuthorization({ Authorization: 'x', authorization: 'y', accept: 'z' }), { accept: 'z' }));
});
