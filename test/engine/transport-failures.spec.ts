import assert from 'node:assert/strict';
import type { AuthError } from '../../src/core/errors.ts';
import type { AuthErrorCode } from '../../src/core/faults.ts';
import { type FormRequest, HttpTransport } from '../../src/http/transport.ts';
import { restoreEnvironment, withoutProxies } from '../support/environment.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { always, closedPort, closeServers, serve } from '../support/servers.ts';
import '../support/rejections.ts';

const SECRET = 'S3cret-value';
const TOKEN_JSON = JSON.stringify({ access_token: 'abc', token_type: 'bearer' });

describe('no reply over a real socket', () => {
  afterEach(() => {
    restoreEnvironment();
    return closeServers();
  });

  async function assertFails(sending: Promise<unknown>, code: AuthErrorCode, host: string): Promise<void> {
    await assert.rejects(sending, (error: AuthError) => {
      assert.equal(error.code, code);
      assert.ok(error.message.includes(host), error.message);
      assert.ok(!`${error.stack} ${JSON.stringify(error)}`.includes(SECRET));
      assert.equal(error.cause, undefined);
      return true;
    });
  }

  const request = (origin: string): FormRequest => ({ url: origin, form: { client_secret: SECRET } });

  it('because the connection is refused: AUTH_NETWORK', async () => {
    const host = `127.0.0.1:${await closedPort()}`;
    const transport = new HttpTransport(new URL(`http://${host}`), {}, new FakeSystem());
    await assertFails(transport.send(request(`http://${host}`)), 'AUTH_NETWORK', host);
  });

  it('because the host is unknown: AUTH_NETWORK', async () => {
    withoutProxies();
    const transport = new HttpTransport(new URL('http://nobody.localhost.invalid'), {}, new FakeSystem());
    await assertFails(
      transport.send(request('http://nobody.localhost.invalid')),
      'AUTH_NETWORK',
      'nobody.localhost.invalid',
    );
  });

  it('because the connection is reset: AUTH_NETWORK', async () => {
    const server = await serve((_, response) => {
      response.socket?.resetAndDestroy();
      return undefined;
    });
    const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
    await assertFails(transport.send(request(server.origin)), 'AUTH_NETWORK', server.host);
    assert.equal(server.requests.length, 1);
  });

  it('because the connection is closed before the answer: AUTH_NETWORK', async () => {
    const server = await serve((_, response) => {
      response.socket?.end();
      return undefined;
    });
    const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
    await assertFails(transport.send(request(server.origin)), 'AUTH_NETWORK', server.host);
  });

  it('because the server sends nothing: AUTH_TIMEOUT after 15 s, and the connection is closed', async () => {
    const system = new FakeSystem();
    const { server, arrival, gone } = await blackHole();
    const transport = new HttpTransport(new URL(server.origin), {}, system);
    const sending = transport.send(request(server.origin));
    sending.catch(() => undefined);
    await arrival;
    await system.pass(14_999);
    assert.equal(system.pending, 1);
    await system.pass(1);
    await assertFails(sending, 'AUTH_TIMEOUT', server.host);
    await gone;
  });

  it('because the body does not arrive: AUTH_TIMEOUT after the given time', async () => {
    const system = new FakeSystem();
    const { server, arrival, gone } = await blackHole((response) => response.writeHead(200).write('{'));
    const transport = new HttpTransport(new URL(server.origin), {}, system);
    const sending = transport.send({ ...request(server.origin), timeout: 2_000 });
    sending.catch(() => undefined);
    await arrival;
    await system.pass(2_000);
    await assert.rejects(sending, /did not respond within 2 s/);
    await gone;
  });

  it('because it was aborted here: the reason of the signal is thrown', async () => {
    const { server, arrival, gone } = await blackHole();
    const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
    const abort = new AbortController();
    const reason = new Error('closed');
    const sending = transport.send({ ...request(server.origin), signal: abort.signal });
    sending.catch(() => undefined);
    await arrival;
    abort.abort(reason);
    await assert.rejects(sending, (error) => error === reason);
    await gone;
  });

  it('because it was aborted before it began: nothing is sent', async () => {
    const server = await serve(always({ body: TOKEN_JSON }));
    const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
    const reason = new Error('closed');
    await assert.rejects(
      transport.send({ ...request(server.origin), signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
    assert.equal(server.requests.length, 0);
  });
});

/** A server that accepts a request and sends nothing, or only `begin`. */
async function blackHole(begin?: (response: import('node:http').ServerResponse) => void) {
  let arrived: () => void = () => undefined;
  let left: () => void = () => undefined;
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const gone = new Promise<void>((resolve) => {
    left = resolve;
  });
  const server = await serve((_, response) => {
    begin?.(response);
    response.once('close', left);
    arrived();
    return undefined;
  });
  return { server, arrival, gone };
}
