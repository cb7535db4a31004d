import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { systemClock as realSystem } from '../../src/core/clock.ts';
import { AuthError } from '../../src/core/errors.ts';
import { HttpTransport, type Transport } from '../../src/http/transport.ts';
import { VgsAccount } from '../../src/vgs/account.ts';
import type { Outcome } from '../../src/visual-guard/outcome.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { fuzzed } from '../support/fuzzed.ts';
import { hostileReply, hostileWireReply, mutatedReply, STATES } from '../support/hostile-replies.ts';
import { type ScriptedReply, ScriptedTransport, silence } from '../support/scripted-transport.ts';
import { serve } from '../support/servers.ts';
import { challenge, LINK, SMS, signedIn } from '../support/vg-replies.ts';
import { ASK, isChallenged, isSignedIn, SETTINGS, type Stage, stage } from '../support/visual-guard.ts';

/** The secrets that are sent. None of them may be in an outcome. */
const SECRETS = {
  password: 'SECRET-of-the-person',
  clientSecret: 'SECRET-of-the-client',
  code: 'SECRET-code',
  refreshToken: 'SECRET-refresh',
};

/** What was sent to the server up to each step. Any other secret is not known there. */
const LOGIN = [SECRETS.password, SECRETS.clientSecret];
const SENT: Record<string, string[]> = {
  'sign-in': LOGIN,
  choice: LOGIN,
  code: [...LOGIN, SECRETS.code],
  link: LOGIN,
  refresh: [...LOGIN, SECRETS.refreshToken],
  account: [SECRETS.clientSecret],
};

/** The result of a step: its state, or its fault. @throws AssertionError if it is neither, or contains a secret */
async function check(step: string, asked: Promise<unknown>): Promise<void> {
  const result = await asked.then(
    (outcome) => ({ outcome }),
    (failure: unknown) => ({ failure }),
  );
  if ('failure' in result) {
    const { failure } = result;
    assert.ok(failure instanceof AuthError, String(failure));
    assert.notEqual(failure.fault, 'unexpected');
  } else {
    assertKnown(result.outcome);
  }
  const shown = JSON.stringify(result, withErrors) ?? '';
  for (const secret of SENT[step] ?? []) assert.ok(!shown.includes(secret), `${step}: a secret came back: ${shown}`);
}

/** @throws AssertionError unless the outcome is a known state, a token, a refusal or a known failure */
function assertKnown(outcome: unknown): void {
  if (outcome === undefined) return;
  const { state, token, refused, failed } = outcome as {
    state?: string;
    token?: unknown;
    refused?: unknown;
    failed?: AuthError;
  };
  if (state !== undefined) assert.ok(STATES.includes(state), state);
  else {
    assert.notEqual(failed?.fault, 'unexpected');
    assert.ok(token ?? refused ?? failed, inspect(outcome));
  }
}

/**
 * Also the parts of an error that JSON leaves out. Not checked: the objects of the engine, which never reach a message,
 * and the token, which is whatever the server says.
 */
function withErrors(key: string, value: unknown): unknown {
  if (value instanceof Error) return { ...value, message: value.message, cause: value.cause };
  return ['session', 'challenge', 'link', 'token'].includes(key) ? undefined : value;
}

/** A server here keeps 100 sessions. It is replaced before an eviction, whose revocation would consume the scripted reply. */
let steps = 0;
let scene: Stage = newScene();

/** Alternates between the password in every step of a sign-in, and in the first only. */
function newScene(): Stage {
  const mfaCredentials = steps % 100 === 0 ? 'username+password' : 'none';
  return stage({ clientSecret: SECRETS.clientSecret, mfaCredentials });
}

