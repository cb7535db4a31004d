import assert from 'node:assert/strict';
import { guardFlow, signsIn, stepOf, stored } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { load } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';
import { until } from '../support/until.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;

function steps({ requests }: TestServer): string[] {
  return requests.map(stepOf);
}

describe('keepAlive of a Visual Guard server', () => {
  for (const [title, server, renewals] of [
    ['renews the session of the stored user while nothing uses it', {}, 1],
    ['does nothing if it is off', { keepAlive: false }, 0],
    ['takes false from a variable', { keepAlive: 'false' }, 0],
  ] as const) {
    it(title, async () => {
      const time = holdTime();
      let count = 0;
      const vg = await serve(() => signsIn(`token-${++count}`));
      const flow = await load(guardFlow({ url: vg.origin, applicationId: 'a', ...server }), stored('robot'));
      await flow.deploy(guardFlow({ url: vg.origin, applicationId: 'a', ...server }));
      await flow.ask('login');
      await time.pass(12 * HOUR);
      // Requests over the network take real time.
      for (let minute = 0; minute < 60 && !steps(vg).includes('refresh'); minute += 5) {
        await time.pass(5 * MINUTE);
        if (minute >= 25 && renewals > 0) await until(() => steps(vg).includes('refresh'));
      }
      assert.deepEqual(steps(vg), ['login', ...Array.from({ length: renewals }, () => 'refresh')]);
    });
  }

  it('renews the session of the stored user if only messages choose the server, by its name', async () => {
    const time = holdTime();
    let count = 0;
    const vg = await serve(() => signsIn(`token-${++count}`));
    const byName = { server: '', serverNameType: 'msg', serverName: 'tenant' };
    const server = { url: vg.origin, applicationId: 'a', name: 'tenant', byName: true };
    const all = guardFlow(server, { login: byName }).filter(
      ({ type }) => !['vg-logout', 'attach-bearer'].includes(type),
    );
    const flow = await load(all, stored('robot'));
    await flow.deploy(all);
    await flow.ask('login', { tenant: 'tenant' });
    await time.pass(12 * HOUR);
    for (let minute = 0; minute < 60 && !steps(vg).includes('refresh'); minute += 5) {
      await time.pass(5 * MINUTE);
      if (minute >= 25) await until(() => steps(vg).includes('refresh'));
    }
    assert.deepEqual(steps(vg), ['login', 'refresh']);
  });

  it('ends if a deploy leaves no node that uses the server', async () => {
    const time = holdTime();
    const vg = await serve(() => signsIn('token'));
    const all = guardFlow({ url: vg.origin, applicationId: 'a' });
    const flow = await load(all, stored('robot'));
    await flow.deploy(all);
    await flow.ask('login');
    const waiting = time.waiting;
    await flow.deploy(all.filter(({ type }) => type === 'vg-server' || type === 'helper'));
    assert.ok(time.waiting < waiting);
    await time.pass(48 * HOUR);
    assert.deepEqual(steps(vg), ['login']);
  });
});
