import assert from 'node:assert/strict';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { Fleet, type Replica } from './fleet.ts';
import { ASK, isSignedIn } from './visual-guard.ts';

/** The life of a token of these tests, in ms. */
export const LIFE = 1_800_000;
/** A person whose sign-in needs no code. */
export const PERSON = { user: 'service', password: 'service-password' };

/** A fleet whose first replica has signed a person in. */
export async function fleetWith(count: number): Promise<{ fleet: Fleet; replicas: Replica[]; session: Session }> {
  const fleet = new Fleet();
  const replicas = fleet.replicas(count);
  const { session } = isSignedIn(await replicas[0].server.signIn(PERSON, ASK));
  await fleet.told();
  return { fleet, replicas, session };
}

/** The session at a replica that did not start it. */
export async function sessionAt({ server }: Replica, { handle }: Session): Promise<Session> {
  const session = await server.findSessionWith(handle);
  assert.ok(session, 'not found');
  return session;
}

/** The text of the token that a message gets. */
export const textOf = async (session: Session): Promise<string | undefined> => (await session.ask()).token?.accessToken;
