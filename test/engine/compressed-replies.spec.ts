import assert from 'node:assert/strict';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type HttpResponse, HttpTransport } from '../../src/http/transport.ts';
import { readTokenResponse } from '../../src/oauth/token-endpoint.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { closeServers, serve } from '../support/servers.ts';
import '../support/rejections.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const TOKEN = Buffer.from(JSON.stringify({ access_token: 'abc', token_type: 'bearer', expires_in: 300 }));

/** Decodes a body with these codings. */
async function exchange(body: Buffer, coding: string, status = 200): Promise<HttpResponse> {
  const server = await serve((_, response) => {
    response.writeHead(status, { ...JSON_TYPE, 'content-encoding': coding });
    response.end(body);
    return undefined;
  });
  const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
  return transport.send({ url: server.origin, form: {} });
}

function read(reply: HttpResponse) {
  return readTokenResponse(reply, { host: 'auth.example.org', isForUser: false, mayQuote: true });
}

describe('a compressed reply, although none was requested', () => {
  afterEach(closeServers);

  const codings: [string, Buffer][] = [
    ['gzip', gzipSync(TOKEN)],
    ['GZIP', gzipSync(TOKEN)],
    ['x-gzip', gzipSync(TOKEN)],
    ['br', brotliCompressSync(TOKEN)],
    ['deflate', deflateSync(TOKEN)],
    ['deflate', deflateRawSync(TOKEN)],
    ['identity', TOKEN],
    ['identity, gzip', gzipSync(TOKEN)],
    ['gzip, br', brotliCompressSync(gzipSync(TOKEN))],
    ['gzip', Buffer.concat([gzipSync(TOKEN.subarray(0, 9)), gzipSync(TOKEN.subarray(9))])],
  ];
  for (const [coding, body] of codings) {
    it(`is read: ${coding}, beginning with ${body.subarray(0, 2).toString('hex')}`, async () =>
      assert.equal(read(await exchange(body, coding)).granted?.token('access_token'), 'abc'));
  }

  it('is a refusal like any other', async () => {
    const body = gzipSync(JSON.stringify({ error: 'invalid_client' }));
    assert.equal(read(await exchange(body, 'gzip', 401)).refused?.reason, 'client-invalid');
  });

  it('of 401 without a body is empty', async () =>
    assert.equal(read(await exchange(Buffer.alloc(0), 'gzip', 401)).refused?.reason, 'client-invalid'));

  const full = Buffer.from(`{"access_token":"abc","x":"${'x'.repeat(2 ** 20)}`).subarray(0, 2 ** 20 - 2);
  const exact = Buffer.concat([full, Buffer.from('"}')]);
  it('is read up to 1 MiB of decompressed data', async () =>
    assert.equal(read(await exchange(gzipSync(exact), 'gzip')).granted?.token('access_token'), 'abc'));

  const bomb = gzipSync(Buffer.alloc(2 ** 28, 32));
  const faults: [string, Buffer, string, string][] = [
    ['one byte more than 1 MiB', gzipSync(Buffer.concat([exact, Buffer.from(' ')])), 'gzip', 'reply-too-large'],
    ['a bomb of 256 MiB', bomb, 'gzip', 'reply-too-large'],
    ['a bomb inside a bomb', gzipSync(bomb), 'gzip, gzip', 'reply-too-large'],
    ['gzip that is cut', gzipSync(TOKEN).subarray(0, 30), 'gzip', 'reply-cut'],
    ['br that is cut', brotliCompressSync(TOKEN).subarray(0, 30), 'br', 'reply-cut'],
    ['JSON that is said to be gzip', TOKEN, 'gzip', 'reply-unreadable'],
    ['JSON that is said to be deflate', TOKEN, 'deflate', 'reply-unreadable'],
    ['an unknown coding', TOKEN, 'zstd', 'reply-unreadable'],
    ['a coding that every object has', TOKEN, 'constructor', 'reply-unreadable'],
    ['too many codings', gzipSync(TOKEN), 'gzip, gzip, gzip, gzip', 'reply-unreadable'],
  ];
  for (const [name, body, coding, fault] of faults) {
    it(`cannot be read: ${name}. This is AUTH_BAD_RESPONSE, with status and content type`, async () => {
      const reply = await exchange(body, coding);
      assert.throws(() => read(reply), { code: 'AUTH_BAD_RESPONSE', fault, status: 200, message: /application\/json/ });
    });

    it(`cannot be read: ${name}. With 503 the status alone counts`, async () => {
      const reply = await exchange(body, coding, 503);
      assert.throws(() => read(reply), { code: 'AUTH_UNAVAILABLE', status: 503 });
    });
  }
});
