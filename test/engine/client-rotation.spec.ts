import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { VgsAccount, VgsSettings } from '../../src/vgs/account.ts';
import { ChangingSettings } from '../support/changing-settings.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { json, type ScriptedReply, ScriptedTransport } from '../support/scripted-transport.ts';
import { challenge, refreshed, SMS, signedIn, waiting } from '../support/vg-replies.ts';
import {
  ANNA,
  ASK,
  isChallenged,
  isRefused,
  isSignedIn,
  stage,
  SETTINGS as VG_SETTINGS,
} from '../support/visual-guard.ts';
import '../support/rejections.ts';

const OLD = { clientId: 'old', clientSecret: 'old-secret' };
const NEW = { clientId: 'new', clientSecret: 'new-secret' };
const SETTINGS: VgsSettings = { tokenUrl: 'https://auth.example.org/token', ...OLD, scope: '', clientAuth: 'body' };
const REFUSED = json(401, { error: 'invalid_client' });

/** A VGS that accepts only these client credentials. */
class Vgs {
  readonly system = new FakeSystem();
  readonly engine = new Engine(100, this.system);
  readonly transport = new ScriptedTransport(this.system);
  taken: string[];

  constructor(...taken: string[]) {
    this.taken = taken;
    this.transport.otherwise = ({ form }): ScriptedReply =>
      this.taken.includes(`${form.client_id} ${form.client_secret}`)
        ? json(200, { access_token: `of-${form.client_id}`, expires_in: 300, token_type: 'bearer' })
        : REFUSED;
  }

  /** The pairs that were sent, in order. */
  get sent(): string[] {
    return this.transport.requests.map(({ form }) => `${form.client_id} ${form.client_secret}`);
  }

  account(settings: VgsSettings | ChangingSettings<VgsSettings>): VgsAccount {
    return this.engine.holdAccount(settings, this.transport, '').value;
  }
}

async function tokenOf(account: VgsAccount): Promise<string | undefined> {
  return (await account.ask()).token?.accessToken;
}

