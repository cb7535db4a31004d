import assert from 'node:assert/strict';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { DialogRoutes } from '../support/dialog-routes.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

describe(`stored secrets in a test of a dialog in ${version}`, () => {
  let routes: DialogRoutes;

  before(async function () {
    this.timeout(60_000);
    routes = await DialogRoutes.start(version);
  });

  beforeEach(() => routes.serveAgain());

  after(() => routes?.stop());

  it('are sent to no other host or client', async () => {
    for (const changes of [
      { tokenUrl: `${routes.other.origin}/token` },
      { tokenUrl: `${routes.own.origin.replace('127.0.0.1', 'localhost')}/token` },
      { tokenUrl: `${routes.own.origin.replace('http:', 'https:')}/token` },
      { clientId: 'another' },
      { id: 'not-deployed' },
      { id: 'server' },
    ]) {
      const { body } = await routes.account(changes);
      assert.deepEqual(body.values, { property: 'clientSecret' }, JSON.stringify(changes));
      assert.equal(body.problem, 'secret-again');
    }
    for (const [changes, property] of [
      [{ url: routes.other.origin }, 'clientSecret'],
      [{ url: routes.own.origin }, 'clientSecret'],
      [{ applicationId: 'another' }, 'clientSecret'],
      [{ platform: 'SPA' }, 'clientSecret'],
      [{ url: routes.other.origin, clientSecret: 'TYPED-SECRET' }, 'password'],
      [{ username: 'another' }, 'password'],
    ] as const) {
      const { body } = await routes.server(changes);
      assert.deepEqual([body.problem, body.values], ['secret-again', { property }], JSON.stringify(changes));
    }
    assert.equal(routes.other.requests.length + routes.own.requests.length, 0);
  });

  it('are sent only to the server for which they were entered, even if another one is deployed', async () => {
    const { body } = await routes.account({ id: 'moved', tokenUrl: `${routes.other.origin}/token` });
    assert.deepEqual([body.problem, body.values], ['secret-again', { property: 'clientSecret' }]);
    assert.equal((await routes.account({ id: 'moved' })).body.state, 'signed-in');
    assert.equal(routes.other.requests.length, 0);
  });

  it('are sent only by the proxy and TLS that are deployed, and not by http that is allowed in the dialog', async () => {
    const sent = (): number => routes.own.requests.length + routes.other.requests.length;
    for (const changes of [
      { proxy: 'any-proxy' },
      { tls: 'any-tls' },
      { insecureHttp: true },
      { id: 'by-proxy', proxy: '_ADD_' },
      { id: 'by-proxy', proxy: '' },
      { id: 'by-proxy', proxy: 'any-proxy', tls: 'any-tls' },
    ]) {
      const { body } = await routes.account(changes);
      assert.deepEqual(
        [body.problem, body.values],
        ['secret-again', { property: 'clientSecret' }],
        JSON.stringify(changes),
      );
    }
    for (const changes of [{ proxy: 'any-proxy' }, { tls: 'any-tls' }, { insecureHttp: true }]) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED resolves it.
      const { body } = await routes.server({ url: '${ROUTE_HOST}', ...changes });
      assert.equal(body.problem, 'secret-again', JSON.stringify(changes));
    }
    assert.equal(sent(), 0);
    assert.equal((await routes.account({ id: 'by-proxy', proxy: 'any-proxy' })).body.state, 'signed-in');
    const typed = await routes.account({ proxy: 'any-proxy', clientSecret: 'TYPED-SECRET' });
    assert.notEqual(typed.body.problem, 'secret-again');
    const variable = await routes.account({ id: 'variable', insecureHttp: true });
    assert.equal(variable.body.state, 'signed-in', 'a secret that is a variable is for nobody in particular');
  });

  it('are sent by no TLS or proxy node of another flow, as by the deployed node', async () => {
    for (const property of ['tls', 'proxy']) {
      for (const id of ['account', 'not-deployed']) {
        const { body } = await routes.account({ id, [property]: property, clientSecret: 'TYPED-SECRET' });
        assert.deepEqual([body.fault, body.values], ['config-node-elsewhere', { property }], id);
      }
    }
    const inFlow = { id: 'not-deployed', z: 'tab', tls: 'tls', clientSecret: 'TYPED-SECRET' };
    const { text, body } = await routes.account(inFlow);
    assert.equal(body.state, 'signed-in', text);
  });

  it('are sent to the address in the dialog if they were just typed', async () => {
    const { body } = await routes.account({ tokenUrl: `${routes.other.origin}/x/token`, clientSecret: 'TYPED-SECRET' });
    assert.equal(body.state, 'signed-in');
    assert.equal(routes.other.requests[0]?.form.get('client_secret'), 'TYPED-SECRET');
    assert.equal((await routes.account({ tokenUrl: `${routes.own.origin}/other/path` })).body.state, 'signed-in');
  });
});
