import assert from 'node:assert/strict';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { Fleet, type Replica } from '../support/fleet.ts';
import { silence } from '../support/scripted-transport.ts';
import { ASK, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

async function signIn({ server }: Replica, user: string): Promise<Session> {
  return isSignedIn(await server.signIn({ user, password: `${user}-password` }, ASK)).session;
}

describe('the sign-out of all sessions of a process', () => {
  it('ends them at all replicas, even if the server does not answer', async () => {
    const fleet = new Fleet();
    const [one, two] = fleet.replicas(2);
    const sessions: Session[] = [];
    for (let person = 0; person < 60; person += 1) {
      const user = `service-${person}`;
      sessions.push(await signIn(one, user));
    }
    const others = await signIn(two, 'service-60');
    one.transport.otherwise = silence;
    const leaving = one.server.signOutAllHere();
    for (const { ended } of sessions) assert.equal(ended, true);
    for (let round = 0; round < 10; round += 1) await fleet.told();
    for (const { handle } of sessions) assert.equal(await two.server.findSessionWith(handle), undefined);
    assert.equal(others.ended, false);
    for (let round = 0; round < 8; round += 1) await fleet.system.pass(15_000);
    assert.equal(await leaving, 60);
  });

  it('continues after one that the store did not accept', async () => {
    const fleet = new Fleet();
    const [one] = fleet.replicas(1);
    const [first] = [await signIn(one, 'service-0'), await signIn(one, 'service-1'), await signIn(one, 'service-2')];
    const failure = new Error('the store did not answer');
    Object.defineProperties(first, {
      isRefreshing: { value: true },
      writeEnd: { value: () => Promise.reject(failure) },
    });
    const out: (string | undefined)[] = [];
    one.server.metrics.events.add(({ what, user }) => what === 'sign-out' && out.push(user));
    await assert.rejects(one.server.signOutAllHere(), failure);
    assert.deepEqual(out.sort(), ['service-0', 'service-1', 'service-2']);
  });
});