describe('the next client credentials of a VGS account', () => {
  it('are sent if the server refuses the present ones, and the message gets their token', async () => {
    const vgs = new Vgs('new new-secret');
    const account = vgs.account({ ...SETTINGS, next: NEW });
    assert.equal(await tokenOf(account), 'of-new');
    assert.deepEqual(vgs.sent, ['old old-secret', 'new new-secret']);
    assert.equal(account.metrics.counts.refusals, 0);
    assert.equal(account.rotation.usesNext, true);
  });

  it('are not sent while the present ones are accepted', async () => {
    const vgs = new Vgs('old old-secret', 'new new-secret');
    const account = vgs.account({ ...SETTINGS, next: NEW });
    assert.equal(await tokenOf(account), 'of-old');
    assert.deepEqual(vgs.sent, ['old old-secret']);
    assert.equal(account.rotation.usesNext, false);
  });

  it('are used from then on, and the refused ones are not sent again', async () => {
    const vgs = new Vgs('new new-secret');
    const account = vgs.account({ ...SETTINGS, next: NEW });
    for (let renewal = 0; renewal < 3; renewal += 1) {
      await account.ask();
      await vgs.system.pass(300_000);
    }
    assert.deepEqual(vgs.sent, ['old old-secret', 'new new-secret', 'new new-secret', 'new new-secret']);
  });

  it('are kept over a deploy that does not change them, and are tried again after one that does', async () => {
    const vgs = new Vgs('new new-secret');
    const first = vgs.engine.holdAccount({ ...SETTINGS, next: NEW }, vgs.transport, '');
    await first.value.ask();
    first.giveBack();
    const renamed = vgs.engine.holdAccount({ ...SETTINGS, next: { ...NEW } }, vgs.transport, '');
    vgs.engine.sweep();
    assert.equal(renamed.value.rotation.usesNext, true);
    await vgs.system.pass(300_000);
    await renamed.value.ask();
    assert.deepEqual(vgs.sent.slice(2), ['new new-secret']);
    renamed.giveBack();
    const changed = vgs.account({ ...SETTINGS, next: { ...NEW, clientSecret: 'other' } });
    assert.equal(changed.rotation.usesNext, false);
    vgs.taken = ['new other'];
    await vgs.system.pass(300_000);
    assert.equal(await tokenOf(changed), 'of-new');
    assert.deepEqual(vgs.sent.slice(3), ['old old-secret', 'new other']);
  });

  it('keep the current token when they are entered', async () => {
    const vgs = new Vgs('old old-secret');
    const before = vgs.engine.holdAccount(SETTINGS, vgs.transport, '');
    await before.value.ask();
    before.giveBack();
    const after = vgs.account({ ...SETTINGS, next: NEW });
    vgs.engine.sweep();
    assert.equal(after.source.current()?.accessToken, 'of-old');
  });

  it('are taken from the config node that has them, if several share the account', async () => {
    const vgs = new Vgs('new new-secret');
    vgs.account({ ...SETTINGS, next: NEW });
    assert.equal(await tokenOf(vgs.account(SETTINGS)), 'of-new');
  });

  it('are not sent after any other refusal, or if there is no answer', async () => {
    for (const answer of [json(400, { error: 'invalid_scope' }), json(401, { error: 'invalid_request' })]) {
      const vgs = new Vgs();
      vgs.transport.next(answer);
      assert.ok((await vgs.account({ ...SETTINGS, next: NEW }).ask()).refused);
      assert.deepEqual(vgs.sent, ['old old-secret']);
    }
    const vgs = new Vgs('new new-secret');
    const fault = new AuthError('host-unknown', { host: 'h' });
    vgs.transport.next(REFUSED, fault, fault, fault);
    const account = vgs.account({ ...SETTINGS, next: NEW });
    const asked = account.ask();
    await vgs.system.pass(10_000);
    assert.equal((await asked).failed?.fault, 'host-unknown');
    assert.equal(account.rotation.usesNext, false);
  });

  it('cause one refusal if they are refused, too', async () => {
    const vgs = new Vgs();
    const account = vgs.account({ ...SETTINGS, next: NEW });
    assert.equal((await account.ask()).refused?.reason, 'client-invalid');
    assert.deepEqual(vgs.sent, ['old old-secret', 'new new-secret']);
    assert.equal(account.metrics.counts.refusals, 1);
    assert.equal(account.rotation.usesNext, false);
  });
});

