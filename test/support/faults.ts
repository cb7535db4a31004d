import assert from 'node:assert/strict';
import type { Arrival } from './flows.ts';
import { logged } from './runtime.ts';

/** Texts that no error, status or log may contain: secrets that tests use, and the bodies of replies. */
const SECRET = /THE-[A-Z-]+|%54HE/;

/**
 * Checks an error at a Catch node: its code, a message that names the host (or the property)
 * and a next step, no secret, no body, no cause.
 */
export function assertFault({ at, msg }: Arrival, code: string, naming: string): void {
  assert.equal(at, 'caught', `an error was expected, not ${JSON.stringify(msg.auth)}`);
  const { error } = msg;
  assert.equal(error?.code, code, error?.message);
  assert.ok(error?.message.includes(naming), `${error?.message} names ${naming}`);
  assert.match(
    error?.message ?? '',
    /[^.]\. [A-Z][^.]+\.$|, or .+\.$|wait \d+ s\.$/,
    `it says what to do next: ${error?.message}`,
  );
  assert.doesNotMatch(error?.message ?? '', SECRET);
  assert.equal(error?.cause, undefined);
  assert.equal('token' in msg, false, 'an old token must not pass for a new one');
  assert.doesNotMatch(logged(), SECRET);
}
