import assert from 'node:assert/strict';
import fc from 'fast-check';
import { heldAt } from '../../nodes/shared/hold/held-count.ts';
import { signsIn } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { holdFlow } from '../support/hold-flow.ts';
import { type Flow, load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { until } from '../support/until.ts';

const USERS = ['anna', 'bert'];
const MOST = 4;

/** The events of the flow. */
type Event = { put: string } | { login: string } | { logout: string } | { pass: number } | 'reset' | 'full' | 'nodes';

const user = fc.constantFrom(...USERS);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ put: user }) },
  { weight: 2, arbitrary: fc.record({ login: user }) },
  { weight: 2, arbitrary: fc.record({ logout: user }) },
  { weight: 2, arbitrary: fc.record({ pass: fc.integer({ min: 5_000, max: 120_000 }) }) },
  fc.constantFrom('reset', 'full', 'nodes'),
);

/** Completes everything that was started. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('attach bearer, on hold, in every order of what can happen', function () {
  this.timeout(180_000);

  it('gives each message one outcome, in the order of arrival, and never holds more than its limit', async () => {
    const time = holdTime();
    const server = await serve((request) => signsIn(`token-of-${request.form.get('Username')}`));
    const nodes = holdFlow({ url: server.origin }, { user: 'who', userType: 'msg', hold: 200, holdMax: MOST });
    for (const id of ['login', 'logout'])
      Object.assign(nodes.find((node) => node.id === id) ?? {}, {
        username: 'who',
        usernameType: 'msg',
        password: 'password',
        passwordType: 'msg',
        user: 'who',
        userType: 'msg',
      });
    const flow = await load(nodes, { server: {} });
    const changed = nodes.map((node) => (node.id === 'attach' ? { ...node, name: 'renamed' } : node));
    let isChanged = false;
    let number = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 40 }), async (events) => {
        const put: { who: string; number: number }[] = [];
        for (const each of events) {
          if (typeof each !== 'string' && 'put' in each) {
            number += 1;
            put.push({ who: each.put, number });
            flow.send('attach', { payload: number, who: each.put });
            // Several messages arrive at the same moment.
            if (number % 3 !== 0) continue;
          } else if (each === 'reset') {
            number += 1;
            put.push({ who: 'anna', number });
            flow.send('attach', { payload: number, who: 'anna', reset: true });
          } else if (each === 'full' || each === 'nodes') {
            await settle();
            isChanged = !isChanged;
            await flow.deploy(isChanged ? changed : nodes, each);
          } else if ('pass' in each) await time.pass(each.pass);
          else if ('login' in each) {
            flow.send('login', { who: each.login, password: 'secret' });
            await flow.next('in');
          } else {
            flow.send('logout', { who: each.logout });
            await flow.next('out');
          }
          await settle();
          assert.ok(heldAt(flow.RED, 'server') <= MOST);
        }
        await settle();
        await time.pass(200_000);
        await until(() => done(flow).length === put.length);
        check(flow, put);
        for (const who of USERS) {
          flow.send('logout', { who });
          await flow.next('out');
        }
        assert.equal(heldAt(flow.RED, 'server'), 0);
      }),
      { seed: 20_260_102, numRuns: 25 },
    );
  });
});

function done(flow: Flow): unknown[] {
  return flow.left.filter(({ at }) => at === 'done');
}

/** Checks that each message arrived once, those of a user in order, and completed once. Requests to a human are not counted. */
function check(flow: Flow, put: readonly { who: string; number: number }[]): void {
  const all = flow.left.splice(0);
  const numbersAt = (at: string, who?: string): number[] =>
    all
      .filter((each) => each.at === at && each.msg.payload !== undefined && (who === undefined || each.msg.who === who))
      .map(({ msg }) => msg.payload as number);
  for (const who of USERS)
    for (const at of ['ready', 'needed']) {
      const numbers = numbersAt(at, who);
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
        `${who} at ${at}`,
      );
    }
  const sorted = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b);
  const expected = put.map(({ number }) => number);
  assert.deepEqual(sorted([...numbersAt('ready'), ...numbersAt('needed')]), expected);
  assert.deepEqual(sorted(numbersAt('done')), expected);
  assert.deepEqual(numbersAt('caught'), []);
}
