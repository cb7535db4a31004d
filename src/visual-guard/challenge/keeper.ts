import type { SharedRecord } from '../../store/coordinator.ts';
import type { ServerContext } from '../context.ts';
import type { Grant } from '../dialect/wire.ts';
import type { BegunSession, OpenChallenge, Refused } from '../outcome.ts';
import type { ChallengeRecord } from './record.ts';

/** Keeps the challenges of a server. */
export interface ChallengeKeeper {
  readonly context: ServerContext;
  recordOf(id: string): SharedRecord<ChallengeRecord>;
  /** The challenge was answered: a session begins. */
  answered(grant: Grant, challenge: OpenChallenge): BegunSession;
  /** The challenge has ended with a refusal. */
  refused(challenge: OpenChallenge, refused: Refused): void;
  /** The challenge has ended. */
  left(challenge: OpenChallenge): void;
  /** No step of the challenge can be taken in this process any more: it has ended, has expired, or was evicted. */
  closed(): void;
}
