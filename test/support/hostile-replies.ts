import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { AuthError } from '../../src/core/errors.ts';
import { AUTHENTICATION_BITS } from '../../src/visual-guard/dialect/states.ts';
import type { ScriptedReply } from './scripted-transport.ts';

/** Every state that a step of a sign-in can end in. */
export const STATES = ['signed-in', 'refused', 'mfa-required', 'code-required', 'link-sent'];
const NAMES = AUTHENTICATION_BITS.map(({ name }) => name);

/** Any JSON, with the words of the dialect more often than by chance. */
const KEYS = [
  'access_token',
  'expires_in',
  'token_type',
  'refresh_token',
  'scope',
  'error',
  'error_description',
  'VGAuthenticationStatus',
  'VGResponse',
  'AuthenticationState',
  'AuthenticationResponse',
  'AuthorizationState',
  'AuthenticationStatus',
  'Status',
  'RequestId',
  'MFAAvailables',
  'Id',
  'VGToken',
  'IsFailed',
  'constructor',
  'toString',
];
const { tree } = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom('abc', 'Bearer', 'invalid_grant', 'invalid_client', 1800, 1, 2048, 134217729, ...NAMES),
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  ),
  tree: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('tree'), { maxKeys: 8 }),
  ),
}));
/** Almost a reply of the dialect: each part is valid, or anything. */
const orAnything = (right: fc.Arbitrary<unknown>) => fc.oneof({ arbitrary: right, weight: 4 }, tree);
const status = orAnything(
  fc.oneof(
    fc
      .subarray(AUTHENTICATION_BITS.map(({ value }) => value))
      .map((bits) => bits.slice(0, 3).reduce((a, b) => a + b, 0)),
    fc.constantFrom(1, 8, 2048, 524289, 1048577, 2097153, 134217729),
  ),
);
const names = orAnything(fc.subarray(NAMES, { maxLength: 3 }).map((some) => some.join(', ')));
const id = orAnything(fc.constantFrom('request-1', 'request-2', ''));
const way = fc.record(
  {
    Id: id,
    RequestId: id,
    TransportMode: tree,
    AuthenticationMode: fc.constantFrom(1, 2, 9),
    DestinationDisplay: tree,
  },
  { requiredKeys: [] },
);
const dialect = fc.record(
  {
    access_token: orAnything(fc.constant('abc')),
    token_type: fc.constantFrom('Bearer', 'bearer'),
    expires_in: tree,
    refresh_token: tree,
    error: orAnything(fc.constantFrom('invalid_request', 'invalid_grant', 'invalid_client')),
    VGAuthenticationStatus: names,
    VGResponse: orAnything(
      fc.record(
        {
          RequestId: id,
          AuthenticationState: orAnything(fc.record({ Status: status })),
          AuthenticationResponse: orAnything(
            fc.record(
              { Status: status, RequestId: id, MFAAvailables: orAnything(fc.array(way, { maxLength: 3 })) },
              { requiredKeys: [] },
            ),
          ),
          AuthenticationStatus: names,
          VGToken: tree,
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [] },
);
/** A reply as the engine gets it from its transport: almost one of the dialect, or anything. */
export const hostileReply: fc.Arbitrary<ScriptedReply> = fc
  .tuple(
    fc.constantFrom(200, 200, 204, 302, 400, 400, 401, 403, 404, 429, 500, 503),
    fc.oneof({ arbitrary: dialect, weight: 3 }, fc.dictionary(fc.constantFrom(...KEYS), tree)),
  )
  // As it would be sent: no NaN, no undefined.
  .map(([httpStatus, body]) => ({
    status: httpStatus,
    body: JSON.parse(JSON.stringify(body)) as Record<string, unknown>,
  }));

const SAMPLES = ['vg-success.json', 'vg-mfa-required.json'].map((file) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8')),
);

/** A sample reply in which any part is replaced by anything. */
export function mutatedReply(): fc.Arbitrary<unknown> {
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

/** JSON that is nested too deeply, cut, in another encoding, or no JSON. */
const strange: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text, 'utf16le')),
  fc.json().map((text) => Buffer.from(`\ufeff${text}`)),
  fc.nat(100_000).map((depth) => Buffer.from('['.repeat(depth))),
  fc.nat(20_000).map((depth) => Buffer.from(`${'{"VGResponse":'.repeat(depth)}1${'}'.repeat(depth)}`)),
  fc.tuple(mutatedReply(), fc.nat(3_000)).map(([body, cut]) => Buffer.from(stringify(body).slice(0, cut))),
);

/** A reply in bytes. */
export const hostileWireReply = fc.record({
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
    { weight: 3, arbitrary: mutatedReply().map((body) => Buffer.from(stringify(body))) },
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

/** Checks that, whatever the server sends, a message gets an outcome or a fault, without a secret. */
export async function assertOutcome(asked: Promise<{ state: string } | undefined>): Promise<void> {
  try {
    const outcome = await asked;
    if (outcome) assert.ok(STATES.includes(outcome.state), outcome.state);
  } catch (error) {
    assert.ok(error instanceof AuthError, String(error));
    assert.notEqual(error.fault, 'unexpected');
  }
}
