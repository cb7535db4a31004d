import assert from 'node:assert/strict';
import { Pace } from '../../src/core/pace.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { FormRequest } from '../../src/http/transport.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { OpenStep, type ScriptedReply, ScriptedTransport } from '../support/scripted-transport.ts';
import { refreshed, signedIn } from '../support/vg-replies.ts';
import { ASK, isSignedIn, SETTINGS, type Stage, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const HOUR = 3_600_000;

/** The requests that renew a session. */
function renewals({ requests }: ScriptedTransport): number {
  return requests.filter(({ form }) => form.grant_type === 'refresh_token').length;
}

let tokens = 0;

/** A server that accepts sign-ins and renewals for the whole test. */
function server({ form }: FormRequest): ScriptedReply {
  tokens += 1;
  return form.grant_type === 'refresh_token'
    ? refreshed(`renewed-${tokens}`, `refresh-${tokens}`)
    : signedIn(`token-${tokens}`);
}

/** A stage whose server answers everything. */
function openStage(): Stage {
  const all = stage();
  all.transport.otherwise = server;
  return all;
}

describe('the unused session of a stored user', () => {
  it('is renewed every 12 hours, up to an hour later', async () => {
    const { server: vg, system, transport } = openStage();
    isSignedIn(await vg.signInStored(ASK));
    vg.keepAlive.hold();
    await system.pass(12 * HOUR - 1);
    assert.equal(renewals(transport), 0);
    await system.pass(HOUR + 1);
    assert.equal(renewals(transport), 1);
    await system.pass(5 * 13 * HOUR);
    assert.equal(renewals(transport), 6);
  });

  it('is not renewed if a message has used it meanwhile', async () => {
    const { server: vg, system, transport } = openStage();
    isSignedIn(await vg.signInStored(ASK));
    vg.keepAlive.hold();
    for (let hour = 0; hour < 48; hour += 6) {
      await system.pass(6 * HOUR);
      await vg.tokenOfStored(false);
    }
    assert.equal(renewals(transport), 8);
  });

  it('is not renewed if no node uses the server', async () => {
    const { server: vg, system, transport } = openStage();
    isSignedIn(await vg.signInStored(ASK));
    const release = [vg.keepAlive.hold(), vg.keepAlive.hold()];
    release[0]();
    release[0]();
    await system.pass(14 * HOUR);
    assert.equal(renewals(transport), 1);
    release[1]();
    await system.pass(48 * HOUR);
    assert.equal(renewals(transport), 1);
    assert.equal(system.pending, 0);
  });

  it('is renewed after the machine was asleep, at most five a second over all servers', async () => {
    const system = new FakeSystem();
    const engine = new Engine(1_000, system);
    const times: number[] = [];
    for (let number = 0; number < 40; number += 1) {
      const transport = new ScriptedTransport(system);
      transport.otherwise = (request) => {
        if (request.form.grant_type === 'refresh_token') times.push(system.now());
        return server(request);
      };
      const vg = engine.holdServer({ ...SETTINGS, clientId: `app${number}_Native` }, transport, '').value;
      isSignedIn(await vg.signInStored(ASK));
      vg.keepAlive.hold();
    }
    system.setClock(30 * HOUR);
    await system.pass(HOUR);
    assert.equal(times.length, 40);
    for (const [index, at] of times.entries()) {
      const within = times.slice(index).filter((each) => each < at + 1_000).length;
      assert.ok(within <= 5, `${within} in a second`);
    }
  });

  it('is renewed by one of three replicas, even if one of them was restarted', async () => {
    const system = new FakeSystem();
    const store = new MemoryStore(system);
    const replicas = Array.from({ length: 3 }, () => {
      const transport = new ScriptedTransport(system);
      transport.otherwise = server;
      const engine = new Engine(100, system);
      return { transport, vg: engine.holdServer(SETTINGS, transport, '', store).value };
    });
    isSignedIn(await replicas[0].vg.signInStored(ASK));
    for (const { vg } of replicas) vg.keepAlive.hold();
    await system.pass(13 * HOUR);
    assert.equal(
      replicas.reduce((sum, { transport }) => sum + renewals(transport), 0),
      1,
    );
    replicas[0].vg.close();
    await system.pass(13 * HOUR);
    assert.equal(
      replicas.reduce((sum, { transport }) => sum + renewals(transport), 0),
      2,
    );
  });

  it('is not renewed after its server was closed, even if a node still holds it', async () => {
    const { server: vg, system, transport } = openStage();
    isSignedIn(await vg.signInStored(ASK));
    const release = vg.keepAlive.hold();
    await system.pass(12 * HOUR - 1);
    const step = new OpenStep();
    transport.next(step.step);
    while (renewals(transport) === 0) await system.pass(10_000);
    vg.close();
    step.answer(refreshed('late'));
    await system.pass(48 * HOUR);
    release();
    assert.equal(renewals(transport), 1);
    assert.equal(system.pending, 0);
  });

  it('does not keep the process running while it waits', async () => {
    const system = new FakeSystem();
    const background: (boolean | undefined)[] = [];
    const pace = new Pace(
      {
        now: () => system.now(),
        random: () => 0,
        after: (ms, run, isBackground) => {
          background.push(isBackground);
          return system.after(ms, run);
        },
      },
      5,
    );
    await pace.turn();
    void pace.turn();
    assert.deepEqual(background, [true]);
  });

  it('is left unchanged if there is no session, or no refresh token', async () => {
    const { server: vg, system, transport } = stage({}, signedIn('a', { refreshToken: '' }));
    vg.keepAlive.hold();
    await system.pass(20 * HOUR);
    assert.equal(transport.requests.length, 0);
    isSignedIn(await vg.signInStored(ASK));
    await system.pass(40 * HOUR);
    assert.equal(transport.requests.length, 1);
  });
});
