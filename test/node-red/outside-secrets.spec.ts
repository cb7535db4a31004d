import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { KubernetesVolume } from '../support/secret-files.ts';
import { closeServers, serve } from '../support/servers.ts';
import { grants, refuses } from '../support/token-server.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const of = (variable: string): string => `\${${variable}}`;

describe(`a secret of a Kubernetes volume in ${version}`, () => {
  it('is used by flows and by Test, also after an update, and is in no answer and no log', async function () {
    this.timeout(120_000);
    let taken = 'FIRST-SECRET';
    const server = await serve(({ form }) =>
      form.get('client_secret') === taken ? grants('a-token', { expires_in: 1 }) : refuses(401, 'invalid_client'),
    );
    const volume = new KubernetesVolume({ 'client-secret': 'FIRST-SECRET' });
    const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-outside-'));
    linkProject(userDir);
    const environment = { VGS_SECRET_FILE: volume.pathOf('client-secret'), LOST_FILE: '/nowhere/at/all' };
    const nodeRed = await NodeRed.start({ version, userDir, environment });
    try {
      const call = async (path: string, body: object) => {
        const answer = await fetch(nodeRed.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        return { status: answer.status, text: await answer.text() };
      };
      await nodeRed.deploy([
        { id: 'tab', type: 'tab', label: 'tab' },
        {
          id: 'account',
          type: 'vgs-account',
          tokenUrl: server.origin,
          credentials: { clientId: 'client', clientSecret: of('VGS_SECRET') },
        },
        {
          id: 'lost',
          type: 'vgs-account',
          tokenUrl: server.origin,
          credentials: { clientId: 'client', clientSecret: of('LOST') },
        },
        { id: 'in', type: 'http in', z: 'tab', url: '/token', method: 'post', x: 0, y: 0, wires: [['get']] },
        { id: 'get', type: 'vgs-token', z: 'tab', account: 'account', x: 0, y: 0, wires: [['out'], ['out']] },
        { id: 'out', type: 'http response', z: 'tab', x: 0, y: 0, wires: [] },
      ]);
      assert.equal((await call('token', {})).status, 200);
      volume.update({ 'client-secret': 'SECOND-SECRET' });
      taken = 'SECOND-SECRET';
      const before = server.requests.length;
      await until(async () => {
        assert.equal((await call('token', {})).status, 200);
        return server.requests.slice(before).some(({ form }) => form.get('client_secret') === 'SECOND-SECRET');
      });

      const dialog = { id: 'account', z: '', tokenUrl: server.origin, clientId: 'client', clientAuth: 'body' };
      const test = await call('vgs-account/test', { ...dialog, clientSecret: of('VGS_SECRET') });
      const verdict = JSON.parse(test.text);
      assert.equal(verdict.state, 'signed-in', test.text);
      assert.deepEqual(verdict.variables, [{ property: 'clientSecret', variable: 'VGS_SECRET', isSet: true }]);
      const lost = JSON.parse((await call('vgs-account/test', { ...dialog, clientSecret: of('LOST') })).text);
      assert.equal(lost.code ?? lost.fault, 'AUTH_CONFIG', JSON.stringify(lost));
      assert.match(JSON.stringify(lost), /LOST_FILE/);

      await until(() => nodeRed.log.includes('LOST_FILE names cannot be read (ENOENT)'));
      assert.equal(nodeRed.log.split('LOST_FILE names cannot be read').length - 1, 1, 'one line at the start');
      assert.doesNotMatch(nodeRed.log + test.text, /FIRST-SECRET|SECOND-SECRET/);
    } finally {
      await nodeRed.stop();
      rmSync(userDir, { recursive: true, force: true });
      await closeServers();
    }
  });
});
