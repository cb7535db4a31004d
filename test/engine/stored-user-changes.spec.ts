import assert from 'node:assert/strict';
import type { VisualGuardSettings } from '../../src/visual-guard/dialect/wire.ts';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { ChangingSettings } from '../support/changing-settings.ts';
import { settle } from '../support/fake-system.ts';
import { Fleet } from '../support/fleet.ts';
import { json, OpenStep, type Step } from '../support/scripted-transport.ts';
import { challenge, refreshed, SMS, says, signedIn, waiting, wrongPassword } from '../support/vg-replies.ts';
import { ASK, isChallenged, isRefused, isSignedIn, SETTINGS, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MINUTE = 60_000;
const NAMES = { username: '$USER', password: '$PASSWORD', clientSecret: '$SECRET' };

/** A server whose stored user comes from a vault. */
function stageOfVault(...script: Step[]) {
  const vault = new ChangingSettings<VisualGuardSettings>(SETTINGS, NAMES);
  const { engine, system, transport } = stage();
  transport.next(...script);
  const server = engine.holdServer(vault, transport, '').value;
  return { vault, engine, system, transport, server };
}

describe('a stored user whose password comes from a file or a vault', () => {
  it('is signed in with the current value', async () => {
    const { server, vault, transport } = stageOfVault(signedIn());
    assert.deepEqual(server.storedCredentials, { user: '$USER', password: '$PASSWORD' });
    vault.change({ password: 'second' });
    isSignedIn(await server.signInStored(ASK));
    assert.equal(transport.lastForm.Password, 'second');
    assert.deepEqual(server.storedCredentials, { user: 'robot', password: 'second' });
  });

  it('is signed in with a new value before a refusal of the old one counts', async () => {
    const { server, vault, transport } = stageOfVault(() => {
      vault.change({ password: 'second' });
      return wrongPassword;
    }, signedIn());
    assert.ok((await server.tokenOfStored(false)).token);
    assert.deepEqual(
      transport.requests.map(({ form }) => form.Password),
      ['robot-password', 'second'],
    );
    assert.equal(server.metrics.counts.refusals, 0);
    assert.ok(server.guard.heldUntil('robot', 'robot-password'));
    assert.equal(server.guard.heldUntil('robot', 'second'), undefined);
  });

  it('is not sent again if one attempt is left before the account is locked', async () => {
    const { server, vault, transport } = stageOfVault(() => {
      vault.change({ password: 'second' });
      return says(['Failure', 'LastBadLogin']);
    });
    isRefused(await server.signInStored(ASK), 'last-attempt');
    assert.equal(transport.requests.length, 1);
  });

  it('is held back until the value changes', async () => {
    const { server, vault, system, transport } = stageOfVault(wrongPassword, signedIn());
    assert.equal((await server.tokenOfStored(false)).outcome?.state, 'refused');
    await system.pass(MINUTE);
    assert.equal((await server.tokenOfStored(false)).outcome?.state, 'refused');
    isRefused(await server.signInStored(ASK), 'held-back');
    assert.equal(transport.requests.length, 1);
    vault.change({ password: 'second' });
    assert.ok((await server.tokenOfStored(false)).token);
  });

  it('is held back until the client secret changes, if that was refused', async () => {
    const { server, vault, transport } = stageOfVault(json(401, { error: 'invalid_client' }), signedIn());
    assert.equal((await server.tokenOfStored(false)).outcome?.state, 'refused');
    await server.tokenOfStored(false);
    assert.equal(transport.requests.length, 1);
    vault.change({ clientSecret: 'second' });
    assert.ok((await server.tokenOfStored(false)).token);
    assert.equal(transport.lastForm.client_secret, 'second');
  });

  it('keeps the session if password and client secret change', async () => {
    const { server, vault, system, transport } = stageOfVault(signedIn('a', { life: 300 }), refreshed('b'));
    const { session } = isSignedIn(await server.signInStored(ASK));
    vault.change({ password: 'second', clientSecret: 'second' });
    await system.pass(300_000);
    assert.equal((await server.tokenOfStored(false)).token?.accessToken, 'b');
    assert.equal(server.storedSession, session);
    assert.equal(transport.lastForm.client_secret, 'second');
  });

  it('is another user if the name changes: nobody gets the token of the previous user', async () => {
    const { server, vault, system } = stageOfVault(
      signedIn('a', { life: 300 }),
      () => {
        vault.change({ username: 'other', password: 'other-password' });
        return refreshed('b');
      },
      signedIn('c'),
    );
    const { session } = isSignedIn(await server.signInStored(ASK));
    await system.pass(300_000);
    await session.ask();
    await server.wire.settings.askStored();
    assert.ok(!server.storedSession);
    assert.equal((await server.tokenOfStored(false)).token?.accessToken, 'c');
    assert.equal((server.storedSession as Session | undefined)?.user, 'other');
    assert.equal(session.ended, false);
  });

  it('is held back at all replicas until the value changes', async () => {
    const fleet = new Fleet();
    const vaults = [1, 2].map(
      () => new ChangingSettings({ ...SETTINGS, username: 'service', password: 'wrong' }, NAMES),
    );
    const [one, two] = vaults.map((vault) => fleet.replica(vault));
    assert.equal((await one.server.tokenOfStored(false)).outcome?.state, 'refused');
    assert.equal((await two.server.tokenOfStored(false)).outcome?.state, 'refused');
    assert.equal(two.transport.requests.length, 0);
    vaults[1].change({ password: 'service-password' });
    assert.ok((await two.server.tokenOfStored(false)).token);
  });
});

const OTHER = { username: 'other', password: 'other-password' };

describe('a stored user whose name comes from a file or a vault and changes', () => {
  it('gets no token of the previous user from a renewal that is under way', async () => {
    const refresh = new OpenStep();
    const { server, vault, system, transport } = stageOfVault(
      signedIn('a', { life: 300 }),
      refresh.step,
      signedIn('c'),
    );
    isSignedIn(await server.signInStored(ASK));
    await system.pass(300_000);
    const asked = server.tokenOfStored(false);
    await settle();
    vault.change(OTHER);
    await server.wire.settings.askStored();
    refresh.answer(refreshed('b'));
    assert.equal((await asked).token?.accessToken, 'c');
    assert.equal(transport.lastForm.Username, 'other');
    assert.equal(server.storedSession?.user, 'other');
  });

  it('gets no session of the previous user from a sign-in that is under way', async () => {
    const former = new OpenStep();
    const { server, vault, transport } = stageOfVault(former.step, signedIn('of-other'));
    const early = server.signInStored(ASK);
    const token = server.tokenOfStored(false);
    await settle();
    vault.change(OTHER);
    assert.equal(isSignedIn(await server.signInStored(ASK)).session.user, 'other');
    former.answer(signedIn('of-robot'));
    assert.equal(isSignedIn(await early).session.user, 'other');
    assert.equal((await token).token?.accessToken, 'of-other');
    assert.equal(server.storedSession?.user, 'other');
    assert.deepEqual(
      transport.requests.map(({ form }) => form.Username),
      ['robot', 'other'],
    );
    // A request for the previous user by name still finds that session. It is no longer that of the stored user.
    assert.equal(server.sessionOf('robot')?.stored, false);
  });

  it('gets no challenge of the previous user', async () => {
    const { server, vault } = stageOfVault(challenge([SMS]), signedIn('of-other'));
    const { challenge: former } = isChallenged(await server.signInStored(ASK), 'mfa-required');
    assert.equal(server.storedUser.challenge, former);
    assert.equal(server.states.state.at, 'needs-human');
    vault.change(OTHER);
    await server.wire.settings.askStored();
    assert.equal(server.storedUser.challenge, undefined);
    assert.equal(await server.challengeOfStoredUser(), undefined);
    assert.equal(former.stored, false);
    assert.equal(server.states.state.at, 'unused');
    assert.equal((await server.tokenOfStored(false)).token?.accessToken, 'of-other');
  });

  it('gets no challenge of the previous user from a sign-in that is under way', async () => {
    const former = new OpenStep();
    const { server, vault } = stageOfVault(former.step, signedIn('of-other'));
    const early = server.tokenOfStored(false);
    await settle();
    vault.change(OTHER);
    await server.wire.settings.askStored();
    former.answer(challenge([SMS]));
    assert.equal((await early).token?.accessToken, 'of-other');
    assert.equal(server.storedUser.challenge, undefined);
  });

  it('is neither signed in nor refused by the answer to a challenge of the previous user', async () => {
    const { server, vault } = stageOfVault(
      challenge([SMS]),
      waiting,
      () => signedIn('of-robot'),
      challenge([SMS], 'r2'),
    );
    const { challenge: former } = isChallenged(await server.signInStored(ASK), 'mfa-required');
    isChallenged(await former.choose('otp-sms'), 'code-required');
    vault.change(OTHER);
    await server.wire.settings.askStored();
    isSignedIn(await former.submit('123456'));
    assert.equal(server.storedSession, undefined);
    assert.equal(await server.storedUser.findSession(), undefined);
    assert.equal(server.states.state.at, 'unused');
  });

  it('does not report the refusal of a challenge of the previous user', async () => {
    const { server, vault } = stageOfVault(challenge([SMS]), says(['Failure', 'UserAccountLocked']));
    const { challenge: former } = isChallenged(await server.signInStored(ASK), 'mfa-required');
    vault.change(OTHER);
    await server.wire.settings.askStored();
    isRefused(await former.choose('otp-sms'), 'account-locked');
    assert.equal(server.states.state.at, 'unused');
  });

  it('gets nothing of the previous user from a replica that still has the old name', async () => {
    const fleet = new Fleet();
    const ANNA = { ...SETTINGS, username: 'anna', password: 'anna-password' };
    const vaults = [1, 2].map(() => new ChangingSettings(ANNA, NAMES));
    const [one, two] = vaults.map((vault) => fleet.replica(vault));
    const { challenge: former } = isChallenged(await one.server.signInStored(ASK), 'mfa-required');
    vaults[1].change({ username: 'service', password: 'service-password' });
    assert.equal(await two.server.challengeOfStoredUser(), undefined);
    const { session } = isSignedIn(await two.server.signInStored(ASK));
    assert.equal(session.user, 'service');
    isChallenged(await former.choose('otp-sms'), 'code-required');
    isSignedIn(await former.submit('123456'));
    await fleet.told();
    assert.equal(one.server.storedSession?.user, 'anna');
    assert.equal(two.server.storedSession, session);
    assert.equal((await two.server.tokenOfStored(false)).token?.accessToken, session.content.token.accessToken);
  });

  it('keeps data of the previous user out of the record of the stored user', async () => {
    const fleet = new Fleet();
    const vaults = [1, 2].map(
      () => new ChangingSettings({ ...SETTINGS, username: 'service', password: 'service-password' }, NAMES),
    );
    const [one, two] = vaults.map((vault) => fleet.replica(vault));
    const former = new OpenStep();
    one.transport.next(former.step);
    const early = one.server.signInStored(ASK);
    await fleet.told();
    for (const vault of vaults) vault.change({ username: 'service-2', password: 'service-2-password' });
    const { session } = isSignedIn(await two.server.signInStored(ASK));
    await one.server.wire.settings.askStored();
    former.answer(signedIn('of-service'));
    assert.equal(isSignedIn(await early).session.handle, session.handle);
    await fleet.told();
    const third = fleet.replica(vaults[0]);
    assert.equal((await third.server.storedUser.findSession())?.handle, session.handle);
  });
});
