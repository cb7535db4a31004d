import type { NodeMessage } from 'node-red';
import type { AuthError } from '../../../src/core/errors.ts';
import type { BearerResult } from '../bearer/bearer.ts';
import type { Auth } from '../msg-auth.ts';
import type { AwaitedUser } from './awaited-user.ts';
import type { Queued } from './hold-queue.ts';

/** How the wait of a message ends. `lost`: the node no longer exists, and nothing is sent. */
export type HoldResult = (BearerResult & { lost?: never }) | { lost: true; bearer?: never; needed?: never };

/** A message on hold. */
export interface HeldMessage extends Queued {
  readonly msg: NodeMessage;
  /** When it arrived, in ms since 1970. */
  readonly since: number;
  readonly awaited: AwaitedUser;
  /** The value of `msg.auth` if it left now. */
  readonly needed: Auth;
  /** Only for a message whose token the API has rejected: the number of the newest token that was tried. */
  readonly rejected: number | undefined;
  end(result: HoldResult): void;
  fail(error: AuthError): void;
}

let arrivals = 0;

/** The number of an arrival: larger than all earlier ones in this process, over deploys, too. */
export function nextArrival(): number {
  arrivals += 1;
  return arrivals;
}
