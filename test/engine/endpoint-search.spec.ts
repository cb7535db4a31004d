import assert from 'node:assert/strict';
import { Engine } from '../../src/engine/engine.ts';
import { HttpTransport } from '../../src/http/transport.ts';
import { findTokenEndpoint } from '../../src/oauth/endpoint-search.ts';
import { checkAccount } from '../../src/vgs/check.ts';
import { checkServer } from '../../src/visual-guard/check.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { closeServers, type Received, serve, type TestServer } from '../support/servers.ts';
import { SETTINGS } from '../support/visual-guard.ts';
import '../support/rejections.ts';

/** The paths of Keycloak and of IdentityServer. */
const KEYCLOAK = {
  issuer: '/auth/realms/vgs',
  token: '/auth/realms/vgs/protocol/openid-connect/token',
  authorize: '/auth/realms/vgs/protocol/openid-connect/auth',
};
const IDENTITY_SERVER = { issuer: '/vg', token: '/vg/connect/token', authorize: '/vg/connect/authorize' };
const DOCUMENT = '/.well-known/openid-configuration';

describe('the search of a token endpoint', () => {
  afterEach(closeServers);

  /** A server with a discovery document. Any other path returns a web page. */
  async function serveIssuer(issuer: string, endpointOf: (origin: string) => unknown): Promise<TestServer> {
    const server: TestServer = await serve(({ path }: Received) =>
      path === issuer + DOCUMENT
        ? { body: { issuer: server.origin + issuer, token_endpoint: endpointOf(server.origin) } }
        : { status: 404, headers: { 'content-type': 'text/html' }, body: '<p>Not found' },
    );
    return server;
  }

  const search = ({ origin }: TestServer, path: string) =>
    findTokenEndpoint(origin + path, new HttpTransport(new URL(origin), {}, new FakeSystem()));

  for (const { issuer, token, authorize } of [KEYCLOAK, IDENTITY_SERVER]) {
    for (const [what, path, isIssuer] of [
      ['the issuer', issuer, true],
      ['the issuer with a slash', `${issuer}/`, true],
      ['the discovery document', issuer + DOCUMENT, false],
      ['the authorization endpoint', authorize, false],
      ['a wrong path', `${token}s`, false],
    ] as const) {
      it(`starts at ${what}: ${path}`, async () => {
        const server = await serveIssuer(issuer, (origin) => origin + token);
        assert.deepEqual(await search(server, path), { tokenEndpoint: server.origin + token, isIssuer });
        for (const { method, headers, text } of server.requests) {
          assert.deepEqual([method, headers.authorization, text], ['GET', undefined, '']);
        }
      });
    }
  }

  for (const [what, endpoint] of [
    ['another origin', () => 'https://elsewhere.example.org/token'],
    ['another port', (origin: string) => `${origin.slice(0, -1)}/token`],
    ['another scheme', () => 'javascript:alert(1)'],
    ['no text', () => ({})],
    ['the address itself', (origin: string) => origin],
  ] as const) {
    it(`finds nothing if the document names ${what}`, async () => {
      const server = await serveIssuer('', endpoint as (origin: string) => unknown);
      assert.equal(await search(server, ''), undefined);
    });
  }

  it('ends after five requests', async () => {
    const server = await serveIssuer('/a', (origin) => origin);
    assert.equal(await search(server, '/b/c/d/e/f/g/h'), undefined);
    assert.equal(server.requests.length, 5);
  });

  it('is part of the test of an account if the address does not answer like a token endpoint', async () => {
    const server = await serveIssuer(KEYCLOAK.issuer, (origin) => origin + KEYCLOAK.token);
    const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
    const settings = {
      tokenUrl: server.origin + KEYCLOAK.issuer,
      clientId: 'client',
      clientSecret: 'THE-SECRET',
      scope: '',
      clientAuth: 'body',
    } as const;
    const { tokenEndpoint, ...verdict } = (await checkAccount(settings, transport, new FakeSystem())) as {
      tokenEndpoint?: string;
      code?: string;
    };
    assert.deepEqual([verdict.code, tokenEndpoint], ['AUTH_BAD_RESPONSE', server.origin + KEYCLOAK.token]);
    server.answer = () => ({ status: 401, body: { error: 'invalid_client' } });
    assert.equal('tokenEndpoint' in (await checkAccount(settings, transport, new FakeSystem())), false);
  });

  for (const [path, isUsable] of [
    [IDENTITY_SERVER.token, true],
    ['/vg/oauth2/token', false],
  ] as const) {
    it(`is part of the test of a Visual Guard server, which ${isUsable ? 'can' : 'cannot'} use ${path}`, async () => {
      const server = await serveIssuer('/vg', (origin) => origin + path);
      const system = new FakeSystem();
      const transport = new HttpTransport(new URL(server.origin), {}, system);
      const settings = { ...SETTINGS, tokenUrl: `${server.origin}/vg/connect/authorize/connect/token` };
      const verdict = await checkServer(settings, transport, new Engine(100, system), false);
      assert.equal(verdict.tokenEndpoint, isUsable ? server.origin + path : undefined);
    });
  }
});
