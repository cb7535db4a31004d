import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { certificates } from '../support/certificates.ts';
import { httpRequest, type Message, place, wire } from '../support/flows.ts';
import { type Flow, load } from '../support/runtime.ts';
import { listen, serve, type TestServer } from '../support/servers.ts';

const BEARER = 'Bearer THE-TOKEN';

/**
 * What the help says about redirects. The core `http request` node follows them, so these tests show its behavior:
 * if one fails with a new Node-RED, the help has to change.
 */
describe('the header of attach bearer, when http request follows a redirect', () => {
  let first: TestServer;
  let second: TestServer;
  let target: string;

  beforeEach(async () => {
    first = await serve(() => ({ status: 302, headers: { location: target } }));
    second = await serve(() => ({ body: 'arrived' }));
  });

  const start = (): Promise<Flow> =>
    load([
      { id: 'tls', type: 'tls-config', verifyservercert: false, cert: '', key: '', ca: '', servername: '' },
      wire('attach-bearer', 'attach', ['call', 'out'], { source: 'msg', hosts: 'localhost, 127.0.0.1' }),
      httpRequest('call', 'out', { tls: 'tls' }),
      place('out'),
    ]);
  const request = (url: string, more: Message = {}): Message => ({
    url,
    method: 'GET',
    token: { access_token: 'THE-TOKEN' } as never,
    ...more,
  });
  const sentTo = (server: TestServer): unknown[] => server.requests.map(({ headers }) => headers.authorization);

  it('is sent to another path of the same server, too', async () => {
    first.answer = ({ path }) =>
      path === '/' ? { status: 302, headers: { location: '/elsewhere' } } : { body: 'arrived' };
    const flow = await start();
    assert.equal((await flow.ask('attach', request(first.origin))).msg.payload, 'arrived');
    assert.deepEqual(sentTo(first), [BEARER, BEARER]);
  });

  for (const [what, host] of [
    ['port', '127.0.0.1'],
    ['host name', 'localhost'],
  ])
    it(`is not sent to another ${what}`, async () => {
      target = `http://${host}:${second.port}/`;
      const flow = await start();
      assert.equal((await flow.ask('attach', request(first.origin))).msg.payload, 'arrived');
      assert.deepEqual([sentTo(first), sentTo(second)], [[BEARER], [undefined]]);
    });

  for (const status of [301, 302, 303, 307, 308])
    it(`is not sent to another port with a ${status} either`, async () => {
      first.answer = () => ({ status, headers: { location: second.origin } });
      const flow = await start();
      await flow.ask('attach', request(first.origin));
      assert.deepEqual(sentTo(second), [undefined]);
    });

  describe('from https to http of the same host and port', () => {
    let secure: TestServer;
    let both: ReturnType<typeof createServer>;
    let port: number;

    /** One port for both protocols: the first byte of TLS is 22. */
    beforeEach(async () => {
      secure = await serve(() => ({ status: 302, headers: { location: `http://localhost:${port}/` } }), {
        tls: certificates().server,
      });
      both = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (chunk) => {
          const inner = connect(chunk[0] === 22 ? secure.port : second.port, '127.0.0.1');
          inner.on('error', () => undefined);
          inner.write(chunk);
          socket.pipe(inner).pipe(socket);
        });
      });
      await listen(both as never);
      port = (both.address() as { port: number }).port;
    });
    afterEach(() => both.close());

    it('is sent, in clear: this package cannot prevent it', async () => {
      const flow = await start();
      assert.equal((await flow.ask('attach', request(`https://localhost:${port}/`))).msg.payload, 'arrived');
      assert.deepEqual([sentTo(secure), sentTo(second)], [[BEARER], [BEARER]]);
    });

    it('is not sent if msg.followRedirects is false', async () => {
      const flow = await start();
      const { msg } = await flow.ask('attach', request(`https://localhost:${port}/`, { followRedirects: false }));
      assert.equal(msg.statusCode, 302);
      assert.deepEqual([sentTo(secure), sentTo(second)], [[BEARER], []]);
    });
  });
});
