import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { certificates } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { closeProxies, serveProxy } from '../support/proxy-server.ts';
import { closeServers, type Received, serve, silent, type TestServer } from '../support/servers.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

type Step = { step: string; state: string; message: string; status?: number };
// biome-ignore lint/suspicious/noExplicitAny: the reply is JSON of many shapes.
type Reply = { state: string; message: string; steps: Step[] } & Record<string, any>;

const SECRETS = /THE-TOKEN|THE-SECRET|THE-PASSWORD|THE-REFRESH/;

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
describe(`the steps of a test in ${version}`, () => {
  const made = certificates();
  let userDir: string;
  let nodeRed: NodeRed;
  let tokens: TestServer;
  let api: TestServer;
  /** With a certificate, for `localhost`. */
  let secureTokens: TestServer;
  let secureApi: TestServer;
  let proxyPort: number;

  before(async function () {
    this.timeout(60_000);
    await start();
    proxyPort = await freePort();
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-steps-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir, environment: { STEP_EMPTY: '', STEP_TRUE: 'true' } });
    const account = { type: 'vgs-account', tokenUrl: `${tokens.origin}/token`, scope: 'cards:write' };
    const credentials = { clientId: 'client', clientSecret: 'THE-SECRET' };
    const server = { type: 'vg-server', url: tokens.origin, applicationId: 'app' };
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'steps' },
      { id: 'plain', ...account, credentials },
      { id: 'with-api', ...account, testUrl: `${api.origin}/me`, credentials },
      { id: 'no-secret', ...account, testUrl: `${api.origin}/me`, credentials: { clientId: 'client' } },
      {
        id: 'server',
        ...server,
        testUrl: `${api.origin}/me`,
        credentials: { clientSecret: 'THE-SECRET', username: 'robot', password: 'THE-PASSWORD' },
      },
      { id: 'by-variable', ...account, practice: '${STEP_EMPTY}', credentials },
      { id: 'proxy', type: 'http proxy', url: `http://127.0.0.1:${proxyPort}`, noproxy: [] },
      {
        id: 'tls',
        type: 'tls-config',
        cert: '',
        key: '',
        ca: '',
        verifyservercert: true,
        credentials: { cadata: made.ca },
      },
    ]);
  });

  /** The ports stay, because every other test of this process closes the servers. */
  async function start(): Promise<void> {
    tokens = await serve(grants, tokens && { port: tokens.port });
    api = await serve(() => ({ body: {} }), api && { port: api.port });
    const tls = { tls: { ...made.server, ca: made.ca, requestCert: true, rejectUnauthorized: false } };
    secureTokens = await serve(grants, { ...tls, ...(secureTokens && { port: secureTokens.port }) });
    secureApi = await serve(() => ({ body: {} }), { ...tls, ...(secureApi && { port: secureApi.port }) });
  }

  beforeEach(async () => {
    await closeServers();
    await start();
  });

  after(async () => {
    await nodeRed?.stop();
    await closeServers();
    await closeProxies();
    rmSync(userDir, { recursive: true, force: true });
  });

  function grants({ method, path, form }: Received) {
    if (method === 'GET') return { status: 404, body: '' };
    if (path.endsWith('/revocation')) return { body: '' };
    if (form.get('grant_type') === 'VGAuthenticator' && !form.has('Username')) {
      return { status: 400, body: { error: 'invalid_grant' } };
    }
    return { body: { access_token: 'THE-TOKEN', refresh_token: 'THE-REFRESH', expires_in: 300, scope: 'cards:write' } };
  }

  async function test(type: string, body: object): Promise<Reply> {
    const response = await fetch(`${nodeRed.url}${type}/test`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.doesNotMatch(text, SECRETS);
    const reply = JSON.parse(text) as Reply;
    for (const { step, state, message, status, ...more } of reply.steps) {
      assert.deepEqual(more, {}, 'a step has no other property');
      assert.ok(['ok', 'failed', 'skipped'].includes(state));
      assert.match(message, /^\S.+/);
      assert.equal(typeof status, step === 'api' && status !== undefined ? 'number' : 'undefined');
    }
    assert.match(reply.message, /^\S.+/);
    return reply;
  }

  /** The dialog of a new account. */
  function account(changes: object = {}): Promise<Reply> {
    const typed = { id: 'new', tokenUrl: `${tokens.origin}/token`, clientId: 'client', clientSecret: 'THE-SECRET' };
    return test('vgs-account', { ...typed, ...changes });
  }

  const states = ({ steps }: Reply): string[] => steps.map(({ step, state }) => `${step} ${state}`);

  it('use the deployed settings if the request has only the ID', async () => {
    const reply = await test('vgs-account', { id: 'plain' });
    assert.deepEqual([reply.state, states(reply)], ['signed-in', ['settings ok', 'token ok']]);
    assert.equal(tokens.requests[0]?.form.get('client_secret'), 'THE-SECRET');
    assert.equal(tokens.requests[0]?.form.get('scope'), 'cards:write');

    const whole = await test('vgs-account', { id: 'with-api' });
    assert.deepEqual(states(whole), ['settings ok', 'token ok', 'api ok']);
    assert.equal(whole.steps[2]?.status, 200);
    assert.equal(whole.message, whole.steps[2]?.message);
    assert.deepEqual(
      api.requests.map(({ method, path, headers }) => [method, path, headers.authorization]),
      [['GET', '/me', 'Bearer THE-TOKEN']],
    );
  });

  it('of a deployed account without a secret end at the settings', async () => {
    const reply = await test('vgs-account', { id: 'no-secret' });
    assert.deepEqual(states(reply), ['settings failed', 'token skipped', 'api skipped']);
    assert.match(reply.message, /"clientSecret" is not set/);
    assert.equal(tokens.requests.length + api.requests.length, 0);
  });

  it('of a deployed server sign the stored user in only with signIn', async () => {
    const without = await test('vg-server', { id: 'server' });
    assert.deepEqual([without.state, states(without)], ['reached', ['settings ok', 'token skipped', 'api skipped']]);
    assert.ok(tokens.requests.every(({ form }) => !form.has('Password')));

    const reply = await test('vg-server', { id: 'server', signIn: true });
    assert.deepEqual([reply.state, states(reply)], ['signed-in', ['settings ok', 'token ok', 'api ok']]);
    assert.equal(tokens.requests.find(({ form }) => form.has('Password'))?.form.get('Username'), 'robot');
    assert.equal(api.requests[0]?.headers.authorization, 'Bearer THE-TOKEN');
    assert.equal(tokens.requests.at(-1)?.path, '/connect/revocation', 'and out again');
  });

  it('accept a variable for a checkbox', async () => {
    const reply = await test('vgs-account', { id: 'by-variable' });
    assert.deepEqual([reply.state, reply.practice], ['signed-in', false]);
    const inDialog = await test('vgs-account', { id: 'new', practice: '${STEP_TRUE}' });
    assert.deepEqual([inDialog.state, inDialog.practice], ['signed-in', true]);
  });

  it('have the reason of a refusal, and skip the API', async () => {
    tokens.answer = () => ({ status: 401, body: { error: 'invalid_client', error_description: 'Client disabled' } });
    const reply = await account({ testUrl: `${api.origin}/me` });
    assert.deepEqual([reply.state, states(reply)], ['refused', ['settings ok', 'token failed', 'api skipped']]);
    assert.match(reply.message, /\(invalid_client: Client disabled\)$/);
    assert.equal(api.requests.length, 0);
  });

  it('report an API that answers with anything else than 2xx as failed, with its status', async () => {
    for (const status of [204, 201]) {
      api.answer = () => ({ status });
      assert.deepEqual((await account({ testUrl: api.origin })).steps[2]?.status, status);
    }
    for (const status of [302, 401, 403, 404, 500]) {
      api.answer = () => ({ status, headers: { location: `${api.origin}/elsewhere` }, body: 'THE-TOKEN' });
      const reply = await account({ testUrl: `${api.origin}/me` });
      assert.deepEqual([reply.state, states(reply)], ['signed-in', ['settings ok', 'token ok', 'api failed']]);
      assert.equal(reply.steps[2]?.status, status);
      assert.match(reply.message, new RegExp(`responded with status ${status}`));
    }
    assert.ok(
      api.requests.every(({ path }) => path !== '/elsewhere'),
      'no redirect is followed',
    );
  });

  it('do not read the body of an API', async () => {
    api.answer = (_, response) => {
      response.writeHead(200, { 'content-length': '1000000000' });
      response.write('x');
      return undefined;
    };
    assert.equal((await account({ testUrl: api.origin })).steps[2]?.state, 'ok');
  });

  it('report why an API cannot be reached', async () => {
    const { port } = api;
    await api.close();
    const reply = await account({ testUrl: `http://127.0.0.1:${port}/me` });
    assert.deepEqual(states(reply), ['settings ok', 'token ok', 'api failed']);
    assert.match(reply.message, /refused the connection/);
    assert.equal(reply.steps[2]?.status, undefined);
    assert.equal((await account({ testUrl: 'https://no-such-api.invalid' })).steps[2]?.state, 'failed');
  });

  it('require https for an API on another machine, and a valid address', async () => {
    for (const [testUrl, fault] of [
      ['http://api.example.org/me', /"testUrl" is an http address/],
      ['api.example.org', /"testUrl" is not a valid web address/],
      ['https://user:pass@api.example.org', /"testUrl" contains a username or a password/],
      ['https://${HOST}/me', /"testUrl" contains the variable HOST inside/],
    ] as const) {
      const reply = await account({ testUrl });
      assert.deepEqual(states(reply), ['settings failed', 'token skipped', 'api skipped']);
      assert.match(reply.message, fault);
    }
    assert.equal(tokens.requests.length, 0);
  });

  it('use the TLS configuration for an API only on the host of the token endpoint', async () => {
    const secure = { tls: 'tls', tokenUrl: `${secureTokens.origin}/token` };
    assert.equal((await account({ ...secure, testUrl: secureApi.origin })).steps[2]?.state, 'ok');
    const other = secureApi.origin.replace('localhost', '127.0.0.1');
    const reply = await account({ ...secure, testUrl: other });
    assert.deepEqual([reply.steps[2]?.state, reply.api.fault], ['failed', 'certificate-unknown']);
  });

  it('use the proxy for an API', async () => {
    const proxy = await serveProxy('', '', proxyPort);
    const testUrl = `http://api.example.test:${api.port}/me`;
    const reply = await account({ proxy: 'proxy', insecureHttp: true, testUrl });
    assert.equal(reply.steps[2]?.state, 'ok', reply.message);
    assert.equal(proxy.connected[0]?.target, `api.example.test:${api.port}`);
  });

  it('send the request for an API to the practice server instead, and report that', async () => {
    const practice = { id: 'new', practice: true, testUrl: `${api.origin}/me` };
    for (const [type, body] of [
      ['vgs-account', practice],
      ['vg-server', { ...practice, signIn: true }],
    ] as const) {
      const reply = await test(type, body);
      assert.deepEqual(states(reply), ['settings ok', 'token ok', 'api ok']);
      assert.match(reply.message, /practice server/);
    }
    assert.equal(api.requests.length, 0);
  });

  it('of a challenge have no token', async () => {
    const reply = await test('vg-server', { id: 'new', practice: true, signIn: true, username: 'sms' });
    assert.deepEqual([reply.state, states(reply)], ['mfa-required', ['settings ok', 'token failed']]);
  });

  it('name the token endpoint if the address is the issuer', async () => {
    tokens.answer = ({ path }) =>
      path === '/realms/vgs/.well-known/openid-configuration'
        ? { body: { issuer: `${tokens.origin}/realms/vgs`, token_endpoint: `${tokens.origin}/realms/vgs/token` } }
        : { status: 404, body: { error: 'Unable to find matching target resource method' } };
    const reply = await account({ tokenUrl: `${tokens.origin}/realms/vgs` });
    assert.deepEqual([reply.state, reply.code], ['failed', 'AUTH_BAD_RESPONSE']);
    assert.equal(reply.tokenEndpoint, `${tokens.origin}/realms/vgs/token`);
    assert.match(reply.message, /This is the issuer. Its token endpoint is http:\S+\/realms\/vgs\/token$/);
    assert.match(reply.message, /Unable to find matching target resource method/);
    const [, ...searched] = tokens.requests;
    for (const { headers, text } of searched) assert.deepEqual([headers.authorization, text], [undefined, '']);
  });

  it('of a server that does not answer end in time', async () => {
    api.answer = silent;
    const reply = await account({ testUrl: api.origin });
    assert.equal(reply.steps[2]?.state, 'failed');
    assert.match(reply.message, /did not respond within 15 s/);
  }).timeout(40_000);

  it('of a store are its settings', async () => {
    const reply = await test('auth-store', { id: 'new', kind: 'redis', url: 'nonsense' });
    assert.deepEqual([reply.state, states(reply)], ['failed', ['settings failed', 'token skipped']]);
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