describe('client credentials of a VGS account that come from a file or a vault', () => {
  const names = { clientId: '$ID', clientSecret: '$SECRET' };

  it('are read at each token request, and a new value is used', async () => {
    const vgs = new Vgs('old old-secret', 'new new-secret');
    const settings = new ChangingSettings(SETTINGS, names);
    const account = vgs.account(settings);
    assert.equal(await tokenOf(account), 'of-old');
    assert.ok(account.source.current());
    settings.change(NEW);
    assert.equal(settings.asked, 1);
    await vgs.system.pass(300_000);
    assert.equal(await tokenOf(account), 'of-new');
  });

  it('are read again after a refusal, and a new value is sent before the refusal counts', async () => {
    const vgs = new Vgs('new new-secret');
    const settings = new ChangingSettings(SETTINGS, names);
    vgs.transport.next(() => {
      settings.change(NEW);
      return REFUSED;
    });
    const account = vgs.account(settings);
    assert.equal(await tokenOf(account), 'of-new');
    assert.deepEqual(vgs.sent, ['old old-secret', 'new new-secret']);
    assert.equal(account.metrics.counts.refusals, 0);
    assert.equal(settings.urgently, 1);
  });

  it('are tried before the next ones', async () => {
    const vgs = new Vgs('new new-secret');
    const settings = new ChangingSettings({ ...SETTINGS, next: NEW }, names);
    vgs.transport.next(() => {
      settings.change({ clientSecret: 'changed' });
      return REFUSED;
    });
    assert.equal(await tokenOf(vgs.account(settings)), 'of-new');
    assert.deepEqual(vgs.sent, ['old old-secret', 'old changed', 'new new-secret']);
  });

  it('end a remembered refusal when they change, and only then', async () => {
    const vgs = new Vgs('new new-secret');
    const settings = new ChangingSettings(SETTINGS, names);
    const account = vgs.account(settings);
    assert.equal((await account.ask()).refused?.reason, 'client-invalid');
    assert.equal((await account.ask()).refused?.reason, 'client-invalid');
    assert.deepEqual(vgs.sent, ['old old-secret']);
    settings.change(NEW);
    assert.equal(await tokenOf(account), 'of-new');
  });

  it('end the refusal of each session, in whatever order they are renewed', async () => {
    const settings = new ChangingSettings(VG_SETTINGS, { clientSecret: '$SECRET' });
    const { engine, system, transport } = stage();
    transport.next(signedIn('a1', { life: 300 }), signedIn('b1', { life: 300 }), REFUSED, REFUSED);
    transport.next(refreshed('a2'), refreshed('b2'));
    const server = engine.holdServer(settings, transport, '').value;
    const { session: a } = isSignedIn(await server.signIn(ANNA, ASK));
    const { session: b } = isSignedIn(await server.signIn({ user: 'bert', password: 'bert-password' }, ASK));
    await system.pass(300_000);
    for (const session of [a, b, a, b]) assert.equal((await session.ask()).refused?.reason, 'client-invalid');
    assert.equal(transport.requests.length, 4);
    settings.change({ clientSecret: 'second' });
    assert.equal((await a.ask()).token?.accessToken, 'a2');
    assert.equal((await b.ask()).token?.accessToken, 'b2');
  });

  it('are identified by their variable, so that a new value keeps the token', async () => {
    const vgs = new Vgs('old old-secret');
    const settings = new ChangingSettings(SETTINGS, names);
    const account = vgs.account(settings);
    await account.ask();
    settings.change(NEW);
    assert.equal(vgs.account(settings), account);
    assert.equal(vgs.account(new ChangingSettings({ ...SETTINGS, ...NEW }, names)), account);
    assert.notEqual(vgs.account(SETTINGS), account);
    assert.ok(account.source.current());
  });
});

describe('the next client secret of a Visual Guard server', () => {
  const next = { clientId: 'app_Native', clientSecret: 'next-secret' };
  const secretsOf = (transport: ScriptedTransport): string[] =>
    transport.requests.map(({ form }) => form.client_secret ?? '');

  it('is sent with the login if the present one is refused, and with each later step', async () => {
    const { server, transport } = stage({ next }, REFUSED, challenge([SMS]), waiting, signedIn());
    const { challenge: open } = isChallenged(await server.signIn(ANNA, ASK), 'mfa-required');
    isChallenged(await open.choose('first'), 'code-required');
    isSignedIn(await open.submit('123456'));
    assert.deepEqual(secretsOf(transport), ['client-secret', 'next-secret', 'next-secret', 'next-secret']);
    assert.equal(server.metrics.counts.refusals, 0);
  });

  it('is sent with a refresh if the present one is refused, so that no session is lost', async () => {
    const { server, transport, system } = stage({ next }, signedIn('a', { life: 300 }), REFUSED, refreshed('b'));
    const { session } = isSignedIn(await server.signIn(ANNA, ASK));
    await system.pass(300_000);
    assert.equal((await session.ask()).token?.accessToken, 'b');
    assert.deepEqual(secretsOf(transport), ['client-secret', 'client-secret', 'next-secret']);
    assert.deepEqual(transport.lastForm.refresh_token, 'refresh-1');
  });

  it('is sent with a revocation if the present one is refused', async () => {
    const { server, transport } = stage({ next }, signedIn(), REFUSED, json(200, {}));
    const { session } = isSignedIn(await server.signIn(ANNA, ASK));
    assert.deepEqual(await server.signOut(session, 'anna'), ['refresh_token']);
    assert.deepEqual(secretsOf(transport), ['client-secret', 'client-secret', 'next-secret']);
  });

  it('is not sent if the user is refused', async () => {
    const { server, transport } = stage({ next }, json(400, { error: 'invalid_grant' }));
    isRefused(await server.signIn(ANNA, ASK), 'credentials-invalid');
    assert.equal(transport.requests.length, 1);
  });
});
