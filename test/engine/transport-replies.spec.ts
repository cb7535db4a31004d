import assert from 'node:assert/strict';
import type { AuthError } from '../../src/core/errors.ts';
import { type FormRequest, HttpTransport } from '../../src/http/transport.ts';
import { readTokenResponse } from '../../src/oauth/token-endpoint.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { type Answerer, always, closeServers, serve } from '../support/servers.ts';
import '../support/rejections.ts';

const SECRET = 'S3cret-value';
const TOKEN_JSON = JSON.stringify({ access_token: 'abc', token_type: 'bearer' });

/** Sends a request to a server with this answer, and reads the reply. */
async function exchange(answer: Answerer, more: Partial<FormRequest> = {}) {
  const server = await serve(answer);
  const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
  const request = { url: server.origin, form: { client_secret: SECRET }, ...more };
  const reply = await transport.send(request);
  return {
    reply,
    read: () => readTokenResponse(reply, { host: transport.host, isForUser: false, mayQuote: true }),
    host: server.host,
  };
}

async function assertBadResponse(answer: Answerer, status: number, contentType: string, hidden: string): Promise<void> {
  const failing = exchange(answer).then(({ read }) => read());
  await assert.rejects(failing, (error: AuthError) => {
    assert.equal(error.code, 'AUTH_BAD_RESPONSE');
    assert.equal(error.status, status);
    assert.ok(error.message.includes(`status ${status}`), error.message);
    assert.ok(error.message.includes(contentType), error.message);
    const all = `${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.values)}`;
    assert.ok(!all.includes(hidden), all);
    assert.ok(!all.includes(SECRET), all);
    assert.equal(error.cause, undefined);
    return true;
  });
}

describe('a reply over a real socket', () => {
  afterEach(closeServers);

  const JSON_TYPE = { 'content-type': 'application/json' };
  const readable: [string, Answerer][] = [
    ['with a charset', always({ headers: { 'content-type': 'application/json; charset=UTF-8' }, body: TOKEN_JSON })],
    ['with a byte order mark', always({ headers: JSON_TYPE, body: `\uFEFF${TOKEN_JSON}` })],
    ['as text/plain', always({ headers: { 'content-type': 'text/plain' }, body: TOKEN_JSON })],
    ['without a content type', always({ body: TOKEN_JSON })],
    ['with white space around it', always({ headers: JSON_TYPE, body: `\n\n ${TOKEN_JSON} \n` })],
    ['of nearly 1 MiB', always({ headers: JSON_TYPE, body: TOKEN_JSON + ' '.repeat(2 ** 20 - TOKEN_JSON.length) })],
  ];
  for (const [name, answer] of readable) {
    it(`is read as JSON ${name}`, async () => {
      const answered = (await exchange(answer)).read();
      assert.equal(answered.granted && answered.accessToken, 'abc');
    });
  }

  it('is read as JSON, however it is split into pieces', async () => {
    const { read } = await exchange((_, response) => {
      response.writeHead(200, JSON_TYPE);
      const bytes = Buffer.from(JSON.stringify({ access_token: 'abc', note: 'ü€' }));
      for (const byte of bytes) response.write(Buffer.from([byte]));
      response.end();
      return undefined;
    });
    assert.equal(read().granted?.line('note'), 'ü€');
  });

  const deep = `${'['.repeat(400_000)}hidden-text`;
  const senseless: [string, Answerer, number, string, string][] = [
    [
      'HTML',
      always({ headers: { 'content-type': 'text/html' }, body: '<p>hidden-text' }),
      200,
      'text/html',
      'hidden-text',
    ],
    [
      'HTML with 404',
      always({ status: 404, headers: { 'content-type': 'text/html' }, body: '<p>hidden-text' }),
      404,
      'text/html',
      'hidden-text',
    ],
    ['an empty body', always({ headers: JSON_TYPE, body: '' }), 200, 'application/json', 'hidden-text'],
    ['a JSON array', always({ headers: JSON_TYPE, body: '["hidden-text"]' }), 200, 'application/json', 'hidden-text'],
    ['a JSON string', always({ headers: JSON_TYPE, body: '"hidden-text"' }), 200, 'application/json', 'hidden-text'],
    ['null', always({ headers: JSON_TYPE, body: 'null' }), 200, 'application/json', 'hidden-text'],
    [
      'JSON that ends too early',
      always({ headers: JSON_TYPE, body: '{"access_token":"hidden-text' }),
      200,
      'application/json',
      'hidden-text',
    ],
    [
      'VGS’s own sample with its comma too many',
      always({ headers: JSON_TYPE, body: '{"access_token":"hidden-text",}' }),
      200,
      'application/json',
      'hidden-text',
    ],
    ['400,000 brackets', always({ headers: JSON_TYPE, body: deep }), 200, 'application/json', 'hidden-text'],
    [
      'a redirect',
      always({ status: 302, headers: { location: 'http://hidden-text/' } }),
      302,
      'no content type',
      'hidden-text',
    ],
    [
      'a content type that repeats the secret',
      always({ headers: { 'content-type': `text/${SECRET.toLowerCase()}` }, body: 'hidden-text' }),
      200,
      'no content type',
      SECRET.toLowerCase(),
    ],
    [
      '2 MiB',
      always({ headers: JSON_TYPE, body: `{"access_token":"hidden-text","x":"${'x'.repeat(2 ** 21)}"}` }),
      200,
      'application/json',
      'hidden-text',
    ],
    [
      'a body that is cut off',
      (_, response) => {
        response.writeHead(200, { ...JSON_TYPE, 'content-length': '5000' });
        response.write('{"access_token":"hidden-text"', () => response.destroy());
        return undefined;
      },
      200,
      'application/json',
      'hidden-text',
    ],
  ];
  for (const [name, answer, status, type, hidden] of senseless) {
    it(`with ${name} is AUTH_BAD_RESPONSE with status and content type, never the body`, () =>
      assertBadResponse(answer, status, type, hidden));
  }

  it('of one byte more than 1 MiB is not read, even if it has a token', () => {
    const body = `{"access_token":"hidden-text"}${' '.repeat(2 ** 20)}`.slice(0, 2 ** 20 + 1);
    return assertBadResponse(always({ headers: JSON_TYPE, body }), 200, 'application/json', 'hidden-text');
  });

  it('of 401 with an empty body is distinguished from one with a body', async () => {
    assert.equal((await exchange(always({ status: 401 }))).read().refused?.reason, 'client-invalid');
    await assertBadResponse(always({ status: 401, body: 'hidden-text' }), 401, 'no content type', 'hidden-text');
  });

  it('that never ends is not read beyond 1 MiB', async () => {
    let written = 0;
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const answer: Answerer = (_, response) => {
      response.writeHead(200, JSON_TYPE);
      response.once('close', closed);
      const more = (): void => {
        if (response.destroyed) return;
        written += 65_536;
        response.write('x'.repeat(65_536), more);
      };
      more();
      return undefined;
    };
    const { reply } = await exchange(answer);
    assert.deepEqual([reply.unread?.code, reply.unread?.fault], ['AUTH_BAD_RESPONSE', 'reply-too-large']);
    await gone;
    assert.ok(written < 2 ** 26, `${written} bytes`);
  });
});
