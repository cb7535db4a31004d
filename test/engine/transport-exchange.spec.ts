import assert from 'node:assert/strict';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type FormRequest, HttpTransport } from '../../src/http/transport.ts';
import { certificates } from '../support/certificates.ts';
import { FakeSystem, settle } from '../support/fake-system.ts';
import { grant, RawServer, reply } from '../support/raw-server.ts';
import '../support/rejections.ts';

const request = (url: string): FormRequest => ({ url, form: { grant_type: 'client_credentials' } });

describe('an HTTP exchange', () => {
  const stops: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  async function raw(answer: (socket: Socket) => void): Promise<{ server: RawServer; transport: HttpTransport }> {
    const server = new RawServer(answer);
    await server.start();
    stops.push(() => server.stop());
    return { server, transport: new HttpTransport(new URL(server.origin), {}, new FakeSystem()) };
  }

  it('skips 1xx, which only announces a reply', async () => {
    const { server, transport } = await raw((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\ncontent-type: text/html\r\n\r\n');
      socket.write(reply(grant()));
    });
    const { status, contentType, body } = await transport.send(request(server.origin));
    assert.deepEqual([status, contentType, body?.token('access_token')], [200, 'application/json', 'a-token']);
  });

  it('has no reply if the connection is cut after 1xx and before the status', async () => {
    const { server, transport } = await raw((socket) => {
      socket.end('HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n');
    });
    await assert.rejects(transport.send(request(server.origin)), { code: 'AUTH_NETWORK', fault: 'connection-cut' });
  });

  it('ends with the body, and trailers change nothing', async () => {
    const { server, transport } = await raw((socket) => {
      const body = grant();
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n');
      socket.write(`trailer: content-type\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n`);
      socket.write('content-type: text/html\r\n\r\n');
    });
    for (const turn of [1, 2]) {
      const { contentType, body } = await transport.send({ ...request(server.origin), isRepeated: true });
      assert.deepEqual([contentType, body?.token('access_token')], ['application/json', 'a-token'], `turn ${turn}`);
      await settle();
    }
    assert.equal(server.open, 1, 'the connection serves again');
  });

  for (const [name, bytes] of Object.entries({
    'in the middle of its body': 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"acc',
    'in the middle of a chunk':
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"a',
  })) {
    it(`with a reply that is cut ${name} is a bad response, with its status and type`, async () => {
      const { server, transport } = await raw((socket) => socket.end(bytes));
      const { unread, body, status } = await transport.send(request(server.origin));
      assert.deepEqual([unread?.code, unread?.fault, body, status], ['AUTH_BAD_RESPONSE', 'reply-cut', undefined, 200]);
      const { host, status: told, contentType } = unread?.values ?? {};
      assert.deepEqual([host, told, contentType], [server.host, 200, 'application/json']);
    });
  }

  for (const [name, end] of Object.entries({
    'its caller gives up': (abort: AbortController) => abort.abort(new Error('the node was closed')),
    'its time is over': (_: AbortController, system: FakeSystem) => system.pass(15_000),
  })) {
    it(`ends at once if ${name} before there is a connection, and is not sent later`, async () => {
      const held = await heldTls();
      stops.push(held.stop);
      const system = new FakeSystem();
      const transport = new HttpTransport(new URL(held.origin), { tls: { ca: certificates().ca } }, system);
      const abort = new AbortController();
      const sending = transport.send({ ...request(held.origin), signal: abort.signal });
      const failed = assert.rejects(sending, /the node was closed|did not respond within 15 s/);
      const socket = await held.arrival;
      await end(abort, system);
      await failed;
      assert.equal(system.pending, 0, 'no timer is left');

      const gone = new Promise((resolve) => socket.once('close', resolve));
      held.goOn(socket);
      await gone;
      assert.equal(held.requests(), 0);
    });
  }
});

/** A TLS server that accepts a connection, and sends nothing until the test says so. */
async function heldTls() {
  let requests = 0;
  const { key, cert } = certificates().server;
  const https = createHttpsServer({ key, cert }, (_, response) => {
    requests += 1;
    response.end();
  });
  let arrived: (socket: Socket) => void = () => undefined;
  const arrival = new Promise<Socket>((resolve) => {
    arrived = resolve;
  });
  const server = createServer({ pauseOnConnect: true }, (socket) => arrived(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    arrival,
    goOn: (socket: Socket) => https.emit('connection', socket),
    requests: () => requests,
    stop: () => void server.close(),
  };
}
