import assert from 'node:assert/strict';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { answer, DialogRoutes, SECRETS } from '../support/dialog-routes.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

const ROUTES = ['vgs-account/test', 'vg-server/test', 'auth-store/test', 'vgs-account/import'];

describe(`the routes of the dialogs in ${version}`, () => {
  let routes: DialogRoutes;

  before(async function () {
    this.timeout(60_000);
    routes = await DialogRoutes.start(version);
  });

  beforeEach(() => routes.serveAgain());

  after(() => routes?.stop());

  it('are closed to users who may only read, and to anonymous requests', async () => {
    for (const path of ROUTES) {
      for (const token of [routes.reader, '', 'made-up']) {
        const { status, body } = await routes.post(path, { id: 'account', yaml: '' }, token);
        assert.deepEqual([status, body], [401, undefined], path);
      }
    }
    assert.equal(routes.own.requests.length, 0);
  });

  it('answer a body that no dialog sends with 400 and a message', async () => {
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
        const { status, body: said } = await routes.post(path, body);
        assert.equal(status, 400, `${path} ${JSON.stringify(body).slice(0, 80)}`);
        assert.match(said.message, /^[A-Z].+\.$/);
        assert.match(said.error, /^test\.body\./);
      }
      const form = await routes.post(path, 'id=account&yaml=x', routes.admin, 'application/x-www-form-urlencoded');
      assert.equal(form.status, 400, 'a form could be posted from another site');
    }
    assert.equal((await routes.post('vgs-account/import', { yaml: 'x'.repeat(70_000) })).status, 400);
    assert.equal(routes.own.requests.length, 0);
  });

  it('test an account with its stored secret, and keep nothing', async () => {
    const { status, body } = await routes.account();
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
      host: routes.own.host,
      message: `Signed in at ${routes.own.host}.`,
      steps: [
        { step: 'settings', state: 'ok', message: 'The settings are complete.' },
        { step: 'token', state: 'ok', message: `Signed in at ${routes.own.host}.` },
      ],
    });
    assert.equal(routes.own.requests[0]?.form.get('client_secret'), 'STORED-SECRET');
  });

  it('write an audit line for each test: its result, and who pressed the button', async () => {
    const lines = (): { result: string; path: string; user?: { username: string } }[] =>
      routes.nodeRed.log
        .split('\n')
        .filter((line) => line.includes('"event":"vg-auth.test"'))
        .map((line) => JSON.parse(line.slice(line.indexOf('{'), line.lastIndexOf('}') + 1)));
    const before = lines().length;
    await routes.account({ variablesOnly: true });
    await routes.account();
    await routes.account({ clientId: 'another' });
    await routes.server();
    await routes.server({ signIn: false });
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
    for (const secret of SECRETS) assert.ok(!routes.nodeRed.log.includes(secret), secret);
  });

  it('resolve a variable that was typed, and name one that is not set', async () => {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
    for (const id of ['account', 'not-deployed']) {
      const { body } = await routes.account({ id, clientSecret: '${ROUTE_SECRET}' });
      assert.equal(body.state, 'signed-in');
      assert.deepEqual(body.variables, [{ property: 'clientSecret', variable: 'ROUTE_SECRET', isSet: true }]);
    }
    assert.equal(routes.own.requests[0]?.form.get('client_secret'), 'FROM-THE-VARIABLE');
    const { body } = await routes.account({ scope: '$(ROUTE_MISSING)' });
    assert.deepEqual([body.fault, body.values], ['variable-missing', { property: 'scope', variable: 'ROUTE_MISSING' }]);
    const empty = (await routes.account({ clientSecret: 'TYPED-SECRET', scope: '${ROUTE_EMPTY}' })).body;
    assert.deepEqual([empty.state, empty.asked], ['signed-in', []]);
    assert.deepEqual(empty.variables, [{ property: 'scope', variable: 'ROUTE_EMPTY', isSet: true }]);
    const inside = (await routes.account({ tokenUrl: 'https://${ROUTE_HOST}/token' })).body;
    assert.deepEqual(
      [inside.fault, inside.values],
      ['variable-inside', { property: 'tokenUrl', variable: 'ROUTE_HOST' }],
    );
    const before = routes.own.requests.length;
    const eye = { id: 'account', variablesOnly: true, clientId: '${ROUTE_SECRET}', scope: '${ROUTE_MISSING}' };
    const { variables } = (await routes.post('vgs-account/test', eye)).body;
    assert.deepEqual(
      variables.map(({ variable, isSet }: { variable: string; isSet: boolean }) => [variable, isSet]),
      [
        ['ROUTE_SECRET', true],
        ['ROUTE_MISSING', false],
      ],
    );
    assert.equal(routes.own.requests.length, before);
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
  });

  it('report that a TLS or proxy node is not deployed', async () => {
    for (const property of ['tls', 'proxy']) {
      const { body } = await routes.account({ [property]: 'not-there' });
      assert.deepEqual([body.problem, body.values], ['not-deployed', { property }]);
    }
  });

  it('test a server, and sign the stored user in only if that is requested', async () => {
    const without = await routes.server({ signIn: false });
    assert.deepEqual([without.body.client, without.body.person], [{ state: 'known' }, undefined]);
    assert.ok(routes.own.requests.every(({ form }) => !form.has('Password')));
    const { body } = await routes.server();
    assert.deepEqual([body.grant, body.person.state], ['listed', 'signed-in']);
    assert.equal(routes.own.requests.at(-1)?.form.get('Password'), 'STORED-PASSWORD');
    assert.equal(routes.own.requests.at(-1)?.form.get('client_secret'), 'STORED-SECRET');
  });

  it('warn that a refused secret looks like a paste with extra characters', async () => {
    const refuses = (error: string) => () => ({ status: 400, body: { error } });
    routes.own.answer = refuses('invalid_client');
    const { body } = await routes.account({ clientSecret: 'TYPED-SECRET\n' });
    assert.deepEqual(
      [body.state, body.flaws],
      ['refused', [{ property: 'clientSecret', flaw: 'ends-with-line-break' }]],
    );
    assert.equal((await routes.account()).body.flaws, undefined);
    const client = await routes.server({ clientSecret: '"TYPED-SECRET"', signIn: false });
    assert.deepEqual(client.body.flaws, [{ property: 'clientSecret', flaw: 'quotes' }]);
    routes.own.answer = answer;
    assert.equal((await routes.account({ clientSecret: 'TYPED-SECRET\n' })).body.flaws, undefined, 'it was taken');
  });

  it('work with the practice server', async () => {
    const practice = { id: 'new', practice: true };
    assert.equal((await routes.post('vgs-account/test', practice)).body.state, 'signed-in');
    const { body } = await routes.post('vg-server/test', { ...practice, signIn: true, username: 'locked' });
    assert.equal(body.person.reason, 'account-locked');
  });

  it('import a file of the CLI, or report why not', async () => {
    const yaml = 'kind: ServiceAccount\ndata: {clientId: a, clientSecret: TYPED-SECRET, scopes: [cards:write]}';
    const { body } = await routes.post('vgs-account/import', { yaml });
    assert.deepEqual([body.state, body.clientId, body.clientSecret], ['read', 'a', 'TYPED-SECRET']);
    const broken = await routes.post('vgs-account/import', { yaml: `${yaml}: [TYPED-SECRET` });
    assert.deepEqual([broken.body.state, broken.text.includes('TYPED-SECRET')], ['unreadable', false]);
  });

  it('write no secret to the log', () => {
    for (const secret of SECRETS) assert.ok(!routes.nodeRed.log.includes(secret), secret);
  });
});
