import assert from 'node:assert/strict';
import type { AuthError } from '../../src/core/errors.ts';
import { HttpTransport } from '../../src/http/transport.ts';
import { certificates } from '../support/certificates.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { closeProxies, serveProxy } from '../support/proxy-server.ts';
import { closedPort, closeServers, serve } from '../support/servers.ts';
import { serveStrictTls } from '../support/strict-tls-server.ts';
import '../support/rejections.ts';

/** Plain http to a host that is not this machine goes to a proxy without a tunnel. */
const PLAIN = 'http://tokens.example.test';

async function sendBy(proxy: string, url = PLAIN, tls?: object, noProxy: string[] = []) {
  const transport = new HttpTransport(new URL(url), { tls, proxy: { url: proxy, noProxy } }, new FakeSystem());
  return transport.send({ url, form: { client_secret: 'S3cret-value' } });
}

describe('a request through a proxy', () => {
  afterEach(async () => {
    await closeProxies();
    await closeServers();
  });

  it('over plain http reports that the proxy is down', async () => {
    const sending = sendBy(`http://127.0.0.1:${await closedPort()}`);
    await assert.rejects(sending, { code: 'AUTH_PROXY', fault: 'proxy-unreachable' });
  });

  it('over plain http reports that the name of the proxy is unknown', async () => {
    const sending = sendBy('http://no-such-proxy.invalid:3128');
    await assert.rejects(sending, { code: 'AUTH_PROXY', fault: 'proxy-unreachable' });
  });

  it('over plain http reports that the proxy requires a login, and reads nothing of its reply', async () => {
    const proxy = await serve(() => ({ status: 407, body: 'x'.repeat(100_000) }));
    await assert.rejects(sendBy(proxy.origin), { code: 'AUTH_PROXY', fault: 'proxy-login' });
  });

  it('over plain http reaches its server', async () => {
    const proxy = await serve(() => ({ body: { access_token: 'abc' } }));
    assert.equal((await sendBy(proxy.origin)).body?.token('access_token'), 'abc');
    assert.equal(proxy.requests[0]?.path, `${PLAIN}/`);
  });

  it('reports that a server behind the proxy requires a client certificate (TLS 1.3)', async () => {
    const { server: pair, ca } = certificates();
    const [proxy, server] = [await serveProxy(), await serveStrictTls(pair, ca)];
    try {
      const sending = sendBy(proxy.url, `https://localhost:${server.port}/token`, { ca });
      await assert.rejects(sending, (error: AuthError) => {
        assert.deepEqual([error.code, error.fault], ['AUTH_TLS', 'certificate-wanted']);
        return true;
      });
      assert.equal(proxy.connected.length, 1);
    } finally {
      await server.close();
    }
  });

  it('reports that the certificate behind the proxy has another name', async () => {
    const { wrongName, ca } = certificates();
    const [proxy, server] = [await serveProxy(), await serve(() => ({ body: {} }), { tls: wrongName })];
    await assert.rejects(sendBy(proxy.url, `${server.origin}/token`, { ca }), { fault: 'certificate-name' });
  });
});
