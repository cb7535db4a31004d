import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const debug = {
  type: 'debug',
  z: 'tab',
  x: 0,
  y: 0,
  active: true,
  tosidebar: true,
  complete: 'true',
  targetType: 'full',
  wires: [],
};
const FLOW = [
  { id: 'tab', type: 'tab', label: 'operators' },
  { id: 'account', type: 'vgs-account', name: 'Acme', practice: true },
  { id: 'server', type: 'vg-server', name: 'Bolt', practice: true },
  { id: 'get-it', z: 'tab', x: 0, y: 0, type: 'inject', props: [], wires: [['get']] },
  { id: 'get', z: 'tab', x: 0, y: 0, type: 'vgs-token', account: 'account', wires: [['got'], ['got']] },
  { id: 'sign-in', z: 'tab', x: 0, y: 0, type: 'inject', props: [], wires: [['login']] },
  { id: 'login', z: 'tab', x: 0, y: 0, type: 'vg-login', server: 'server', wires: [['in'], ['in'], ['in']] },
  { id: 'sign-out', z: 'tab', x: 0, y: 0, type: 'inject', props: [], wires: [['logout']] },
  { id: 'logout', z: 'tab', x: 0, y: 0, type: 'vg-logout', server: 'server', wires: [['out']] },
  { id: 'status', z: 'tab', x: 0, y: 0, type: 'status', scope: null, wires: [['told']] },
  ...['got', 'in', 'out', 'told'].map((id) => ({ id, name: id, ...debug })),
];

for (const isOn of [true, false]) {
  describe(`reports of ${version} to operators, with audit and metrics ${isOn ? 'on' : 'off, as they are by default'}`, () => {
    let userDir: string;
    let nodeRed: NodeRed;
    const told: string[] = [];

    before(async function () {
      this.timeout(60_000);
      userDir = mkdtempSync(join(tmpdir(), 'vg-auth-operators-'));
      linkProject(userDir);
      const settings = isOn ? { logging: { console: { level: 'info', metrics: true, audit: true } } } : {};
      nodeRed = await NodeRed.start({ version, userDir, settings });
      await nodeRed.onDebug(({ name, msg }) => name === 'told' && told.push(msg));
      await nodeRed.deploy(FLOW);
      for (const [inject, place] of [
        ['get-it', 'got'],
        ['sign-in', 'in'],
        ['sign-out', 'out'],
      ])
        await nodeRed.nextDebug(place, () => nodeRed.inject(inject));
    });

    after(async () => {
      await nodeRed?.stop();
      rmSync(userDir, { recursive: true, force: true });
    });

    if (isOn) {
      it('have each sign-in and sign-out as one line of JSON at audit level', async () => {
        await until(() => lines('audit').length === 3);
        const who = { id: 'server', type: 'vg-server', name: 'Bolt', user: 'practice' };
        assert.deepEqual(
          lines('audit').map(({ level, timestamp, ...line }) => line),
          [
            { event: 'vg-auth.sign-in', id: 'account', type: 'vgs-account', name: 'Acme' },
            { event: 'vg-auth.sign-in', ...who },
            { event: 'vg-auth.sign-out', ...who, revoked: ['refresh_token'] },
          ],
        );
      });

      it('have the duration of each token request as a metric', async () => {
        await until(() => lines('metric').length === 2);
        for (const [index, [id, type]] of [
          ['account', 'vgs-account'],
          ['server', 'vg-server'],
        ].entries()) {
          const { nodeid, event, value, outcome } = lines('metric')[index];
          assert.deepEqual([nodeid, event, outcome], [id, `node.${type}.token-request`, 'token']);
          assert.ok(typeof value === 'number' && value >= 0 && value < 60_000);
        }
      });
    } else {
      it('have none of these lines', () => {
        assert.doesNotMatch(nodeRed.log, /vg-auth\.|token-request/);
      });
    }

    it('have the counts in the status of the config node', async () => {
      const newest = (id: string): { requests?: number } =>
        told
          .map((msg) => JSON.parse(msg).status)
          .filter(({ source, counts }) => source.id === id && counts)
          .at(-1)?.counts ?? {};
      await until(() => newest('account').requests === 1 && newest('server').requests === 1);
      assert.deepEqual(newest('account'), { requests: 1, hits: 0, waits: 1, refusals: 0 });
      assert.deepEqual(newest('server'), { requests: 1, hits: 0, waits: 1, refusals: 0 });
    });

    /** The lines of this package at this level. */
    function lines(level: 'audit' | 'metric'): Record<string, unknown>[] {
      return nodeRed.log
        .split('\n')
        .filter((line) => line.includes(`[${level}] `) && /vg-auth\.|token-request/.test(line))
        .map((line) => JSON.parse(line.slice(line.indexOf('{'), line.lastIndexOf('}') + 1)));
    }
  });
}
