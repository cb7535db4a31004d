import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, linkProject, NodeRed, type NodeRedVersion } from '../../scripts/node-red.ts';
import { closeServers, type Received, serve, type TestServer } from '../support/servers.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const bcrypt = createRequire(import.meta.url)('bcryptjs') as { hashSync(text: string, rounds: number): string };

const ROUTES = ['vgs-account/test', 'vg-server/test', 'auth-store/test', 'vgs-account/import'];
const STORED = '__PWRD__';
/** None of these may stand in any answer. */
const SECRETS = [
  'STORED-SECRET',
  'STORED-PASSWORD',
  'TYPED-SECRET',
  'TYPED-PASSWORD',
  'THE-TOKEN',
  'FROM-THE-VARIABLE',
];

// biome-ignore lint/suspicious/noExplicitAny: the body is JSON of many shapes.
type Answer = { status: number; body: any; text: string };

describe(`the routes of the dialogs in ${version}`, () => {
  let own: TestServer;
  let other: TestServer;
  let userDir: string;
  let nodeRed: NodeRed;
  let admin = '';
  let reader = '';

  before(async function () {
    this.timeout(60_000);
    own = await serve(answer);
    other = await serve(answer);
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-routes-'));
    linkProject(userDir);
    const password = bcrypt.hashSync('pass', 4);
    const user = (username: string, permissions: string): object => ({ username, password, permissions });
    nodeRed = await NodeRed.start({
      version,
      userDir,
      port: await freePort(),
      settings: {
        adminAuth: { type: 'credentials', users: [user('admin', '*'), user('reader', 'read')] },
        logging: { console: { level: 'info', metrics: false, audit: true } },
      },
      environment: { ROUTE_SECRET: 'FROM-THE-VARIABLE', ROUTE_HOST: own.origin, ROUTE_EMPTY: '' },
    });
    admin = await signIn('admin');
    reader = await signIn('reader');
    const flows = [
      { id: 'tab', type: 'tab', label: 'routes' },
      {
        id: 'account',
        type: 'vgs-account',
        tokenUrl: `${own.origin}/token`,
        scope: 'cards:write',
        clientAuth: 'body',
        credentials: { clientId: 'client', clientSecret: 'STORED-SECRET' },
      },
      {
        id: 'server',
        type: 'vg-server',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED resolves it.
        url: '${ROUTE_HOST}',
        applicationId: 'app',
        platform: 'Native',
        scope: 'openid',
        module: 'VGUser',
        mfaCredentials: 'none',
        credentials: { clientSecret: 'STORED-SECRET', username: 'robot', password: 'STORED-PASSWORD' },
      },
      // Its address was changed after the secret was typed in.
      {
        id: 'moved',
        type: 'vgs-account',
        tokenUrl: `${other.origin}/token`,
        credentials: { clientId: 'client', clientSecret: 'STORED-SECRET', secretFor: `${own.origin} client` },
      },
      { id: 'tls', type: 'tls-config', z: 'tab', cert: '', key: '', ca: '' },
      { id: 'proxy', type: 'http proxy', z: 'tab', url: own.origin, noproxy: [] },
    ];
    await nodeRed.admin('flows', { flows }, { authorization: `Bearer ${admin}` });
    await until(() => nodeRed.log.split('Started flows').length > 2, 40_000);
  });

  // The runtime's tests, in the same process, close every server after each test.
  beforeEach(async () => {
    await closeServers();
    own = await serve(answer, { port: own.port });
    other = await serve(answer, { port: other.port });
  });

  after(async () => {
    await nodeRed?.stop();
    await closeServers();
    rmSync(userDir, { recursive: true, force: true });
  });

  function answer({ method, form }: Received): { status?: number; body: object } {
    if (method === 'GET') return { body: { token_endpoint: 'x', grant_types_supported: ['VGAuthenticator'] } };
    if (form.get('grant_type') === 'VGAuthenticator' && !form.has('Username')) {
      return { status: 400, body: { error: 'invalid_grant' } };
    }
    return { body: { access_token: 'THE-TOKEN', expires_in: 300, token_type: 'Bearer', scope: 'cards:write' } };
  }

  async function signIn(username: string): Promise<string> {
    const scope = username === 'admin' ? '*' : 'read';
    const body = { client_id: 'node-red-editor', grant_type: 'password', scope, username, password: 'pass' };
    return ((await nodeRed.admin('auth/token', body)) as { access_token: string }).access_token;
  }

  async function post(path: string, body: unknown, token = admin, type = 'application/json'): Promise<Answer> {
    const response = await fetch(nodeRed.url + path, {
      method: 'POST',
      headers: { 'content-type': type, ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (path !== 'vgs-account/import') for (const secret of SECRETS) assert.ok(!text.includes(secret), text);
    return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : undefined };
  }

  /** The dialog of the deployed account, with changes. */
  function account(changes: object = {}): Promise<Answer> {
    return post('vgs-account/test', {
      id: 'account',
      tokenUrl: `${own.origin}/token`,
      scope: 'cards:write',
      clientAuth: 'body',
      proxy: '_ADD_',
      practice: false,
      clientId: 'client',
      clientSecret: STORED,
      ...changes,
    });
  }

  /** The dialog of the deployed server, with changes. */
  function server(changes: object = {}): Promise<Answer> {
    return post('vg-server/test', {
      id: 'server',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED resolves it.
      url: '${ROUTE_HOST}',
      applicationId: 'app',
      platform: 'Native',
      scope: 'openid',
      module: 'VGUser',
      mfaCredentials: 'none',
      clientSecret: STORED,
      username: 'robot',
      password: STORED,
      signIn: true,
      ...changes,
    });
  }

  it('are closed to those who may only read, and to nobody in particular', async () => {
    for (const path of ROUTES) {
      for (const token of [reader, '', 'made-up']) {
        const { status, body } = await post(path, { id: 'account', yaml: '' }, token);
        assert.deepEqual([status, body], [401, undefined], path);
      }
    }
    assert.equal(own.requests.length, 0);
  });

  it('answer a body that no dialog sends with 400 and a sentence', async () => {
    const nested = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    const bodies: unknown[] = [
      '[]',
      '{}',
      nested,
      { id: 1 },
      { id: 'account', tokenUrl: {} },
      { id: 'account', practice: 'true' },
      { id: 'account', more: 'TYPED-SECRET' },
      '{"id":"account","__proto__":{"practice":true}}',
      '{"id":"account","constructor":"x"}',
      { id: 'account', scope: 'x'.repeat(10_000) },
    ];
    for (const path of ROUTES) {
      for (const body of bodies) {
        const { status, body: said } = await post(path, body);
        assert.equal(status, 400, `${path} ${JSON.stringify(body).slice(0, 80)}`);
        assert.match(said.message, /^[A-Z].+\.$/);
        assert.match(said.error, /^test\.body\./);
      }
      const form = await post(path, 'id=account&yaml=x', admin, 'application/x-www-form-urlencoded');
      assert.equal(form.status, 400, 'a form could be posted from another site');
    }
    assert.equal((await post('vgs-account/import', { yaml: 'x'.repeat(70_000) })).status, 400);
    assert.equal(own.requests.length, 0);
  });

  it('test an account with its stored secret, and keep nothing', async () => {
    const { status, body } = await account();
    assert.equal(status, 200);
    assert.deepEqual(body, {
      clock: 0,
      practice: false,
      variables: [],
      state: 'signed-in',
      asked: ['cards:write'],
      granted: ['cards:write'],
      missing: [],
      lifetime: 300,
      host: own.host,
    });
    assert.equal(own.requests[0]?.form.get('client_secret'), 'STORED-SECRET');
  });

  it('leave a line at audit level for each test: what came of it, and who pressed the button', async () => {
    const lines = (): { result: string; path: string; user?: { username: string } }[] =>
      nodeRed.log
        .split('\n')
        .filter((line) => line.includes('"event":"vg-auth.test"'))
        .map((line) => JSON.parse(line.slice(line.indexOf('{'), line.lastIndexOf('}') + 1)));
    const before = lines().length;
    await account({ variablesOnly: true });
    await account();
    await account({ clientId: 'another' });
    await server();
    await server({ signIn: false });
    await until(() => lines().length >= before + 4);
    assert.deepEqual(
      lines()
        .slice(before)
        .map(({ path, result, user }) => [path, result, user?.username]),
      [
        ['/vgs-account/test', 'signed-in', 'admin'],
        ['/vgs-account/test', 'not-tried', 'admin'],
        ['/vg-server/test', 'signed-in', 'admin'],
        ['/vg-server/test', 'reached', 'admin'],
      ],
    );
    for (const secret of SECRETS) assert.ok(!nodeRed.log.includes(secret), secret);
  });

  it('send a stored secret to no other host or client', async () => {
    for (const changes of [
      { tokenUrl: `${other.origin}/token` },
      { tokenUrl: `${own.origin.replace('127.0.0.1', 'localhost')}/token` },
      { tokenUrl: `${own.origin.replace('http:', 'https:')}/token` },
      { clientId: 'another' },
      { id: 'not-deployed' },
      { id: 'server' },
    ]) {
      const { body } = await account(changes);
      assert.deepEqual(body.values, { property: 'clientSecret' }, JSON.stringify(changes));
      assert.equal(body.problem, 'secret-again');
    }
    for (const [changes, property] of [
      [{ url: other.origin }, 'clientSecret'],
      [{ url: own.origin }, 'clientSecret'],
      [{ applicationId: 'another' }, 'clientSecret'],
      [{ platform: 'SPA' }, 'clientSecret'],
      [{ url: other.origin, clientSecret: 'TYPED-SECRET' }, 'password'],
      [{ username: 'another' }, 'password'],
    ] as const) {
      const { body } = await server(changes);
      assert.deepEqual([body.problem, body.values], ['secret-again', { property }], JSON.stringify(changes));
    }
    assert.equal(other.requests.length + own.requests.length, 0);
  });

  it('send a secret where it was typed in for, which is not always where the node is deployed for', async () => {
    const { body } = await account({ id: 'moved', tokenUrl: `${other.origin}/token` });
    assert.deepEqual([body.problem, body.values], ['secret-again', { property: 'clientSecret' }]);
    assert.equal((await account({ id: 'moved' })).body.state, 'signed-in');
    assert.equal(other.requests.length, 0);
  });

  it('refuse a TLS or proxy node of another flow, as the deployed node does', async () => {
    for (const property of ['tls', 'proxy']) {
      for (const id of ['account', 'not-deployed']) {
        const { body } = await account({ id, [property]: property, clientSecret: 'TYPED-SECRET' });
        assert.deepEqual([body.fault, body.values], ['config-node-elsewhere', { property }], id);
      }
    }
    const inFlow = { id: 'not-deployed', z: 'tab', tls: 'tls', clientSecret: 'TYPED-SECRET' };
    const { text, body } = await account(inFlow);
    assert.equal(body.state, 'signed-in', text);
  });

  it('send what is typed wherever the dialog says', async () => {
    const { body } = await account({ tokenUrl: `${other.origin}/x/token`, clientSecret: 'TYPED-SECRET' });
    assert.equal(body.state, 'signed-in');
    assert.equal(other.requests[0]?.form.get('client_secret'), 'TYPED-SECRET');
    assert.equal((await account({ tokenUrl: `${own.origin}/other/path` })).body.state, 'signed-in');
  });

  it('resolve a variable that was typed, and name one that is not set', async () => {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
    for (const id of ['account', 'not-deployed']) {
      const { body } = await account({ id, clientSecret: '${ROUTE_SECRET}' });
      assert.equal(body.state, 'signed-in');
      assert.deepEqual(body.variables, [{ property: 'clientSecret', variable: 'ROUTE_SECRET', isSet: true }]);
    }
    assert.equal(own.requests[0]?.form.get('client_secret'), 'FROM-THE-VARIABLE');
    const { body } = await account({ scope: '$(ROUTE_MISSING)' });
    assert.deepEqual([body.fault, body.values], ['variable-missing', { property: 'scope', variable: 'ROUTE_MISSING' }]);
    const empty = (await account({ clientSecret: 'TYPED-SECRET', scope: '${ROUTE_EMPTY}' })).body;
    assert.deepEqual([empty.state, empty.asked], ['signed-in', []]);
    assert.deepEqual(empty.variables, [{ property: 'scope', variable: 'ROUTE_EMPTY', isSet: true }]);
    const inside = (await account({ tokenUrl: 'https://${ROUTE_HOST}/token' })).body;
    assert.deepEqual(
      [inside.fault, inside.values],
      ['variable-inside', { property: 'tokenUrl', variable: 'ROUTE_HOST' }],
    );
    const before = own.requests.length;
    const eye = { id: 'account', variablesOnly: true, clientId: '${ROUTE_SECRET}', scope: '${ROUTE_MISSING}' };
    const { variables } = (await post('vgs-account/test', eye)).body;
    assert.deepEqual(
      variables.map(({ variable, isSet }: { variable: string; isSet: boolean }) => [variable, isSet]),
      [
        ['ROUTE_SECRET', true],
        ['ROUTE_MISSING', false],
      ],
    );
    assert.equal(own.requests.length, before);
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
  });

  it('say that a TLS or proxy node is not deployed', async () => {
    for (const property of ['tls', 'proxy']) {
      const { body } = await account({ [property]: 'not-there' });
      assert.deepEqual([body.problem, body.values], ['not-deployed', { property }]);
    }
  });

  it('test a server, and sign the stored user in only where that is wished for', async () => {
    const without = await server({ signIn: false });
    assert.deepEqual([without.body.client, without.body.person], [{ state: 'known' }, undefined]);
    assert.ok(own.requests.every(({ form }) => !form.has('Password')));
    const { body } = await server();
    assert.deepEqual([body.grant, body.person.state], ['listed', 'signed-in']);
    assert.equal(own.requests.at(-1)?.form.get('Password'), 'STORED-PASSWORD');
    assert.equal(own.requests.at(-1)?.form.get('client_secret'), 'STORED-SECRET');
  });

  it('hint at a secret that looks pasted if it is refused', async () => {
    const refuses = (error: string) => () => ({ status: 400, body: { error } });
    own.answer = refuses('invalid_client');
    const { body } = await account({ clientSecret: 'TYPED-SECRET\n' });
    assert.deepEqual(
      [body.state, body.flaws],
      ['refused', [{ property: 'clientSecret', flaw: 'ends-with-line-break' }]],
    );
    assert.equal((await account()).body.flaws, undefined);
    const client = await server({ clientSecret: '"TYPED-SECRET"', signIn: false });
    assert.deepEqual(client.body.flaws, [{ property: 'clientSecret', flaw: 'quotes' }]);
    own.answer = answer;
    assert.equal((await account({ clientSecret: 'TYPED-SECRET\n' })).body.flaws, undefined, 'it was taken');
  });

  it('work with the practice server', async () => {
    const practice = { id: 'new', practice: true };
    assert.equal((await post('vgs-account/test', practice)).body.state, 'signed-in');
    const { body } = await post('vg-server/test', { ...practice, signIn: true, username: 'locked' });
    assert.equal(body.person.reason, 'account-locked');
  });

  it('import a file of the CLI, or say why not', async () => {
    const yaml = 'kind: ServiceAccount\ndata: {clientId: a, clientSecret: TYPED-SECRET, scopes: [cards:write]}';
    const { body } = await post('vgs-account/import', { yaml });
    assert.deepEqual([body.state, body.clientId, body.clientSecret], ['read', 'a', 'TYPED-SECRET']);
    const broken = await post('vgs-account/import', { yaml: `${yaml}: [TYPED-SECRET` });
    assert.deepEqual([broken.body.state, broken.text.includes('TYPED-SECRET')], ['unreadable', false]);
  });

  it('write no secret into the log', () => {
    for (const secret of SECRETS) assert.ok(!nodeRed.log.includes(secret), secret);
  });
});