const STEPS: Record<string, (reply: ScriptedReply, user: string) => Promise<void>> = {
  async 'sign-in'(reply, user) {
    scene.transport.next(reply);
    await check('sign-in', scene.server.signIn({ user, password: SECRETS.password }, ASK));
  },
  async choice(reply, user) {
    await check('choice', (await open(reply, user, SMS)).choose('first'));
  },
  async code(reply, user) {
    await check('code', (await open(reply, user, SMS)).submit(SECRETS.code));
  },
  async link(reply, user) {
    const outcome = await (await open(reply, user, LINK)).choose('first');
    await check(
      'link',
      (outcome as Outcome & { link?: { later: Promise<unknown> } }).link?.later ?? Promise.resolve(outcome),
    );
  },
  async refresh(reply, user) {
    scene.transport.next(signedIn('access', { life: 0, refreshToken: SECRETS.refreshToken }), reply);
    const { session } = isSignedIn(await scene.server.signIn({ user, password: SECRETS.password }, ASK));
    await check('refresh', session.ask());
    session.end();
  },
  async revocation(reply, user) {
    scene.transport.next(signedIn('access', { refreshToken: SECRETS.refreshToken }), reply);
    const { session } = isSignedIn(await scene.server.signIn({ user, password: SECRETS.password }, ASK));
    const revoked = await scene.server.signOut(session, user);
    assert.ok(session.ended && revoked.every((what) => what === 'refresh_token'));
  },
  async account(reply) {
    const time = new FakeSystem();
    const asked = account(new ScriptedTransport(time, reply, reply, reply), time).ask();
    await time.pass(60_000);
    await check('account', asked);
  },
};

async function open(reply: ScriptedReply, user: string, way: typeof SMS) {
  scene.transport.next(challenge([way]), reply);
  const outcome = await scene.server.signIn({ user, password: SECRETS.password }, ASK);
  return isChallenged(outcome, 'mfa-required').challenge;
}

function account(transport: Transport, time = realSystem): VgsAccount {
  const { tokenUrl, scope } = SETTINGS;
  return new VgsAccount(
    { tokenUrl, clientId: 'a', clientSecret: SECRETS.clientSecret, scope, clientAuth: 'body' },
    transport,
    time,
  );
}

/** A server may also repeat sent values, at any place. */
const echo = fc.constantFrom(...Object.values(SECRETS));
const echoing = fc
  .tuple(hostileReply, echo, fc.nat(30))
  .map(([{ status = 200, body }, secret, place]): ScriptedReply => {
    const text = JSON.stringify(body);
    let strings = 0;
    JSON.parse(text, (_, value) => {
      if (typeof value === 'string') strings += 1;
    });
    let left = place % Math.max(1, strings);
    const changed = JSON.parse(text, (_, value) => (typeof value === 'string' && left-- === 0 ? `${secret}` : value));
    return { status, body: strings > 0 ? changed : { error: secret } };
  });
const mutated = mutatedReply().map((body): ScriptedReply => {
  const read = JSON.parse(
    JSON.stringify(body, (_, each) => (typeof each === 'bigint' ? String(each) : each)),
  ) as unknown;
  return {
    status: 400,
    body: typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : undefined,
  };
});
const anyReply = fc.oneof(
  { arbitrary: hostileReply, weight: 3 },
  { arbitrary: echoing, weight: 1 },
  { arbitrary: mutated, weight: 2 },
);

describe('random hostile replies', () => {
  it('end every step of the engine in a known outcome, which contains no secret', async function () {
    this.timeout(900_000);
    await fc.assert(
      fc.asyncProperty(anyReply, fc.constantFrom(...Object.keys(STEPS)), async (reply, step) => {
        steps += 1;
        if (steps % 50 === 0) scene = newScene();
        scene.transport.otherwise = silence;
        await STEPS[step]?.(reply, `user-${steps}`);
      }),
      fuzzed(1),
    );
  });

  it('have a known outcome as bytes on a socket, too', async function () {
    this.timeout(900_000);
    let answer: { status: number; type: string; body: Buffer } | undefined;
    const server = await serve((_, response) => {
      const { status = 200, type = '', body } = answer ?? {};
      response.writeHead(status, type ? { 'content-type': type } : {});
      response.end(status === 204 ? undefined : body);
      return undefined;
    });
    const transport = new HttpTransport(new URL(server.origin));
    await fc.assert(
      fc.asyncProperty(hostileWireReply, async (reply) => {
        answer = reply;
        server.requests.length = 0;
        await transport
          .send({ url: `${server.origin}/`, form: { client_secret: SECRETS.clientSecret } })
          .catch((failure) => {
            assert.ok(failure instanceof AuthError && failure.fault !== 'unexpected', String(failure));
          });
      }),
      fuzzed(0.1),
    );
    transport.close();
    await server.close();
  });
});
