import assert from 'node:assert/strict';
import type { ServerOptions } from 'node:https';
import { certificates } from '../support/certificates.ts';
import { assertFault } from '../support/faults.ts';
import type { Credentials, FlowNode } from '../support/flows.ts';
import { holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';
import { serveStrictTls } from '../support/strict-tls-server.ts';
import { grantsInTurn, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';

/** The core `tls-config` node, as the editor of either Node-RED writes it. */
function tlsConfig(properties: object = {}): FlowNode {
  return {
    ...{ id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', certname: '', keyname: '', caname: '' },
    ...{ servername: '', verifyservercert: true, alpnprotocol: '', ...properties },
  };
}

async function serveTls(tls: ServerOptions, port?: number): Promise<TestServer> {
  return serve(grantsInTurn(), { tls, ...(port ? { port } : {}) });
}

async function loadWith(server: TestServer, tls: FlowNode | undefined, tlsCredentials?: object): Promise<Flow> {
  const credentials: Credentials = { ...VGS_CREDENTIALS, ...(tlsCredentials ? { tls: { ...tlsCredentials } } : {}) };
  const nodes = vgsFlow(`${server.origin}/token`, tls ? { tls: 'tls' } : {});
  return load(tls ? [tls, ...nodes] : nodes, credentials);
}

describe('TLS', () => {
  const made = certificates();

  beforeEach(() => {
    holdTime();
  });

  it('refuses a certificate of an unknown authority', async () => {
    const server = await serveTls(made.server);
    const flow = await loadWith(server, undefined);

    assertFault(await flow.ask('get'), 'AUTH_TLS', server.host);
    assert.equal(server.requests.length, 0, 'no secret was sent');
  });

  it('accepts the authority of the TLS configuration', async () => {
    const server = await serveTls(made.server);
    const flow = await loadWith(server, tlsConfig(), { cadata: made.ca });

    assert.equal((await flow.ask('get')).at, 'token');
  });

  it('accepts any certificate if the TLS configuration does not verify it', async () => {
    const server = await serveTls(made.wrongName);
    const flow = await loadWith(server, tlsConfig({ verifyservercert: false }));

    assert.equal((await flow.ask('get')).at, 'token');
  });

  it('refuses a certificate with another name, and accepts it if that name is expected', async () => {
    const server = await serveTls(made.wrongName);
    const flow = await loadWith(server, tlsConfig(), { cadata: made.ca });
    assertFault(await flow.ask('get'), 'AUTH_TLS', server.host);

    await flow.deploy([
      tlsConfig({ servername: 'elsewhere.test' }),
      ...vgsFlow(`${server.origin}/token`, { tls: 'tls' }),
    ]);
    assert.equal((await flow.ask('get')).at, 'token');
  });

  it('refuses an expired certificate, and works after it was renewed', async () => {
    const server = await serveTls(made.expired);
    const flow = await loadWith(server, tlsConfig(), { cadata: made.ca });
    assertFault(await flow.ask('get'), 'AUTH_TLS', server.host);

    await server.close();
    await serveTls(made.server, server.port);
    assert.equal((await flow.ask('get')).at, 'token');
  });

  it('sends its own certificate to a server that requires one', async () => {
    const server = await serveTls({ ...made.server, ca: made.ca, requestCert: true, rejectUnauthorized: true });
    const flow = await loadWith(server, tlsConfig(), {
      cadata: made.ca,
      certdata: made.client.cert,
      keydata: made.client.key,
    });

    assert.equal((await flow.ask('get')).at, 'token');
    assert.equal(server.requests[0]?.client, 'flow');
  });

  it('reports that a server requires a certificate that is missing (TLS 1.2)', async () => {
    const strict = { ca: made.ca, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' as const };
    const server = await serveTls({ ...made.server, ...strict });
    const flow = await loadWith(server, tlsConfig(), { cadata: made.ca });

    assertFault(await flow.ask('get'), 'AUTH_TLS', server.host);
  });

  it('reports that a server requires a certificate that is missing (TLS 1.3)', async () => {
    const server = await serveStrictTls(made.server, made.ca);
    try {
      const nodes = vgsFlow(`https://localhost:${server.port}/token`, { tls: 'tls' });
      const flow = await load([tlsConfig(), ...nodes], { ...VGS_CREDENTIALS, tls: { cadata: made.ca } });

      assertFault(await flow.ask('get'), 'AUTH_TLS', `localhost:${server.port}`);
    } finally {
      await server.close();
    }
  });

  it('reports a TLS configuration whose files cannot be read, from the start', async () => {
    const server = await serveTls(made.server);
    const flow = await loadWith(server, tlsConfig({ ca: '/does/not/exist.pem' }));

    assert.match(flow.status('get'), /tls-invalid/);
    assertFault(await flow.ask('get'), 'AUTH_CONFIG', '"tls"');
  });

  it('reports a TLS configuration that is missing or is another node', async () => {
    const server = await serveTls(made.server);
    const flow = await load(vgsFlow(`${server.origin}/token`, { tls: 'not-there' }), VGS_CREDENTIALS);
    assert.match(flow.status('get'), /config-node-missing/);
    assertFault(await flow.ask('get'), 'AUTH_CONFIG', '"tls"');

    await flow.deploy(vgsFlow(`${server.origin}/token`, { tls: 'token' }));
    assertFault(await flow.ask('get'), 'AUTH_CONFIG', '"tls"');
  });
});
