import assert from 'node:assert/strict';
import type { AuthError } from '../../src/core/errors.ts';
import { HttpTransport } from '../../src/http/transport.ts';
import { readTokenResponse } from '../../src/oauth/token-endpoint.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { grant, RawServer } from '../support/raw-server.ts';
import '../support/rejections.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const BODY = grant();
const LENGTH = `content-length: ${BODY.length}\r\n`;
const HIDDEN = 'hidden-text';

describe('an answer that breaks the rules of HTTP', () => {
  let server: RawServer;
  let bytes: string;

  beforeEach(async () => {
    server = new RawServer((socket) => socket.end(bytes, 'latin1'));
    await server.start();
  });
  afterEach(() => server.stop());

  /** @returns the result of the request */
  async function exchange(isRepeated: boolean): Promise<AuthError | undefined> {
    const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
    try {
      const reply = await transport.send({ url: server.origin, form: {}, isRepeated });
      readTokenResponse(reply, { host: server.host, isForUser: false, mayQuote: true });
      return undefined;
    } catch (failure) {
      return failure as AuthError;
    } finally {
      transport.close();
    }
  }

  const answers: Record<string, string> = {
    'another protocol': `SSH-2.0-${HIDDEN}\r\n`,
    'TLS where http was asked for': '\u0015\u0003\u0003\u0000\u0002\u0002\u0028',
    'HTTP of another version': `HTTP/7.3 200 OK\r\n${LENGTH}\r\n${BODY}`,
    'no status': `HTTP/1.1 OK\r\n${LENGTH}\r\n${BODY}`,
    'JSON without a head': BODY,
    'a header without a colon': `${OK}${LENGTH}${HIDDEN}\r\n\r\n${BODY}`,
    'a header with a control character': `${OK}${LENGTH}x: ${HIDDEN}\u0000\r\n\r\n${BODY}`,
    'a name with a blank': `${OK}${LENGTH}x y : ${HIDDEN}\r\n\r\n${BODY}`,
    'two lengths': `${OK}${LENGTH}content-length: 1\r\n\r\n${BODY}`,
    'a length that is no number': `${OK}content-length: many\r\n\r\n${BODY}`,
    'a length and chunks': `${OK}${LENGTH}transfer-encoding: chunked\r\n\r\n${BODY}`,
    'a header of 100 kB': `${OK}${LENGTH}set-cookie: ${'x'.repeat(100_000)}\r\n\r\n${BODY}`,
    '5,000 headers': `${OK}${LENGTH}${Array.from({ length: 5_000 }, (_, at) => `x-${at}: ${HIDDEN}\r\n`).join('')}\r\n${BODY}`,
    '101, for which nobody asked': 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    '100, for which nobody asked': `HTTP/1.1 100 Continue\r\n\r\n${OK}${LENGTH}\r\n${BODY}`,
    'chunks that are none': `${OK}transfer-encoding: chunked\r\n\r\n${HIDDEN}\r\n${BODY}\r\n0\r\n\r\n`,
  };
  for (const [name, answer] of Object.entries(answers)) {
    for (const isRepeated of [true, false]) {
      it(`is AUTH_BAD_RESPONSE, not AUTH_NETWORK: ${name}${isRepeated ? ', on a kept connection' : ''}`, async () => {
        bytes = answer;
        const error = await exchange(isRepeated);
        assert.equal(error?.code, 'AUTH_BAD_RESPONSE', error?.message);
        assert.match(error?.fault ?? '', /^reply-(malformed|unreadable)$/);
        assert.ok(error?.message.includes(server.host));
        assert.ok(!`${error?.stack}${JSON.stringify(error)}`.includes(HIDDEN), error?.stack);
        assert.equal(server.requests, 1, 'it is not sent again');
      });
    }
  }

  it('is read if it is unusual but valid', async () => {
    for (const answer of [
      `HTTP/1.0 200\r\n${LENGTH}\r\n${BODY}`,
      `HTTP/1.1 200 \r\nx:\r\nX-A:  b  \r\n${LENGTH}\r\n${BODY}`,
      `HTTP/1.1 200 OK\r\n\r\n${BODY}`,
      `${OK}set-cookie: ${'x'.repeat(15_000)}\r\n${LENGTH}\r\n${BODY}`,
    ]) {
      bytes = answer;
      assert.equal(await exchange(false), undefined, answer.slice(0, 40));
    }
  });
});
