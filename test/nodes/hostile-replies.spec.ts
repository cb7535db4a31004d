import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type FlowNode, place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';

const SEED = 20_261_121;
const RUNS = 600;
const OUTPUTS = ['signed-in', 'mfa', 'refused'];
const SAMPLES = ['vg-success.json', 'vg-mfa-required.json'].map((file) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8')),
);

function flowAt(url: string): FlowNode[] {
  const person = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
  return [
    { id: 'server', type: 'vg-server', url, applicationId: 'app' },
    { id: 'account', type: 'vgs-account', tokenUrl: `${url}/vgs` },
    wire('vg-login', 'login', OUTPUTS, { server: 'server', ...person, method: 'first' }),
    ...OUTPUTS.map(place),
  ];
}

/** A sample reply in which anything may stand in any place. */
function mutated(): fc.Arbitrary<unknown> {
  return fc
    .record({
      sample: fc.constantFrom(...SAMPLES),
      changes: fc.array(fc.tuple(fc.nat(200), fc.anything()), { maxLength: 6 }),
    })
    .map(({ sample, changes }) => {
      const copy = structuredClone(sample);
      const places: [Record<string, unknown>, string][] = [];
      const collect = (value: unknown): void => {
        if (typeof value !== 'object' || value === null) return;
        for (const key of Object.keys(value)) {
          places.push([value as Record<string, unknown>, key]);
          collect((value as Record<string, unknown>)[key]);
        }
      };
      collect(copy);
      for (const [index, value] of changes) {
        const [parent, key] = places[index % places.length] ?? [{}, ''];
        parent[key] = value;
      }
      return copy;
    });
}

/** JSON that is nested too deep, cut, of another encoding, or none at all. */
const strange: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text, 'utf16le')),
  fc.json().map((text) => Buffer.from(`\ufeff${text}`)),
  fc.nat(100_000).map((depth) => Buffer.from('['.repeat(depth))),
  fc.nat(20_000).map((depth) => Buffer.from(`${'{"VGResponse":'.repeat(depth)}1${'}'.repeat(depth)}`)),
  fc.tuple(mutated(), fc.nat(3_000)).map(([body, cut]) => Buffer.from(stringify(body).slice(0, cut))),
);

const reply = fc.record({
  status: fc.constantFrom(200, 201, 204, 301, 400, 401, 403, 404, 408, 418, 429, 500, 502, 503, 504, 599),
  type: fc.constantFrom(
    'application/json',
    'text/html',
    'application/json; charset=utf-16',
    '',
    'x'.repeat(500),
    'a/b/c',
  ),
  body: fc.oneof(
    { weight: 3, arbitrary: mutated().map((body) => Buffer.from(stringify(body))) },
    { weight: 1, arbitrary: strange },
  ),
});

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each)) ?? 'undefined';
  } catch {
    return '{}';
  }
}

describe('whatever a server answers', () => {
  it(`every message has one outcome (${RUNS} replies, seed ${SEED})`, async function () {
    this.timeout(120_000);
    const replies = fc.sample(reply, { seed: SEED, numRuns: RUNS });
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
    // The replies are varied enough to end everywhere.
    for (const place of [...OUTPUTS, 'caught'])
      assert.ok((outcomes[place] ?? 0) > 0, `${place}: ${JSON.stringify(outcomes)}`);
  });
});
