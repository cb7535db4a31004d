import assert from 'node:assert/strict';
import fc, { type Scheduler } from 'fast-check';
import { Engine } from '../../src/engine/engine.ts';
import { StoreCoordinator } from '../../src/store/store-coordinator.ts';
import { VgsAccount } from '../../src/vgs/account.ts';
import type { OpenChallenge } from '../../src/visual-guard/outcome.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { ANNA } from '../support/fleet.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { OneTimeGuard } from '../support/one-time-guard.ts';
import { ScheduledStore } from '../support/scheduled-store.ts';
import { json, ScriptedTransport } from '../support/scripted-transport.ts';
import { ASK, isChallenged, SETTINGS } from '../support/visual-guard.ts';
import '../support/rejections.ts';

/** The same orders in each run. */
const ORDERS = { seed: 20_260_102, numRuns: 60 };

/** Replicas whose calls of a shared store happen in the order of a scheduler. */
function replicasOf(scheduler: Scheduler) {
  const system = new FakeSystem();
  const shared = { memory: new MemoryStore(system) };
  return { system, open: () => new ScheduledStore(shared, system, scheduler) };
}

describe('in every order of requests and answers', () => {
  it('a lock has one holder, and everyone who waits for it gets it', async function () {
    this.timeout(60_000);
    const calls = fc.array(fc.record({ replica: fc.nat(2), name: fc.constantFrom('a', 'b') }), {
      minLength: 2,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), calls, async (scheduler, all) => {
        const { system, open } = replicasOf(scheduler);
        const replicas = [0, 1, 2].map(() => new StoreCoordinator(open(), system));
        const running = new Set<string>();
        const done = all.map(({ replica, name }) =>
          (replicas[replica] as StoreCoordinator).exclusive(name, 'host', async (lock) => {
            assert.ok(!running.has(name), 'two hold it');
            running.add(name);
            await scheduler.schedule(Promise.resolve(), `work under ${name}`);
            assert.equal(lock.signal.aborted, false);
            running.delete(name);
          }),
        );
        await scheduler.waitFor(Promise.all(done));
      }),
      ORDERS,
    );
  });

  it('a token is requested once, for any number of messages at any replica', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.nat(2), { minLength: 2, maxLength: 8 }), async (scheduler, all) => {
        const { system, open } = replicasOf(scheduler);
        const transport = new ScriptedTransport(system);
        let requests = 0;
        transport.otherwise = async () => {
          requests += 1;
          const text = `token-${requests}`;
          await scheduler.schedule(Promise.resolve(), 'answer of the server');
          return json(200, { access_token: text, expires_in: 300, token_type: 'bearer' });
        };
        const settings = {
          tokenUrl: 'https://x.test/token',
          clientId: 'AC',
          clientSecret: 's',
          scope: '',
          clientAuth: 'body',
        } as const;
        const accounts = [0, 1, 2].map(
          () => new VgsAccount(settings, transport, system, new StoreCoordinator(open(), system)),
        );
        const asked = all.map((replica) => (accounts[replica] as VgsAccount).ask());
        const answers = await scheduler.waitFor(Promise.all(asked));
        assert.deepEqual(new Set(answers.map(({ token }) => token?.accessToken)), new Set(['token-1']));
        assert.equal(requests, 1);
      }),
      ORDERS,
    );
  });

  it('two replicas answer one challenge once, and send five wrong codes to the server at most', async function () {
    this.timeout(120_000);
    const answers = fc.array(fc.record({ replica: fc.nat(1), isRight: fc.boolean() }), { minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), answers, async (scheduler, all) => {
        const { system, open } = replicasOf(scheduler);
        const guard = new OneTimeGuard();
        let codes: boolean[] = [];
        const servers = [0, 1].map(() => {
          const transport = new ScriptedTransport(system);
          transport.otherwise = async ({ form }) => {
            if (form.MFASecureCode !== undefined) codes.push(form.MFASecureCode === guard.code);
            await scheduler.schedule(Promise.resolve(), 'answer of the server');
            return guard.answer(form);
          };
          return new Engine(100, system).holdServer(SETTINGS, transport, '', open()).value;
        });
        const begin = async (): Promise<OpenChallenge[]> => {
          const { challenge } = isChallenged(await servers[0]?.signIn(ANNA, ASK), 'mfa-required');
          isChallenged(await challenge.choose('otp-sms'), 'code-required');
          return [challenge, (await servers[1]?.findChallenge(challenge.id)) as OpenChallenge];
        };
        const challenges = await scheduler.waitFor(begin());
        codes = [];
        const submitted = all.map(({ replica, isRight }) =>
          (challenges[replica] as OpenChallenge).submit(isRight ? guard.code : 'wrong'),
        );
        const outcomes = await scheduler.waitFor(Promise.all(submitted));
        const signedIn = outcomes.filter(({ state }) => state === 'signed-in').length;
        const wrong = codes.filter((isRight) => !isRight).length;
        assert.ok(wrong <= 5, `${wrong} wrong codes`);
        // It ends with the first right code or the fifth wrong one. Nothing is sent after that.
        assert.equal(signedIn, codes.filter((isRight) => isRight).length);
        assert.ok(signedIn <= 1, `${signedIn} sessions`);
        assert.equal(codes.indexOf(true) < 0 || codes.indexOf(true) === codes.length - 1, true);
        if (wrong < 5) assert.equal(signedIn, all.some(({ isRight }) => isRight) ? 1 : 0);
      }),
      { ...ORDERS, numRuns: 30 },
    );
  });
});
