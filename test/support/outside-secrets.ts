import assert from 'node:assert/strict';
import sinon from 'sinon';
import type { Flow } from './runtime.ts';
import { serve, type TestServer } from './servers.ts';
import { grants, refuses } from './token-server.ts';

/** A variable in a property or credential. */
export const of = (variable: string): string => `\${${variable}}`;
/** Credentials of `vgsFlow` with a secret from outside. */
export const CREDENTIALS = { account: { clientId: 'client', clientSecret: of('THE_SECRET') } };

/** A token endpoint that accepts this secret, and grants tokens that are valid for one message. */
export async function serveFor(secret: string): Promise<TestServer & { secret: string }> {
  const state = { secret };
  const server = await serve(({ form }) =>
    form.get('client_secret') === state.secret
      ? grants(`token-for-${form.get('client_secret')?.trim()}`, { expires_in: 0 })
      : refuses(401, 'invalid_client'),
  );
  return Object.defineProperty(server, 'secret', {
    get: () => state.secret,
    set: (value: string) => {
      state.secret = value;
    },
  }) as TestServer & { secret: string };
}

/** The secrets that were sent, in order. */
export const sentTo = (server: TestServer): (string | null)[] =>
  server.requests.map(({ form }) => form.get('client_secret'));

/** Gets a token. */
export async function tokenFrom(flow: Flow): Promise<string | undefined> {
  const { at, msg } = await flow.ask('get');
  assert.equal(at, 'token', JSON.stringify(msg.error ?? msg.auth));
  return msg.token?.access_token;
}

/** Lets a second pass, after which files are read and hooks are called again. */
export function letTimePass({ engine: { clock } }: Flow): void {
  const now = clock.now();
  sinon.restore();
  const ahead = now + 1_000 - Date.now();
  sinon.replace(clock, 'now', () => Date.now() + ahead);
}
