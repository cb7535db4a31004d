import assert from 'node:assert/strict';
import { PracticeTokens } from '../../src/practice/tokens.ts';
import { FakeSystem } from '../support/fake-system.ts';

describe('the tokens of the practice server', () => {
  let time: FakeSystem;
  let before: PracticeTokens;
  let after: PracticeTokens;
  beforeEach(() => {
    time = new FakeSystem();
    before = new PracticeTokens(time);
    after = new PracticeTokens(time);
  });

  it('are accepted again after a restart, until they expire', async () => {
    const token = before.grant('vg', 'all', 'openid', 300);
    assert.deepEqual(after.check(token), before.check(token));
    await time.pass(300_000);
    assert.equal(after.check(token), undefined);
  });

  it('are not accepted if they were revoked in the same process, or in this one', () => {
    const token = before.grant('vg', 'all', '', 300);
    before.revoke(token);
    assert.equal(before.check(token), undefined);
    after.revoke(token);
    assert.equal(after.check(token), undefined);
    const other = before.grant('vg', 'all', '', 300);
    before.revokeAll();
    assert.equal(before.check(other), undefined);
  });

  it('are refreshed once', () => {
    const token = before.grantRefresh('all', 'openid');
    assert.equal(after.useRefresh(token)?.owner, 'all');
    assert.equal(after.useRefresh(token), undefined);
    assert.equal(before.useRefresh(token)?.scope, 'openid');
    assert.equal(before.useRefresh(token), undefined);
  });

  it('have one use: a refresh token opens no API, and an invalid token opens nothing', () => {
    const refresh = before.grantRefresh('all', 'openid');
    assert.equal(after.check(refresh), undefined);
    assert.equal(
      after.useRefresh(before.grant('vg', 'all', '', 300).replace('practice-vg', 'practice-refresh')),
      undefined,
    );
    for (const garbage of ['', 'practice-vg-x', 'practice-vg-x.AAAA', 'practice-vg-x.bnVsbA', refresh.slice(0, -5)])
      assert.equal(after.check(garbage), undefined);
  });
});
