import assert from 'node:assert/strict';
import { Engine } from '../../src/engine/engine.ts';
import type { VgsSettings } from '../../src/vgs/account.ts';
import { FakeSystem, isSettled, settle } from '../support/fake-system.ts';
import { ANNA, Fleet, type Replica, SERVICE } from '../support/fleet.ts';
import { json, OpenStep, page, ScriptedTransport } from '../support/scripted-transport.ts';
import { signedIn } from '../support/vg-replies.ts';
import { ASK, isChallenged, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MINUTE = 60_000;
const VGS: VgsSettings = {
  tokenUrl: 'https://auth.example.org/token',
  clientId: 'AC-calm',
  clientSecret: 'secret',
  scope: '',
  clientAuth: 'body',
};
const TOKEN = json(200, { access_token: 'vgs-1', expires_in: 300, token_type: 'bearer' });

/** Two VGS accounts that share a store. The first one holds the lock, because its server does not answer. */
function accountsOverStore(fleet: Fleet) {
  const step = new OpenStep();
  const made = fleet.replicas(2).map(({ engine, store }) => {
    const transport = new ScriptedTransport(fleet.system);
    transport.otherwise = step.step;
    return { transport, account: engine.holdAccount(VGS, transport, '', store).value };
  });
  return { step, made };
}

describe('a connection that is closed', () => {
  it('does not retry a request for a VGS token', async () => {
    const system = new FakeSystem();
    const transport = new ScriptedTransport(system, page(503), TOKEN);
    const account = new Engine(100, system).holdAccount(VGS, transport, '').value;
    const asked = account.ask();
    await settle();
    account.close();
    await system.pass(MINUTE);
    assert.equal((await asked).failed?.fault, 'connection-closed');
    assert.equal(transport.requests.length, 1);
    assert.notEqual(account.states.state.at, 'failing');
  });

  it('sends no request for a VGS token after it gets the lock', async () => {
    const fleet = new Fleet();
    const { step, made } = accountsOverStore(fleet);
    const [one, two] = made;
    void one.account.ask();
    await fleet.told();
    const asked = two.account.ask();
    await fleet.told();
    assert.equal(await isSettled(asked), false);
    two.account.close();
    step.fail(new Error('a defect'));
    await fleet.system.pass(MINUTE);
    assert.equal((await asked).failed?.fault, 'connection-closed');
    assert.equal(two.transport.requests.length, 0);
  });

  /** The second replica waits for the lock that the first one holds. */
  async function waitingForLock(begin: (replica: Replica) => Promise<unknown>, settings: object = {}) {
    const fleet = new Fleet();
    const [one, two] = fleet.replicas(2, settings);
    const step = new OpenStep();
    one.transport.next(step.step);
    const first = begin(one);
    first.catch(() => undefined);
    await fleet.told();
    const second = begin(two);
    second.catch(() => undefined);
    await fleet.told();
    assert.equal(await isSettled(second), false);
    two.server.close();
    step.fail(new Error('a defect'));
    await fleet.system.pass(MINUTE);
    await assert.rejects(second, { fault: 'connection-closed' });
    assert.equal(two.transport.requests.length, 0);
  }

  it('sends no automatic sign-in after it gets the lock', () =>
    waitingForLock(({ server }) => server.tokenOfStored(false), SERVICE));

  it('sends no sign-in with the credentials of a message after it gets the lock', () =>
    waitingForLock(({ server }) => server.signIn({ user: 'service', password: 'service-password' }, ASK)));

  it('sends no code', async () => {
    const { server, transport } = new Fleet().replica();
    const { challenge } = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required');
    server.close();
    await challenge.choose('otp-sms').catch(() => undefined);
    assert.equal(transport.requests.length, 1);
  });

  it('sends no renewal of a session', async () => {
    const { server, transport, system } = stage({}, signedIn('a', { life: 300 }));
    const { session } = isSignedIn(await server.signInStored(ASK));
    server.close();
    await system.pass(5 * MINUTE);
    assert.equal((await session.ask()).refused?.reason, 'session-expired');
    assert.equal(transport.requests.length, 1);
    assert.equal(system.pending, 0);
  });
});
