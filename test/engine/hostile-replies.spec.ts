import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { AuthError } from '../../src/errors.ts';
import { HttpTransport } from '../../src/transport/transport.ts';
import { AUTHENTICATION_BITS } from '../../src/visual-guard/states.ts';
import { FakeSystem } from '../support/fake-system.ts';
import type { ScriptedReply } from '../support/scripted-transport.ts';
import { closeServers, serve } from '../support/servers.ts';
import { challenge, LINK, SMS, signedIn } from '../support/vg-replies.ts';
import { ANNA, ASK, challengeOf, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const STATES = ['signed-in', 'refused', 'mfa-required', 'code-required', 'link-sent'];
const NAMES = AUTHENTICATION_BITS.map(({ name }) => name);

/** Any JSON, with the words of the dialect in it more often than by chance. */
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
/** Nearly a reply of the dialect: each part is right, or anything. */
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
const reply: fc.Arbitrary<ScriptedReply> = fc
  .tuple(
    fc.constantFrom(200, 200, 204, 302, 400, 400, 401, 403, 404, 429, 500, 503),
    fc.oneof({ arbitrary: dialect, weight: 3 }, fc.dictionary(fc.constantFrom(...KEYS), tree)),
  )
  // As it would come over the wire: no NaN, no undefined.
  .map(([httpStatus, body]) => ({
    status: httpStatus,
    body: JSON.parse(JSON.stringify(body)) as Record<string, unknown>,
  }));

/** Whatever the server says, a message gets an outcome or a fault, and neither has a secret in it. */
async function assertOutcome(asked: Promise<{ state: string } | undefined>): Promise<void> {
  try {
    const outcome = await asked;
    if (outcome) assert.ok(STATES.includes(outcome.state), outcome.state);
  } catch (error) {
    assert.ok(error instanceof AuthError, String(error));
    assert.notEqual(error.fault, 'unexpected');
  }
}

describe('a hostile reply of any shape', () => {
  const run = (check: (answer: ScriptedReply, user: string) => Promise<void>): Promise<void> | void => {
    let runs = 0;
    return fc.assert(
      fc.asyncProperty(reply, (answer) => check(answer, `user-${++runs}`)),
      { seed: 20260102, numRuns: 300, endOnFailure: true },
    );
  };

  it('to a sign-in leaves an outcome or a fault', () => {
    const { server, transport } = stage();
    return run((answer, user) => {
      transport.next(answer);
      return assertOutcome(server.signIn({ ...ANNA, user }, ASK));
    });
  });

  for (const step of ['a choice', 'a code', 'a link'] as const) {
    it(`to ${step} leaves an outcome or a fault`, () => {
      const scene = stage();
      return run(async (answer, user) => {
        scene.transport.next(challenge([step === 'a link' ? LINK : SMS]), answer);
        const open = await challengeOf(scene, { ...ANNA, user });
        if (step === 'a code') return assertOutcome(open.submit('1'));
        if (step === 'a choice') return assertOutcome(open.choose('first'));
        const outcome = await open.choose('first');
        assert.ok('link' in outcome && outcome.link);
        return assertOutcome(outcome.link.later);
      });
    });
  }

  it('to a refresh leaves a token, a refusal or a fault', () => {
    const { server, transport } = stage();
    return run(async (answer, user) => {
      transport.next(signedIn('a', { life: 0 }), answer);
      const { session } = isSignedIn(await server.signIn({ ...ANNA, user }, ASK));
      const { token, refused, failed } = await session.ask();
      assert.ok(token ?? refused ?? failed);
      assert.notEqual(failed?.fault, 'unexpected');
      session.end();
    });
  });

  it('without a token is never a sign-in', () => {
    const { server, transport } = stage();
    return run(async (answer, user) => {
      const { access_token: _, ...body } = answer.body ?? {};
      transport.next({ ...answer, body });
      const outcome = await server.signIn({ ...ANNA, user }, ASK).catch(() => undefined);
      assert.notEqual(outcome?.state, 'signed-in');
    });
  });
});

describe('hostile bytes over a real socket', () => {
  afterEach(closeServers);

  it('leave a reply or a fault', async () => {
    const server = await serve((_, response) => {
      const text = JSON.stringify({ error: 'x', VGResponse: { a: 'ü€' } });
      const bodies = [
        randomBytes(300),
        Buffer.from(text, 'utf16le'),
        Buffer.from(text, 'latin1'),
        Buffer.from([0xff, 0xfe]),
        Buffer.alloc(1000),
      ];
      response.writeHead(200, {
        'content-type': ['application/json', '', 'x'.repeat(5000), 'text/html;charset=\u00ff'][
          server.requests.length % 4
        ],
      });
      response.end(bodies[server.requests.length % bodies.length]);
      return undefined;
    });
    const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
    for (let exchange = 0; exchange < 40; exchange += 1) {
      const { status, contentType } = await transport.send({ url: server.origin, form: {} });
      assert.equal(status, 200);
      assert.ok(contentType.length < 70);
    }
    assert.equal(server.requests.length, 40);
  });
});
