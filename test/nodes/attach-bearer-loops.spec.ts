import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type FlowNode, functionNode, httpRequest, place, wire } from '../support/flows.ts';
import { fuzzed } from '../support/fuzzed.ts';
import { holdTime } from '../support/held-time.ts';
import { branch } from '../support/rejecting-api.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { CLIENT, grantsInTurn, serveTokens } from '../support/token-server.ts';

/** Nodes that can be in the loop back to an attach-bearer node. */
const STEPS = {
  text: (id: string, to: string) =>
    wire('change', id, [to], { rules: [{ t: 'set', p: 'statusCode', pt: 'msg', to: '401', tot: 'str' }] }),
  payload: (id: string, to: string) =>
    wire('change', id, [to], { rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'new', tot: 'str' }] }),
  headers: (id: string, to: string) => wire('change', id, [to], { rules: [{ t: 'delete', p: 'headers', pt: 'msg' }] }),
  id: (id: string, to: string) =>
    wire('change', id, [to], { rules: [{ t: 'set', p: '_msgid', pt: 'msg', to: 'same', tot: 'str' }] }),
  switch: (id: string, to: string) =>
    wire('switch', id, [to, to], {
      property: 'statusCode',
      propertyType: 'msg',
      rules: [{ t: 'eq', v: '401', vt: 'num' }, { t: 'else' }],
      checkall: 'false',
    }),
  drop: (id: string, to: string) =>
    functionNode(id, [to], 'return {_msgid: msg._msgid, statusCode: msg.statusCode, url: msg.url, method: "GET"};'),
};

const step = fc.constantFrom(...(Object.keys(STEPS) as (keyof typeof STEPS)[]));
const steps = fc.array(step, { maxLength: 3 });

/** An attach-bearer node with its request, the path of a rejected message, and the path of output 2. */
const bearer = fc.record({
  account: fc.nat(1),
  back: fc.nat(2),
  steps,
  circle: fc.option(fc.record({ to: fc.nat(2), steps: fc.array(step.filter((each) => each !== 'drop')) })),
});
const loops = fc.array(bearer, { minLength: 1, maxLength: 3 });
/** The time before each message, in ms. */
const messages = fc.array(fc.constantFrom(0, 10_000, 29_999, 30_000), { minLength: 1, maxLength: 4 });

type Loop = typeof loops extends fc.Arbitrary<infer T> ? T : never;

/** The nodes from one to another. */
function path(name: string, kinds: readonly (keyof typeof STEPS)[], to: string): { first: string; nodes: FlowNode[] } {
  const ids = [...kinds.map((_, at) => `${name}-${at}`), to];
  return { first: ids[0] ?? to, nodes: kinds.map((kind, at) => STEPS[kind](ids[at] ?? '', ids[at + 1] ?? to)) };
}

function nodesOf(loop: Loop, accounts: FlowNode[]): FlowNode[] {
  const target = (to: number): string => `attach-${to % loop.length}`;
  const flow = loop.flatMap(({ account, back, steps: kinds, circle }, at) => {
    const returns = path(`back-${at}`, kinds, target(back));
    const out = circle ? path(`circle-${at}`, circle.steps, target(circle.to)) : { first: 'needed', nodes: [] };
    return [
      wire('attach-bearer', `attach-${at}`, [`call-${at}`, out.first], { account: `account-${account}` }),
      httpRequest(`call-${at}`, `branch-${at}`, { ret: 'txt' }),
      branch(`branch-${at}`, returns.first),
      ...returns.nodes,
      ...out.nodes,
    ];
  });
  return [...accounts, ...flow, ...['answered', 'needed'].map(place)];
}

describe('a message that is always rejected', () => {
  it('is sent three times at most, and forces one renewal per account in 30 s, in any loop', async function () {
    this.timeout(900_000);
    const time = holdTime();
    const api = await serve(() => ({ status: 401 }));
    const tokens = await Promise.all([serveTokens(grantsInTurn()), serveTokens(grantsInTurn())]);
    const secrets = { 'account-0': CLIENT, 'account-1': CLIENT };
    // Only the types of the first flow are loaded.
    const all = { account: 0, back: 0, steps: Object.keys(STEPS) as (keyof typeof STEPS)[], circle: null };
    const flow = await load(nodesOf([all], []), secrets);
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(loops, messages, async (loop, pauses) => {
        runs += 1;
        for (const { requests } of tokens) requests.length = 0;
        // Another scope is another connection: no token is left from the run before.
        const accounts = tokens.map(({ origin }, at) => ({
          id: `account-${at}`,
          type: 'vgs-account',
          tokenUrl: origin,
          scope: `run-${runs}`,
        }));
        await flow.deploy(nodesOf(loop, accounts), 'full', secrets);
        let passed = 0;
        for (const [at, pause] of pauses.entries()) {
          await time.pass(pause);
          passed += pause;
          api.requests.length = 0;
          const { at: place } = await flow.ask('attach-0', { url: `${api.origin}/${runs}/${at}`, method: 'GET' });
          assert.ok(place === 'needed' || place === 'caught', place);
          assert.ok(api.requests.length >= 1 && api.requests.length <= 3, `${api.requests.length} requests`);
          const most = 2 + Math.floor(passed / 30_000);
          for (const { requests } of tokens) assert.ok(requests.length <= most, `${requests.length} tokens`);
        }
        assert.deepEqual(flow.left, []);
      }),
      fuzzed(0.03),
    );
  });
});
