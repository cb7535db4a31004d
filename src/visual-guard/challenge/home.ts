import type { Meter } from '../../meter.ts';
import type { System } from '../../system.ts';
import type { Grant, VisualGuardWire } from '../dialect/wire.ts';
import type { SignedIn } from '../outcome.ts';
import type { Guarding } from '../sign-in/guard.ts';
import type { Challenge } from './challenge.ts';

/** Where a challenge lives: the server that set it. */
export interface ChallengeHome {
  readonly wire: VisualGuardWire;
  readonly guard: Guarding;
  readonly system: System;
  readonly meter: Meter;
  /** The user as the guard knows it: the same for all spellings that a server takes for one user, and unlike that of any other server. */
  guardName(user: string): string;
  /** The challenge was answered: a session begins. */
  challengeAnswered(grant: Grant, challenge: Challenge): SignedIn | Promise<SignedIn>;
  /** The challenge is over: forget it. */
  forgetChallenge(challenge: Challenge): void;
}
