import assert from 'node:assert/strict';
import dns from 'node:dns';
import sinon from 'sinon';
import { PRACTICE_PASSWORD, PRACTICE_VGS_URL } from '../../src/core/practice-defaults.ts';
import { Engine } from '../../src/engine/engine.ts';
import { PRACTICE_ACCOUNTS } from '../../src/practice/users.ts';
import type { VgsAccount, VgsSettings } from '../../src/vgs/account.ts';
import { FakeSystem, START } from '../support/fake-system.ts';
import '../support/rejections.ts';

describe('the practice server, as VGS over real sockets', () => {
  let system: FakeSystem;
  let engine: Engine;

  beforeEach(() => {
    system = new FakeSystem();
    engine = new Engine(100, system);
  });
  afterEach(() => engine.practice.stop());

  function account(clientId: string, more: Partial<VgsSettings> = {}): VgsAccount {
    const settings: VgsSettings = {
      tokenUrl: PRACTICE_VGS_URL,
      clientId,
      clientSecret: PRACTICE_PASSWORD,
      scope: '',
      clientAuth: 'body',
      ...more,
    };
    return engine.holdAccount(settings, engine.practice.transport(), '').value;
  }

  it('has the accounts of the documentation', () => {
    for (const clientId of ['practice', 'short-life', 'missing-scope', 'disabled', 'busy', 'outage'])
      assert.ok(
        PRACTICE_ACCOUNTS.some((each) => each.clientId === clientId),
        clientId,
      );
  });

  for (const clientAuth of ['body', 'header'] as const) {
    it(`gives "practice" a token for 300 s, credentials in the ${clientAuth}`, async () => {
      const { token } = await account('practice', { clientAuth, scope: 'cards:write' }).ask();
      assert.equal(token?.expiresAt, START + 300_000);
      assert.ok(token?.scope.includes('cards:write'));
      assert.deepEqual(token?.missingScope, []);
    });
  }

  it('gives "short-life" a token for 10 s', async () =>
    assert.equal((await account('short-life').ask()).token?.expiresAt, START + 10_000));

  it('leaves "missing-scope" without network-tokens:write', async () => {
    const { token } = await account('missing-scope', { scope: 'cards:write network-tokens:write' }).ask();
    assert.deepEqual(token?.missingScope, ['network-tokens:write']);
  });

  for (const [name, clientId, more, reason] of [
    ['a wrong secret', 'practice', { clientSecret: 'wrong' }, 'client-invalid'],
    ['an unknown client', 'nobody', {}, 'client-invalid'],
    ['a disabled account', 'disabled', {}, 'account-disabled'],
    ['a scope that is none', 'practice', { scope: 'NOT A SCOPE!' }, 'scope-invalid'],
  ] as const) {
    it(`refuses ${name}: ${reason}`, async () =>
      assert.equal((await account(clientId, more).ask()).refused?.reason, reason));
  }

  it('asks "busy" to wait 60 s', async () => {
    const { failed } = await account('busy').ask();
    assert.equal(failed?.code, 'AUTH_UNAVAILABLE');
    assert.equal(failed?.status, 429);
    assert.equal(failed?.retryAt, START + 60_000);
  });

  it('does not answer "outage"', async () => {
    const asked = account('outage').ask();
    let ended = false;
    void asked.finally(() => {
      ended = true;
    });
    while (!ended) await system.pass(100);
    assert.equal((await asked).failed?.status, 503);
    assert.equal((await asked).failed?.code, 'AUTH_UNAVAILABLE');
  });

  it('has an API that accepts its tokens as long as they are valid', async () => {
    const origin = await engine.practice.start();
    const { token } = await account('practice').ask();
    const call = (header: string) => fetch(`${origin}/api/x`, { headers: { authorization: header } });
    assert.equal((await call(token?.header ?? '')).status, 200);
    assert.equal((await call('Bearer forged')).status, 401);
    await system.pass(300_000);
    assert.equal((await call(token?.header ?? '')).status, 401);
  });

  it('listens on loopback only, once, and stops when no node uses it', async () => {
    const hold = engine.holdPractice();
    const origin = await engine.practice.start();
    assert.match(origin, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(await engine.practice.start(), origin);
    engine.sweep();
    assert.equal((await fetch(`${origin}/.well-known/openid-configuration`)).status, 200);
    hold.giveBack();
    engine.sweep();
    await assert.rejects(fetch(`${origin}/.well-known/openid-configuration`));
  });

  it('is reached without a name server, by an address that no other machine can have', async () => {
    const lookUp = sinon.spy(dns, 'lookup');
    try {
      assert.ok((await account('practice').ask()).token);
      // An address needs no name server.
      for (const { args } of lookUp.getCalls()) assert.equal(args[0], '127.0.0.1');
    } finally {
      lookUp.restore();
    }
    assert.equal(new URL(PRACTICE_VGS_URL).host, '127.0.0.1:0');
  });

  it('keeps its state when it stops and starts again', async () => {
    const { token } = await account('practice').ask();
    engine.practice.stop();
    const origin = await engine.practice.start();
    const answer = await fetch(`${origin}/api/x`, { headers: { authorization: token?.header ?? '' } });
    assert.equal(answer.status, 200);
  });
});
