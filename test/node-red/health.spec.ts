import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { AdminUsers } from '../support/admin-users.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { closeServers, serve } from '../support/servers.ts';
import { grants } from '../support/token-server.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

describe(`the health of ${version}, without an editor, users and metrics`, () => {
  let userDir: string;
  let nodeRed: NodeRed;
  let anybody: AdminUsers;

  before(async function () {
    this.timeout(60_000);
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-health-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir, settings: { disableEditor: true } });
    anybody = await AdminUsers.signIn(nodeRed, {});
  });

  after(async () => {
    await nodeRed?.stop();
    await closeServers();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('is failing as long as an account fails, even while a renewal is under way', async () => {
    const server = await serve(() => ({ body: 'no token' }));
    const credentials = { clientId: 'client', clientSecret: 'THE-SECRET' };
    await nodeRed.deploy([{ id: 'account', type: 'vgs-account', tokenUrl: `${server.origin}/token`, credentials }]);
    assert.deepEqual((await anybody.ask('health')).body, { ok: true });
    const failed = (await anybody.ask('accounts/account/renew', { body: {} })).body;
    assert.deepEqual([failed.state, failed.code], ['failing', 'AUTH_BAD_RESPONSE']);

    let answer = (): void => {};
    server.answer = () => new Promise((done) => (answer = () => done(grants('token-1'))));
    const renewal = anybody.ask('accounts/account/renew', { body: {} });
    await until(() => server.requests.length === 2);
    const { status, body } = await anybody.ask('health');
    assert.equal(status, 503);
    assert.deepEqual(body, { ok: false, accounts: [{ ...failed, counts: { ...failed.counts, requests: 2 } }] });

    answer();
    assert.equal((await renewal).body.state, 'valid');
    assert.equal((await anybody.ask('health')).status, 200);
  });

  it('works without metrics, whose route says how to switch them on', async () => {
    const { status, body, headers } = await anybody.ask('metrics');
    assert.equal(status, 404);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(body.error, 'sign-ins.metrics-off');
    assert.match(body.message, /^Metrics are disabled\. .*vgAuthMetrics in settings\.js/);
  });

  it('is sent to every origin by Node-RED 4.1, and to none by Node-RED 5', async () => {
    const { status, headers } = await anybody.ask('health', { headers: { origin: 'https://evil.example' } });
    assert.equal(status, 200);
    assert.equal(headers.get('access-control-allow-origin'), version === 'node-red' ? '*' : null);
  });
});
