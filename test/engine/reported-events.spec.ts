import assert from 'node:assert/strict';
import { VgsAccount } from '../../src/vgs/account.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { json, ScriptedTransport } from '../support/scripted-transport.ts';
import { challenge, notSent, SMS, signedIn, waiting, wrongCode } from '../support/vg-replies.ts';
import { ANNA, ASK, challengeOf, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

describe('the outcomes of token requests, for the metrics', () => {
  it('of a sign-in with a code are challenges until a code is refused or accepted', async () => {
    const { server, ...scene } = stage({}, challenge([SMS]), waiting, wrongCode, signedIn());
    const outcomes = () => Object.fromEntries(server.metrics.outcomes);
    const open = await challengeOf({ server, ...scene });
    await open.choose('otp-sms');
    assert.deepEqual(outcomes(), { challenge: 2 });
    await open.submit('1');
    assert.deepEqual(outcomes(), { challenge: 2, refused: 1 });
    isSignedIn(await open.submit('2'));
    assert.deepEqual(outcomes(), { challenge: 2, refused: 1, token: 1 });
  });

  it('are a refusal if the code could not be sent', async () => {
    const { server, ...scene } = stage({}, challenge([SMS]), notSent);
    const open = await challengeOf({ server, ...scene });
    await open.choose('otp-sms');
    assert.deepEqual(Object.fromEntries(server.metrics.outcomes), { challenge: 1, refused: 1 });
  });
});

describe('the event of a sign-out', () => {
  it('is reported if a session or a challenge has ended, and not for names of nobody', async () => {
    const { server, transport, ...scene } = stage({}, signedIn(), challenge([SMS]));
    const told: unknown[] = [];
    const { session } = isSignedIn(await server.signIn(ANNA, ASK));
    await challengeOf({ server, transport, ...scene }, { ...ANNA, user: 'bert' });
    server.metrics.events.add(({ what, user }) => told.push([what, user]));
    await server.signOut(undefined, 'nobody');
    await server.signOut(undefined, '');
    await server.signOutUser('ghost');
    assert.deepEqual(told, []);
    transport.next(json(200, {}));
    await server.signOut(session, 'anna');
    await server.signOut(undefined, 'bert');
    await server.signOut(undefined, 'bert');
    assert.deepEqual(told, [
      ['sign-out', 'anna'],
      ['sign-out', 'bert'],
    ]);
  });

  it('is reported if an account forgets its token, and not if it has none', async () => {
    const system = new FakeSystem();
    const settings = { tokenUrl: 'https://a.example', clientId: 'a', clientSecret: 'b', scope: '' };
    const transport = new ScriptedTransport(
      system,
      json(200, { access_token: 'abc', expires_in: 300, token_type: 'bearer' }),
    );
    const account = new VgsAccount({ ...settings, clientAuth: 'body' }, transport, system);
    const told: string[] = [];
    account.metrics.events.add(({ what }) => told.push(what));
    await account.forget();
    assert.deepEqual(told, []);
    await account.ask();
    told.length = 0;
    await account.forget();
    await account.forget();
    assert.deepEqual(told, ['sign-out']);
  });
});
