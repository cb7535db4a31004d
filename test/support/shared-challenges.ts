import assert from 'node:assert/strict';
import type { Challenge } from '../../src/visual-guard/challenge/challenge.ts';
import type { VisualGuardSettings } from '../../src/visual-guard/dialect/wire.ts';
import { ANNA, Fleet, type Replica } from './fleet.ts';
import { ASK, isChallenged } from './visual-guard.ts';

/** Replicas, the first of which got a challenge. */
export async function fleetWith(count: number, settings: Partial<VisualGuardSettings> = {}, person = ANNA) {
  const fleet = new Fleet();
  const replicas = fleet.replicas(count, settings);
  const outcome = await replicas[0].server.signIn(person, ASK);
  const open = isChallenged(outcome, 'mfa-required').challenge;
  return { fleet, replicas, open };
}

/** The challenge as another replica finds it. */
export async function challengeAt({ server }: Replica, { id }: { id: string }): Promise<Challenge> {
  const found = await server.findChallenge(id);
  assert.equal(typeof found, 'object', String(found));
  return found as Challenge;
}

/** The number of requests that they sent to the server. */
export function requests(replicas: Replica[]): number {
  return replicas.reduce((sum, { transport }) => sum + transport.requests.length, 0);
}
