import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { ADMIN_PASSWORD, AdminUsers, adminAuth } from '../support/admin-users.ts';
import { at, blockWith } from '../support/monitoring-page.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { Prometheus, promtool } from '../support/prometheus.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const TOKEN = 'THE-METRICS-TOKEN';
const USERS = { admin: '*', monitor: 'vg-auth.read' };
/** No name may break a line of the metrics. */
const NAME = 'Acme "EU" \\ 東京\n{x="1"} 5';
const FLOW = [
  { id: 'good', type: 'vgs-account', name: NAME, practice: true },
  {
    id: 'bad',
    type: 'vgs-account',
    practice: true,
    credentials: { clientId: 'practice', clientSecret: 'THE-WRONG-SECRET' },
  },
  { id: 'empty', type: 'vgs-account', name: 'not filled in' },
  { id: 'people', type: 'vg-server', name: 'The people', practice: true },
  {
    id: 'store',
    type: 'auth-store',
    name: 'The store',
    kind: 'context',
    credentials: { encryptionKey: 'x'.repeat(32) },
  },
];

describe(`docs/monitoring.md, with ${version} and a real Prometheus`, () => {
  let dir: string;
  let nodeRed: NodeRed;
  let users: AdminUsers;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vg-auth-prometheus-'));
    linkProject(dir);
    nodeRed = await NodeRed.start({
      version,
      userDir: dir,
      settings: { adminAuth: adminAuth(USERS), disableEditor: true, vgAuthMetrics: { token: TOKEN } },
    });
    users = await AdminUsers.signIn(nodeRed, USERS);
    await users.deploy(FLOW);
    await until(async () => (await users.ask('accounts')).body.accounts.length === 4);
    for (const id of ['good', 'bad', 'people']) await users.ask(`accounts/${id}/renew`, { body: {} });
    writeFileSync(join(dir, 'vg-auth-token'), TOKEN);
    writeFileSync(join(dir, 'vg-auth-rules.yml'), blockWith('yaml', '# vg-auth-rules.yml'));
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('has metrics in which promtool finds no fault', async () => {
    const { text } = await users.ask('metrics', { as: 'monitor' });
    assert.equal(promtool(['check', 'metrics'], text), '');
    const names = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    assert.equal(names.size, 12, [...names].join());
    // promtool does find a fault.
    assert.throws(
      () => promtool(['check', 'metrics'], `${text}# TYPE vg_auth_wrong counter\nvg_auth_wrong 1\n`),
      /wrong/,
    );
  });

  it('has a configuration with which Prometheus collects them', async () => {
    const config = at(nodeRed.url, blockWith('yaml', '# prometheus.yml'));
    writeFileSync(
      join(dir, 'prometheus.yml'),
      `global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n\n${config}`,
    );
    promtool(['check', 'config', join(dir, 'prometheus.yml')]);
    const prometheus = await Prometheus.start(dir);
    try {
      await until(async () => Object.keys(await prometheus.query('vg_auth_account_ok')).length > 0);
      assert.deepEqual(await prometheus.query('up'), { '': 1 });
      assert.deepEqual(await prometheus.query('vg_auth_account_ok'), { good: 1, bad: 0, empty: 0, people: 1 });
      assert.deepEqual(await prometheus.query('vg_auth_account_state{state="refused"} == 1'), { bad: 1 });
      assert.deepEqual(await prometheus.query('vg_auth_token_requests_total{outcome="token"}'), { good: 1, people: 1 });
      const [{ account } = { account: '' }] = await prometheus.api<{ account: string }[]>(
        'series?match[]=vg_auth_account_ok{id="good"}',
      );
      assert.equal(account, NAME);
      await until(async () => {
        const { alerts } = await prometheus.api<{ alerts: { labels: Record<string, string> }[] }>('alerts');
        return alerts.some(({ labels }) => labels.alertname === 'VgAuthAccountNotOk' && labels.id === 'bad');
      });
    } finally {
      await prometheus.stop();
    }
  });

  it('has rules that alert in time, and not too early', () => {
    copyFileSync(join(PROJECT, 'test/prometheus/alerts.yml'), join(dir, 'alerts.yml'));
    promtool(['check', 'rules', join(dir, 'vg-auth-rules.yml')]);
    assert.match(promtool(['test', 'rules', join(dir, 'alerts.yml')]), /SUCCESS/);
  });

  it('has a health check for a shell, which also sends an admin token', async () => {
    const line = at(nodeRed.url, blockWith('sh', 'vg-auth/health'));
    const bad = shell(line);
    assert.equal(bad.status, 22, bad.stderr);
    assert.deepEqual(idsIn(bad.stdout), ['bad', 'empty']);

    writeFileSync(join(dir, 'monitor-password'), ADMIN_PASSWORD);
    const admin = shell(at(nodeRed.url, blockWith('sh', 'auth/token')));
    assert.equal(admin.status, 0, admin.stderr);
    writeFileSync(join(dir, 'vg-auth-token'), JSON.parse(admin.stdout).access_token);
    assert.deepEqual(idsIn(shell(line).stdout), ['bad', 'empty']);

    await users.deploy(FLOW.filter(({ id }) => id !== 'bad' && id !== 'empty'));
    await until(async () => (await users.ask('accounts')).body.accounts.length === 2);
    const good = shell(line);
    assert.deepEqual([good.status, good.stdout], [0, '{"ok":true}']);
    writeFileSync(join(dir, 'vg-auth-token'), 'another token');
    assert.equal(shell(line).status, 22);
  });

  it('has a command that deletes the data of a person', async () => {
    const { user } = await users.account('people');
    await users.ask('accounts/people/sign-in', { body: {} });
    const { total } = (await users.ask('sessions')).body;
    writeFileSync(join(dir, 'vg-auth-token'), users.headersOf('admin').authorization?.replace('Bearer ', '') ?? '');
    const line = blockWith('sh', 'sessions/sign-out').replace('f6a2b1c0d9e8', 'people').replace('anna', user);
    const { status, stdout, stderr } = shell(at(nodeRed.url, line));
    assert.equal(status, 0, stdout + stderr);
    assert.ok(total > 0);
    assert.deepEqual(JSON.parse(stdout), { signed_out: total });
    assert.equal((await users.ask('sessions')).body.total, 0);
  });

  /** Runs a line of the page in the folder of its files. */
  function shell(line: string): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('sh', ['-c', line], { cwd: dir, encoding: 'utf8', timeout: 60_000 });
  }

  function idsIn(body: string): string[] {
    return (JSON.parse(body) as { accounts: { id: string }[] }).accounts.map(({ id }) => id).sort();
  }
});
