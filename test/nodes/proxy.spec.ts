import assert from 'node:assert/strict';
import { certificates } from '../support/certificates.ts';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import type { Credentials, FlowNode } from '../support/flows.ts';
import { holdTime } from '../support/held-time.ts';
import { closeProxies, serveProxy } from '../support/proxy-server.ts';
import { load } from '../support/runtime.ts';
import { closedPort, serve, type TestServer } from '../support/servers.ts';
import { grantsInTurn, serveTokens, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';

const TLS: FlowNode = { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: true };

/** The core `http proxy` node. */
function httpProxy(url: string, noproxy: string[] = []): FlowNode {
  return { id: 'proxy', type: 'http proxy', name: '', url, noproxy };
}

function flowOf(server: TestServer, proxy?: FlowNode): FlowNode[] {
  const nodes = vgsFlow(`${server.origin}/token`, { tls: 'tls', ...(proxy ? { proxy: 'proxy' } : {}) });
  return [TLS, ...(proxy ? [proxy] : []), ...nodes];
}

describe('a proxy', () => {
  const made = certificates();
  const credentials: Credentials = { ...VGS_CREDENTIALS, tls: { cadata: made.ca } };
  const withUser: Credentials = { ...credentials, proxy: { username: 'robot', password: 'THE-PROXY-PASSWORD' } };
  let server: TestServer;

  beforeEach(async () => {
    holdTime();
    server = await serve(grantsInTurn(), { tls: made.server });
  });

  it('is asked to tunnel, with user and password', async () => {
    const proxy = await serveProxy('robot', 'THE-PROXY-PASSWORD');
    const flow = await load(flowOf(server, httpProxy(proxy.url)), withUser);

    assert.equal((await flow.ask('get')).at, 'token');

    const authorization = `Basic ${Buffer.from('robot:THE-PROXY-PASSWORD').toString('base64')}`;
    assert.deepEqual(proxy.connected, [{ target: server.host, authorization }]);
    assert.equal(server.requests[0]?.headers['proxy-authorization'], undefined, 'the server must not see it');
  });

  it('is asked without a user if none is set', async () => {
    const proxy = await serveProxy();
    const flow = await load(flowOf(server, httpProxy(proxy.url)), credentials);

    assert.equal((await flow.ask('get')).at, 'token');
    assert.deepEqual(proxy.connected, [{ target: server.host, authorization: undefined }]);
  });

  it('that requires another password is reported, and the next message works after that was fixed', async () => {
    const proxy = await serveProxy('robot', 'another');
    const flow = await load(flowOf(server, httpProxy(proxy.url)), withUser);

    const arrival = await flow.ask('get');
    assertFault(arrival, 'AUTH_PROXY', server.host);
    assert.match(arrival.msg.error?.message ?? '', /407/);
    assert.equal(server.requests.length, 0);
  });

  for (const status of [403, 502, 503]) {
    it(`that refuses with ${status} is reported, and the next message works after that was fixed`, async () => {
      const proxy = await serveProxy();
      proxy.status = status;
      const flow = await load(flowOf(server, httpProxy(proxy.url)), credentials);

      const arrival = await flow.ask('get');
      assertFault(arrival, 'AUTH_PROXY', server.host);
      assert.match(arrival.msg.error?.message ?? '', new RegExp(`${status}`));

      proxy.status = 200;
      assert.equal((await flow.ask('get')).at, 'token');
    });
  }

  it('that is down is reported', async () => {
    const flow = await load(flowOf(server, httpProxy(`http://127.0.0.1:${await closedPort()}`)), credentials);

    assertFault(await flow.ask('get'), 'AUTH_PROXY', server.host);
    assert.equal(server.requests.length, 0, 'it is not gone around');
  });

  it('whose name is unknown is reported', async () => {
    const flow = await load(flowOf(server, httpProxy('http://no-such-proxy.invalid:3128')), credentials);

    assertFault(await flow.ask('get'), 'AUTH_PROXY', server.host);
  });

  it('that goes down between two tokens is reported', async () => {
    const proxy = await serveProxy();
    const flow = await load(flowOf(server, httpProxy(proxy.url)), credentials);
    server.answer = grantsInTurn({ expires_in: 'none' });
    assert.equal((await flow.ask('get')).at, 'token');

    await closeProxies();
    const { at, msg } = await flow.ask('get');
    assert.equal(at, 'caught');
    assert.match(msg.error?.code ?? '', /^AUTH_(PROXY|NETWORK)$/);
  });

  it('is not used for the hosts of its list', async () => {
    const proxy = await serveProxy();
    const flow = await load(flowOf(server, httpProxy(proxy.url, ['example.org', 'localhost'])), credentials);

    assert.equal((await flow.ask('get')).at, 'token');
    assert.deepEqual(proxy.connected, []);
  });

  it('never gets an http request to this machine: the secret would leave the machine in clear', async () => {
    const proxy = await serveProxy();
    const plain = await serveTokens();
    const flow = await load(
      [httpProxy(proxy.url), ...vgsFlow(`${plain.origin}/token`, { proxy: 'proxy' })],
      VGS_CREDENTIALS,
    );

    assert.equal((await flow.ask('get')).at, 'token');
    assert.deepEqual(proxy.connected, []);
  });

  it('of the environment is used if no proxy node is named', async () => {
    const proxy = await serveProxy();
    setEnvironment({ HTTPS_PROXY: proxy.url });
    const flow = await load(flowOf(server), credentials);

    assert.equal((await flow.ask('get')).at, 'token');
    assert.equal(proxy.connected.length, 1);
  });

  it('of the environment is not used for NO_PROXY', async () => {
    const proxy = await serveProxy();
    setEnvironment({ HTTPS_PROXY: proxy.url, NO_PROXY: 'localhost' });
    const flow = await load(flowOf(server), credentials);

    assert.equal((await flow.ask('get')).at, 'token');
    assert.deepEqual(proxy.connected, []);
  });

  it('of a proxy node takes precedence over the environment, and so does its list', async () => {
    const [ofNode, ofEnvironment] = [await serveProxy(), await serveProxy()];
    setEnvironment({ HTTPS_PROXY: ofEnvironment.url, NO_PROXY: 'localhost' });
    const flow = await load(flowOf(server, httpProxy(ofNode.url)), credentials);

    assert.equal((await flow.ask('get')).at, 'token');
    assert.equal(ofNode.connected.length, 1);
    assert.deepEqual(ofEnvironment.connected, []);
  });

  for (const url of ['', 'not an address']) {
    it(`with the address "${url}" is an error of the configuration, from the start`, async () => {
      const flow = await load(flowOf(server, httpProxy(url)), credentials);

      assert.match(flow.status('get'), /proxy-invalid/);
      assertFault(await flow.ask('get'), 'AUTH_CONFIG', '"proxy"');
      assert.equal(server.requests.length, 0);
    });
  }

  it('whose node is missing is an error of the configuration', async () => {
    const nodes = [TLS, ...vgsFlow(`${server.origin}/token`, { tls: 'tls', proxy: 'gone' })];
    const flow = await load(nodes, credentials);

    assertFault(await flow.ask('get'), 'AUTH_CONFIG', '"proxy"');
  });
});
