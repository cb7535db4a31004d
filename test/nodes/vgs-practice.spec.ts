import assert from 'node:assert/strict';
import { PRACTICE_ACCOUNTS } from '../../src/practice/users.ts';
import { assertFault } from '../support/faults.ts';
import { httpRequest, place, wire } from '../support/flows.ts';
import { assertTimeAfter, type HeldTime, holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { vgsFlow } from '../support/token-server.ts';

const SCOPE = 'cards:write network-tokens:write';

const practise = (clientId: string, clientSecret = 'practice', scope = SCOPE): Promise<Flow> =>
  load(vgsFlow('', { practice: true, scope }), { account: { clientId, clientSecret } });

describe('a VGS account on the practice server', () => {
  let time: HeldTime;
  beforeEach(() => {
    time = holdTime();
  });

  it('has a test here for each', () => {
    const tested = ['practice', 'short-life', 'missing-scope', 'disabled', 'busy', 'outage'];
    assert.deepEqual(PRACTICE_ACCOUNTS.map(({ clientId }) => clientId).sort(), tested.sort());
  });

  it('practice: gets a token for 300 s that the practice API accepts, also with empty credentials', async () => {
    const flow = await load([
      { id: 'account', type: 'vgs-account', practice: true },
      wire('attach-bearer', 'attach', ['call', 'needed'], { account: 'account' }),
      httpRequest('call', 'answered', { ret: 'obj' }),
      ...['answered', 'needed'].map(place),
    ]);
    const origin = await flow.engine.practice.start();

    flow.send('attach', { url: `${origin}/api/cards`, method: 'GET' });
    const { at, msg } = await flow.next();

    assert.equal(at, 'answered');
    assert.equal(msg.statusCode, 200);
    assert.equal((msg.payload as { signed_in_as: string }).signed_in_as, 'practice');
    assert.match(flow.status('attach'), /practice.*valid-until/);
  });

  it('short-life: gets a token for 10 s', async () => {
    const flow = await practise('short-life');
    const first = (await flow.ask('get')).msg;
    assertTimeAfter(first.token?.expires_at, time, 10_000);
    await time.pass(10_000);
    assert.notEqual((await flow.ask('get')).msg.token?.access_token, first.token?.access_token);
  });

  it('missing-scope: gets a warning with the missing scope', async () => {
    const { at, msg } = await (await practise('missing-scope')).ask('get');
    assert.equal(at, 'token');
    assert.deepEqual(msg.auth?.warnings, ['scope-missing']);
    assert.deepEqual(msg.auth?.missing_scope, ['network-tokens:write']);
  });

  for (const [what, client, reason] of [
    ['disabled', ['disabled'], 'account-disabled'],
    ['a wrong secret', ['practice', 'wrong'], 'client-invalid'],
    ['an unknown account', ['nobody'], 'client-invalid'],
    ['a scope that cannot be', ['practice', 'practice', 'NoScope'], 'scope-invalid'],
  ] as [string, [string, string?, string?], string][]) {
    it(`${what}: refused, ${reason}`, async () => {
      const { at, msg } = await (await practise(...client)).ask('get');
      assert.deepEqual([at, msg.auth?.reason], ['refused', reason]);
    });
  }

  it('busy: asks to wait 60 s', async () => {
    const flow = await practise('busy');
    assertFault(await flow.ask('get'), 'AUTH_UNAVAILABLE', 'practice');
    assert.match(flow.status('get'), /practice.*retry-at/);
  });

  it('outage: cannot answer', async () => {
    assertFault(await (await practise('outage')).ask('get'), 'AUTH_UNAVAILABLE', 'practice');
  });
});
