import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Engine } from '../../src/engine/engine.ts';
import type { VgsSettings } from '../../src/vgs/account.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { json, ScriptedTransport } from '../support/scripted-transport.ts';
import { challenge, refreshed, SMS, signedIn } from '../support/vg-replies.ts';
import { ANNA, ASK, isChallenged, isSignedIn, SETTINGS as VG } from '../support/visual-guard.ts';

const VGS: VgsSettings = {
  tokenUrl: 'https://auth.example.org/token',
  clientId: 'client',
  clientSecret: 'secret-of-the-client',
  scope: 'a b',
  clientAuth: 'body',
};

function engineWith(maxSessions = 100) {
  const system = new FakeSystem();
  const engine = new Engine(maxSessions, system);
  let tokens = 0;
  const transport = (): ScriptedTransport => {
    const made = new ScriptedTransport(system);
    made.otherwise = () => json(200, { access_token: `t${++tokens}`, expires_in: 300 });
    return made;
  };
  const tokenOf = async (settings: Partial<VgsSettings>, via = ''): Promise<string | undefined> =>
    (await engine.holdAccount({ ...VGS, ...settings }, transport(), via).value.ask()).token?.accessToken;
  return { system, engine, transport, tokenOf };
}

describe('connections that are kept', () => {
  it('share one token if their content is the same', async () => {
    const { tokenOf } = engineWith();
    assert.deepEqual([await tokenOf({}), await tokenOf({})], ['t1', 't1']);
  });

  it('share one token if their scopes are the same in another order', async () => {
    const { tokenOf } = engineWith();
    assert.deepEqual([await tokenOf({ scope: 'a b' }), await tokenOf({ scope: ' b  a ' })], ['t1', 't1']);
  });

  const others: [string, Partial<VgsSettings>][] = [
    ['another secret', { clientSecret: 'another' }],
    ['another client', { clientId: 'another' }],
    ['another scope', { scope: 'a' }],
    ['no scope', { scope: '' }],
    ['another endpoint', { tokenUrl: 'https://auth.example.org/token2' }],
    ['client and secret divided otherwise', { clientId: 'clients', clientSecret: 'ecret-of-the-client' }],
  ];
  for (const [name, change] of others) {
    it(`do not share a token: ${name}`, async () => {
      const { tokenOf } = engineWith();
      assert.deepEqual([await tokenOf({}), await tokenOf(change), await tokenOf({})], ['t1', 't2', 't1']);
    });
  }

  it('do not share a token if proxy or certificate differ', async () => {
    const { tokenOf } = engineWith();
    assert.deepEqual([await tokenOf({}, 'proxy-1'), await tokenOf({}, 'proxy-2')], ['t1', 't2']);
  });

  it('are kept over a deploy if a config node uses them again', async () => {
    const { engine, tokenOf, transport } = engineWith();
    const hold = engine.holdAccount(VGS, transport(), '');
    assert.equal((await hold.value.ask()).token?.accessToken, 't1');
    hold.giveBack();
    const again = engine.holdAccount(VGS, transport(), '');
    engine.sweep();
    assert.equal(again.value, hold.value);
    assert.equal(await tokenOf({}), 't1');
  });

  it('are dropped and closed by the sweep if none does', async () => {
    const { engine, tokenOf, transport } = engineWith();
    const way = transport();
    const hold = engine.holdAccount(VGS, way, '');
    await hold.value.ask();
    hold.giveBack();
    assert.equal(way.closed, false);
    engine.sweep();
    assert.equal(way.closed, true);
    assert.equal(await tokenOf({}), 't2');
  });

  it('are kept as long as they have a user, even if another user releases them more than once', () => {
    const { engine, transport } = engineWith();
    const [one, two] = [engine.holdAccount(VGS, transport(), ''), engine.holdAccount(VGS, transport(), '')];
    one.giveBack();
    one.giveBack();
    engine.sweep();
    assert.equal(engine.holdAccount(VGS, transport(), '').value, two.value);
  });

  it('show no secret when the engine is printed', () => {
    const { engine, transport } = engineWith();
    const { value: account } = engine.holdAccount(VGS, transport(), '');
    const { value: server } = engine.holdServer(VG, transport(), '');
    const text = inspect([engine, account, server], { depth: null }) + JSON.stringify([account, server]);
    for (const secret of [VGS.clientSecret, VG.clientSecret, VG.password]) assert.ok(!text.includes(secret), secret);
  });
});

describe('a Visual Guard server that is kept', () => {
  const setUp = async () => {
    const { engine, system } = engineWith();
    const transport = new ScriptedTransport(system, signedIn(), challenge([SMS]));
    const hold = engine.holdServer(VG, transport, '');
    const { session } = isSignedIn(await hold.value.signIn(ANNA, ASK));
    const { challenge: open } = isChallenged(await hold.value.signIn({ ...ANNA, user: 'bert' }, ASK), 'mfa-required');
    return { engine, system, transport, hold, session, open };
  };

  it('keeps sessions and open challenges over a deploy, and uses the new TLS and proxy settings', async () => {
    const { engine, system, transport, hold, session, open } = await setUp();
    hold.giveBack();
    const newWay = new ScriptedTransport(system, refreshed('access-2'));
    const again = engine.holdServer({ ...VG }, newWay, '').value;
    engine.sweep();
    assert.equal(again.sessionWith(session.handle), session);
    assert.equal(await again.findChallenge(open.id), open);
    assert.equal(transport.closed, true);
    await system.pass(1_800_000);
    assert.equal((await session.ask()).token?.accessToken, 'access-2');
  });

  for (const [name, change] of [
    ['another secret', { clientSecret: 'x' }],
    ['another stored user', { username: 'x' }],
    ['another stored password', { password: 'x' }],
    ['another scope', { scope: 'openid' }],
    ['another module', { module: 'Passwordless' }],
  ] as const) {
    it(`is another one with ${name}: sessions and challenges are dropped`, async () => {
      const { engine, system, hold, session, open } = await setUp();
      hold.giveBack();
      const changed = engine.holdServer({ ...VG, ...change }, new ScriptedTransport(system), '').value;
      engine.sweep();
      assert.notEqual(changed, hold.value);
      assert.equal(session.ended, true);
      assert.equal(changed.sessionWith(session.handle), undefined);
      assert.equal(await changed.findChallenge(open.id), 'challenge-unknown');
      assert.equal(engine.sessions.size + engine.challenges.size, 0);
    });
  }

  it('leaves no timer after it was dropped', async () => {
    const { engine, system, hold } = await setUp();
    hold.giveBack();
    engine.sweep();
    assert.equal(system.pending, 0);
  });
});
