import assert from 'node:assert/strict';
import type { Reply } from './cluster.ts';

/** Checks the result of a flow. @returns `msg.auth` */
export function told({ status, body }: Reply, at: string): Record<string, unknown> {
  assert.deepEqual({ status, at: body.at }, { status: 200, at }, JSON.stringify(body));
  return body.auth ?? {};
}

/** Checks that an API was called with a token of this user. */
export function used({ status, body }: Reply, user: string): void {
  assert.deepEqual({ status, user: body.user }, { status: 200, user }, JSON.stringify(body));
}
