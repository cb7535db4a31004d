import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { createToken, type Token } from '../../src/oauth/token.ts';
import { TokenSource } from '../../src/oauth/token-source.ts';
import { FakeSystem, isSettled, START } from '../support/fake-system.ts';
import { Fleet, SERVICE } from '../support/fleet.ts';
import '../support/rejections.ts';

const SECOND = 1_000;
const DOWN = new AuthError('connection-refused', { host: 'auth.example.org' });

/** A source that waits in its back-off: its server was down three times, so the next renewal waits 4 s. */
async function waitingSource() {
  const system = new FakeSystem(0);
  const at: number[] = [];
  const server = { isUp: false };
  const tokenOf = (accessToken: string): Token =>
    createToken({ accessToken, sentAt: system.now(), lifetime: 300 * SECOND, scope: [], missingScope: [] }, system);
  const source = new TokenSource({
    clock: system,
    host: 'auth.example.org',
    renew: async () => {
      at.push((system.now() - START) / SECOND);
      if (!server.isUp) throw DOWN;
      return { token: tokenOf(`t${at.length}`) };
    },
  });
  for (let times = 0; times < 3; times += 1) {
    const asked = source.ask();
    await system.pass(2 * SECOND);
    await asked;
  }
  assert.deepEqual(at, [0, 2, 4]);
  const waiting = source.ask();
  assert.equal(await isSettled(waiting), false);
  server.isUp = true;
  return { system, source, at, waiting, tokenOf };
}

describe('a renewal that waits in its back-off', () => {
  it('is sent at once if a renewal is requested now, once for all who wait', async () => {
    const { source, at, waiting } = await waitingSource();
    const renewed = await source.renewNow();
    assert.deepEqual(at, [0, 2, 4, 6]);
    assert.equal(renewed.token?.accessToken, 't4');
    assert.equal((await waiting).token?.accessToken, 't4');
  });

  it('sends nothing if another replica has got a token: those who wait get that one', async () => {
    const { system, source, at, waiting, tokenOf } = await waitingSource();
    source.adopt(tokenOf('of another replica'));
    assert.equal((await waiting).token?.accessToken, 'of another replica');
    await system.pass(60 * SECOND);
    assert.deepEqual(at, [0, 2, 4]);
    assert.equal(system.pending, 0);
  });

  it('sends nothing if its source is closed', async () => {
    const { system, source, at, waiting } = await waitingSource();
    source.close();
    assert.equal((await waiting).failed?.fault, 'connection-closed');
    assert.equal(source.current(), undefined);
    assert.equal((await source.ask()).failed?.fault, 'connection-closed');
    assert.equal((await source.renewNow()).failed?.fault, 'connection-closed');
    await system.pass(60 * SECOND);
    assert.deepEqual(at, [0, 2, 4]);
    assert.equal(system.pending, 0);
  });
});

describe('an automatic sign-in that waits in its back-off', () => {
  /** The identity server was down at the first sign-in, so the second one waits. */
  async function waitingSignIn() {
    const fleet = new Fleet();
    const replica = fleet.replica(SERVICE);
    replica.transport.next(DOWN);
    await assert.rejects(replica.server.tokenOfStored(false), { fault: 'connection-refused' });
    const waiting = replica.server.tokenOfStored(false);
    waiting.catch(() => undefined);
    assert.equal(await isSettled(waiting), false);
    return { fleet, replica, waiting };
  }

  it('is sent at once if somebody signs the user in', async () => {
    const { replica, waiting } = await waitingSignIn();
    const outcome = await replica.server.signInStored({ method: 'ask', reset: false });
    assert.equal(outcome.state, 'signed-in');
    assert.ok((await waiting).token);
    assert.equal(replica.transport.requests.length, 2);
  });

  it('sends nothing if another replica has signed the user in', async () => {
    const { fleet, replica, waiting } = await waitingSignIn();
    const other = fleet.replica(SERVICE);
    const { token } = await other.server.tokenOfStored(false);
    await fleet.told();
    assert.equal((await waiting).token?.accessToken, token?.accessToken);
    assert.equal(replica.transport.requests.length, 1);
  });

  it('sends nothing if its server is closed', async () => {
    const { fleet, replica, waiting } = await waitingSignIn();
    replica.server.close();
    await assert.rejects(waiting, { fault: 'connection-closed' });
    await fleet.system.pass(60 * SECOND);
    assert.equal(replica.transport.requests.length, 1);
  });
});
