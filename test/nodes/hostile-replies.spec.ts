import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type FlowNode, place, wire } from '../support/flows.ts';
import { hostileWireReply } from '../support/hostile-replies.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';

const SEED = 20_261_121;
const RUNS = 600;
const OUTPUTS = ['signed-in', 'mfa', 'refused'];
function flowAt(url: string): FlowNode[] {
  const person = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
  return [
    { id: 'server', type: 'vg-server', url, applicationId: 'app' },
    { id: 'account', type: 'vgs-account', tokenUrl: `${url}/vgs` },
    wire('vg-login', 'login', OUTPUTS, { server: 'server', ...person, method: 'first' }),
    ...OUTPUTS.map(place),
  ];
}

describe('any answer of a server', () => {
  it(`gives every message one outcome (${RUNS} replies, seed ${SEED})`, async function () {
    this.timeout(120_000);
    const replies = fc.sample(hostileWireReply, { seed: SEED, numRuns: RUNS });
    let next = 0;
    const server = await serve((_, response) => {
      const { status, type, body } = replies[next++ % replies.length] as (typeof replies)[number];
      response.writeHead(status, type ? { 'content-type': type } : {});
      response.end(status === 204 ? undefined : body);
      return undefined;
    });
    const flow = await load(flowAt(server.origin));
    const outcomes: Record<string, number> = {};
    for (let count = 0; count < RUNS; count += 1) {
      const { at, msg } = await flow.ask('login', { user: `person-${count}`, password: 'the-password' });
      outcomes[at] = (outcomes[at] ?? 0) + 1;
      const token = msg.token as { access_token?: unknown } | undefined;
      assert.equal(typeof token?.access_token === 'string' && token.access_token !== '', at === 'signed-in');
      if (at === 'caught')
        assert.match(msg.error?.code ?? '', /^AUTH_(BAD_RESPONSE|UNAVAILABLE|NETWORK)$/, msg.error?.message);
      else assert.ok(msg.auth?.state);
      assert.doesNotMatch(JSON.stringify(msg), /the-password/);
    }
    // The replies are varied enough to cause every kind of outcome.
    for (const place of [...OUTPUTS, 'caught'])
      assert.ok((outcomes[place] ?? 0) > 0, `${place}: ${JSON.stringify(outcomes)}`);
  });
});
