import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Engine } from '../../src/engine/engine.ts';
import { type FormRequest, HttpTransport } from '../../src/http/transport.ts';
import { sendWithRetries } from '../../src/oauth/token-endpoint.ts';
import { certificates } from '../support/certificates.ts';
import { FakeSystem, settle } from '../support/fake-system.ts';
import { closeProxies, serveProxy } from '../support/proxy-server.ts';
import { grant, RawServer, reply } from '../support/raw-server.ts';
import type { ScriptedReply } from '../support/scripted-transport.ts';
import { always, closeServers, serve } from '../support/servers.ts';
import { challenge, refreshed, SMS, signedIn, waiting } from '../support/vg-replies.ts';
import { ASK, isChallenged, isSignedIn, SETTINGS } from '../support/visual-guard.ts';
import '../support/rejections.ts';

/** How a server treats a second request on a connection. */
const SECOND: Record<string, (socket: Socket) => void> = {
  'resets the connection': (socket) => socket.resetAndDestroy(),
  'ends the connection': (socket) => socket.end(),
};

describe('a server that does not accept a second request on a connection', () => {
  let server: RawServer;
  /** The replies in the order in which they are sent, endlessly. */
  let replies: (() => Buffer)[] = [];
  let refuse: (socket: Socket) => void;

  beforeEach(async () => {
    const served = new WeakSet<Socket>();
    let next = 0;
    server = new RawServer((socket) => {
      if (served.has(socket)) return refuse(socket);
      served.add(socket);
      socket.write(replies[next++ % replies.length]?.() ?? '');
    });
    await server.start();
  });
  afterEach(() => server.stop());

  const bytesOf = ({ status = 200, body }: ScriptedReply): Buffer =>
    reply(JSON.stringify(body), ['connection: keep-alive'], `${status} X`);

  for (const [how, treat] of Object.entries(SECOND)) {
    it(`never fails a sign-in with a code (100 tried) or a renewal, if it ${how}`, async () => {
      refuse = treat;
      let tokens = 0;
      replies = [
        () => bytesOf(challenge([SMS])),
        () => bytesOf(waiting),
        () => bytesOf(signedIn(`access-${++tokens}`, { life: 0 })),
        () => bytesOf(refreshed(`access-${++tokens}`)),
      ];
      const system = new FakeSystem();
      const transport = new HttpTransport(new URL(server.origin), {}, system);
      const tokenUrl = `${server.origin}/connect/token`;
      const guarded = new Engine(1_000, system).holdServer({ ...SETTINGS, tokenUrl }, transport, '').value;
      for (let count = 1; count <= 100; count += 1) {
        const person = { user: `user-${count}`, password: 'a-password' };
        const { challenge: open } = isChallenged(await guarded.signIn(person, ASK), 'mfa-required');
        await open.choose('first');
        const { session } = isSignedIn(await open.submit('123456'));
        assert.equal((await session.ask()).token?.accessToken, `access-${2 * count}`);
      }
      assert.equal(server.requests, 400, 'each request was sent once');
      guarded.close();
      await settle();
    });

    it(`never fails client credentials if it ${how}: the request is sent again on another connection`, async () => {
      refuse = treat;
      replies = [() => reply(grant())];
      const system = new FakeSystem();
      const transport = new HttpTransport(new URL(server.origin), {}, system);
      const request = { url: server.origin, form: { grant_type: 'client_credentials' } };
      for (let count = 0; count < 20; count += 1) {
        for (const most of [1, 3]) {
          const { answer } = await system.until(sendWithRetries(transport, request, system, most));
          assert.ok(answer.granted);
        }
      }
      transport.close();
    });
  }
});

describe('a connection', () => {
  let server: RawServer;
  let system: FakeSystem;
  let transport: HttpTransport;

  beforeEach(async () => {
    server = new RawServer((socket) => socket.write(reply(grant())));
    await server.start();
    system = new FakeSystem();
    transport = new HttpTransport(new URL(server.origin), {}, system);
  });
  afterEach(async () => {
    transport.close();
    await closeProxies();
    await closeServers();
    await server.stop();
  });

  const send = async (more: Partial<FormRequest> = {}): Promise<void> => {
    const { status } = await transport.send({ url: server.origin, form: {}, ...more });
    assert.equal(status, 200);
    await settle();
  };

  it('is kept for requests that may be sent again', async () => {
    for (let count = 0; count < 5; count += 1) await send({ isRepeated: true });
    assert.equal(server.connections, 1);
  });

  it('serves one request, and is closed afterwards, if that may not be sent again', async () => {
    for (let count = 0; count < 5; count += 1) await send();
    assert.equal(server.connections, 5);
    while (server.open > 0) await settle();
  });

  it('is not used by a request that needs a connection of its own', async () => {
    await send({ isRepeated: true });
    await send();
    await send({ isRepeated: true });
    assert.equal(server.connections, 2);
  });

  it('is kept for 60 s, however often it is used', async () => {
    for (let at = 0; at < 60; at += 10) {
      await send({ isRepeated: true });
      await system.pass(10_000);
    }
    assert.equal(server.connections, 1);
    await send({ isRepeated: true });
    assert.equal(server.connections, 2);
    while (server.open > 1) await settle();
  });

  it('has a tunnel of its own for such a request', async () => {
    const { ca, server: tls } = certificates();
    const target = await serve(always({ body: { access_token: 'abc' } }), { tls });
    const proxy = await serveProxy();
    const through = new HttpTransport(
      new URL(target.origin),
      { tls: { ca }, proxy: { url: proxy.url, noProxy: [] } },
      system,
    );
    for (const isRepeated of [true, true, false, false]) {
      await through.send({ url: target.origin, form: {}, isRepeated });
      await settle();
    }
    assert.equal(target.requests.length, 4);
    assert.equal(proxy.connected.length, 3);
    through.close();
  });

  it('is not kept if the clock was set back', async () => {
    await send({ isRepeated: true });
    system.setClock(-1_000);
    await send({ isRepeated: true });
    assert.equal(server.connections, 2);
  });
});
