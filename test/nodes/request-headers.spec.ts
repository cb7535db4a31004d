import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { requestHeaders, withoutAuthorization } from '../../nodes/shared/bearer/request-headers.ts';

/** The function with which `http request` marks the headers of a response. */
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

  it('lose several headers at once', () =>
    assert.deepEqual(requestHeaders({ authorization: 'a', Authorization: 'b', AUTHORIZATION: 'c' }), {}));

  it('do not count as a response if they have a header that no response has, and are not hashed then', () => {
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

  for (const [what, headers] of [
    ['a value', { 'x-long': 'v'.repeat(65_536) }],
    ['a name', { ['n'.repeat(65_536)]: 'v' }],
    ['many values', Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, 'v'.repeat(700)]))],
    ['a list', { 'set-cookie': Array.from({ length: 150 }, () => 'c'.repeat(500)), 'x-kept': '1' }],
  ] as const) {
    it(`do not count as an unchanged response if they are over 64 KiB by ${what}`, () => {
      const kept = requestHeaders(ofResponse({ ...headers, 'content-length': '1' }));
      assert.deepEqual(
        Object.keys(kept),
        Object.keys(headers).filter((name) => name !== 'set-cookie'),
      );
    });
  }

  it('count as an unchanged response up to 64 KiB', () =>
    assert.deepEqual(requestHeaders(ofResponse({ 'x-long': 'v'.repeat(65_530) })), {}));

  it('keep every name that only looks similar', () => {
    const headers = { 'proxy-authorization': 'p', 'x-authorization': 'x', authorisation: 's', 'authorization-x': 'y' };
    assert.deepEqual(requestHeaders({ ...headers }), headers);
  });

  it('made by the flow are kept unchanged', () => {
    const headers = { 'content-type': 'application/json', 'Content-Length': '5', 'x-request-id': '1', Date: 'today' };
    assert.deepEqual(requestHeaders({ ...headers }), headers);
  });

  it('of an unchanged response are all removed', () => assert.deepEqual(requestHeaders(ofResponse(RESPONSE)), {}));

  it('of an unchanged response are removed, too, if it was not JSON and had hardly a header', () =>
    assert.deepEqual(requestHeaders(ofResponse({ 'x-own': '1' })), {}));

  it('of a response that the flow has changed keep those that a request may have', () => {
    const touched = { ...ofResponse(RESPONSE), accept: 'text/plain', 'X-My-Header': '1' };
    assert.deepEqual(requestHeaders(touched), {
      'content-type': 'application/json',
      accept: 'text/plain',
      'X-My-Header': '1',
    });
  });

  it('of a response that the flow has changed lose the older authorization and the marker', () => {
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
    it(`of a changed response lose ${name}, in any case`, () =>
      assert.deepEqual(requestHeaders({ [name]: 'x', [MARKER]: 'broken' }), {}));
  }

  for (const name of ['content-type', 'Accept', 'Cookie', 'user-agent', 'x-api-key', 'if-none-match', 'Host']) {
    it(`of a changed response keep ${name}`, () =>
      assert.deepEqual(requestHeaders({ [name]: 'x', [MARKER]: 'broken' }), { [name]: 'x' }));
  }

  for (const marker of [undefined, null, '', 7, {}]) {
    it(`with a marker that is ${JSON.stringify(marker)} are those of a changed response`, () =>
      assert.deepEqual(requestHeaders({ 'content-length': '5', accept: '*/*', [MARKER]: marker }), { accept: '*/*' }));
  }

  for (const found of [undefined, null, 'Authorization: x', 7, true, ['a']]) {
    it(`start empty if there is ${JSON.stringify(found)}`, () => assert.deepEqual(requestHeaders(found), {}));
  }

  it('are a new object: the given one is unchanged, even if it is frozen', () => {
    const given = Object.freeze({ accept: '*/*', Authorization: 'Basic x' });
    const headers = requestHeaders(given);
    assert.deepEqual(headers, { accept: '*/*' });
    assert.deepEqual(given, { accept: '*/*', Authorization: 'Basic x' });
  });

  it('can be removed from a message that leaves without a token', () =>
    assert.deepEqual(withoutAuthorization({ Authorization: 'x', authorization: 'y', accept: 'z' }), { accept: 'z' }));
});
