import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  AuthError,
  type Challenged,
  createVgsAccount,
  createVisualGuard,
  practice,
  type SignedIn,
  type VgsAccountSettings,
  type VisualGuard,
} from '../../src/index.ts';
import { signsIn } from '../support/guard-server.ts';
import { always, closeServers, inTurn, serve } from '../support/servers.ts';
import { grants, grantsInTurn, refuses } from '../support/token-server.ts';

const CLIENT = { clientId: 'client', clientSecret: 'THE-SECRET' };
const open: { close(): void }[] = [];

function account(settings: VgsAccountSettings) {
  const made = createVgsAccount(settings);
  open.push(made);
  return made;
}

function server(settings: Parameters<typeof createVisualGuard>[0] = { practice: true }): VisualGuard {
  const made = createVisualGuard(settings);
  open.push(made);
  return made;
}

const failsWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof AuthError && error.code === code;

afterEach('what a test opened is closed', async () => {
  for (const each of open.splice(0)) each.close();
  await closeServers();
});

describe('a VGS account of a program', () => {
  it('sends one request for all callers, and gives all of them the same token', async () => {
    const there = await serve(grantsInTurn());
    const vgs = account({ ...CLIENT, tokenUrl: there.origin, scope: 'cards:write' });
    assert.equal(vgs.current(), undefined);
    const answers = await Promise.all(Array.from({ length: 100 }, () => vgs.token()));
    assert.deepEqual([...new Set(answers.map(({ token }) => token?.access_token))], ['token-1']);
    assert.equal(vgs.current()?.access_token, 'token-1');
    assert.deepEqual(vgs.counts, { requests: 1, hits: 1, waits: 100, refusals: 0 });
    assert.equal(there.requests.length, 1);
    assert.equal(there.requests[0]?.form.get('scope'), 'cards:write');
  });

  it('gets another token if an API rejected this one, once in 30 s', async () => {
    const there = await serve(grantsInTurn());
    const vgs = account({ ...CLIENT, tokenUrl: there.origin });
    const { token } = await vgs.token();
    assert.ok(token);
    assert.equal(vgs.reject(token), true);
    const second = (await vgs.token()).token;
    assert.equal(second?.access_token, 'token-2');
    assert.equal(vgs.reject(token), true, 'the old one says nothing of the new one');
    assert.equal((await vgs.token()).token?.access_token, 'token-2');
    assert.equal(vgs.reject(second), false);
  });

  it('returns a refusal with its reason, and throws other errors', async () => {
    const there = await serve(inTurn(refuses(401, 'invalid_client'), { status: 404, body: 'nothing' }));
    const { refused } = await account({ ...CLIENT, tokenUrl: there.origin }).token();
    assert.equal(refused?.reason, 'client-invalid');
    assert.equal(refused.error, 'invalid_client');
    const broken = account({ ...CLIENT, tokenUrl: there.origin });
    await assert.rejects(broken.token(), failsWith('AUTH_BAD_RESPONSE'));
  });

  it('is not shared with another one that has the same settings', async () => {
    const there = await serve(grantsInTurn());
    const first = account({ ...CLIENT, tokenUrl: there.origin });
    const second = account({ ...CLIENT, tokenUrl: there.origin });
    assert.equal((await first.token()).token?.access_token, 'token-1');
    assert.equal((await second.token()).token?.access_token, 'token-2');
    first.close();
    assert.equal((await second.token()).token?.access_token, 'token-2');
  });

  it('names the setting that is missing or wrong, before anything is sent', () => {
    const wrong: [object, RegExp][] = [
      [{}, /"clientId"/],
      [{ clientId: 'x' }, /"clientSecret"/],
      [{ ...CLIENT, tokenUrl: 'http://example.org' }, /http address/],
      [{ ...CLIENT, clientAuth: 'both' }, /"clientAuth"/],
      [{ ...CLIENT, scope: ['a'] }, /"scope"/],
      [{ ...CLIENT, proxy: { url: 'nonsense' } }, /"proxy"/],
    ];
    for (const [settings, complaint] of wrong) {
      assert.throws(
        () => account(settings as VgsAccountSettings),
        (error) => failsWith('AUTH_CONFIG')(error) && complaint.test((error as Error).message),
      );
    }
  });

  it('prints neither its secret nor a token', async () => {
    const there = await serve(always(grants('THE-TOKEN')));
    const vgs = account({ ...CLIENT, tokenUrl: there.origin });
    const answer = await vgs.token();
    assert.equal(answer.token?.access_token, 'THE-TOKEN');
    for (const shown of [inspect({ vgs, answer }, { depth: 9, showHidden: true }), JSON.stringify({ vgs, answer })])
      assert.doesNotMatch(shown, /THE-/);
  });
});

describe('a Visual Guard server of a program', () => {
  const signIn = (user: string, method?: string) =>
    server().signIn({ user, password: 'practice' }, method ? { method } : {});

  it('signs in, finds the session by its handle, and signs out', async () => {
    const vg = server();
    const outcome = (await vg.signIn({ user: 'plain', password: 'practice' })) as SignedIn;
    assert.equal(outcome.state, 'signed-in');
    assert.deepEqual([outcome.user, outcome.warnings], ['plain', []]);
    assert.ok(outcome.status?.authentication.names.includes('Success'));
    const found = await vg.findSession(outcome.session.handle);
    assert.equal((await found?.token())?.token?.access_token, outcome.token.access_token);
    assert.equal(found?.current()?.access_token, outcome.token.access_token);
    assert.equal(await server().findSession(outcome.session.handle), undefined, 'it is no session of another server');
    assert.deepEqual(await outcome.session.signOut(), ['refresh_token']);
    assert.equal(found?.ended, true);
    assert.equal(await vg.findSession(outcome.session.handle), undefined);
  });

  it('offers the methods of a challenge, and accepts the right code after a wrong one', async () => {
    const offered = (await signIn('all')) as Challenged;
    assert.equal(offered.state, 'mfa-required');
    assert.deepEqual(
      offered.challenge.methods.map(({ kind, transport }) => `${kind}-${transport}`),
      ['otp-sms', 'otp-email', 'link-email'],
    );
    assert.doesNotMatch(inspect(offered.challenge.methods), /requestId|availableId/);
    const sent = (await offered.challenge.choose('otp-email')) as Challenged;
    assert.equal(sent.state, 'code-required');
    assert.equal(sent.challenge.method, offered.challenge.methods[1]?.id);
    await assert.rejects(sent.challenge.submit('a -'.repeat(2_000_000)), { code: 'AUTH_CONFIG' });
    const wrong = (await sent.challenge.submit('not it')) as Challenged;
    assert.deepEqual([wrong.state, wrong.reason, wrong.challenge.attempts], ['code-required', 'code-invalid', 1]);
    const inbox = practice.inboxOf('all');
    assert.equal(inbox?.kind, 'code');
    assert.equal((await sent.challenge.submit(inbox.text)).state, 'signed-in');
  });

  it('reports the result of a link', async () => {
    const sent = (await signIn('link', 'first')) as Challenged;
    assert.equal(sent.state, 'link-sent');
    assert.equal(await practice.click('link'), true);
    assert.equal((await sent.clicked)?.state, 'signed-in');
  });

  it('returns a refusal with its reason', async () => {
    const outcome = await signIn('locked');
    assert.deepEqual([outcome.state, 'reason' in outcome && outcome.reason], ['refused', 'account-locked']);
    assert.ok('enrollmentUrl' in (await signIn('enrollment')));
  });

  it('signs in its stored user, and sends no other request while the session is valid', async () => {
    const vg = server({ practice: true, username: 'plain', password: 'practice' });
    const first = (await vg.signInStored()) as SignedIn;
    const second = (await vg.signInStored()) as SignedIn;
    assert.equal(second.session.handle, first.session.handle);
  });

  it('does not send a refused password again automatically', async () => {
    const vg = server();
    const wrong = { user: 'plain', password: 'wrong' };
    assert.equal(((await vg.signIn(wrong)) as { reason?: string }).reason, 'credentials-invalid');
    const held = await vg.signIn(wrong);
    assert.ok(held.state === 'refused' && held.reason === 'held-back' && (held.retryAt ?? 0) > 0);
    assert.equal(((await vg.signIn(wrong, { reset: true })) as { reason?: string }).reason, 'credentials-invalid');
  });

  it('throws other errors, and names a missing setting', async () => {
    const there = await serve(always({ status: 404, body: 'nothing' }));
    const vg = server({ url: there.origin, applicationId: 'app' });
    await assert.rejects(vg.signIn({ user: 'a', password: 'b' }), failsWith('AUTH_BAD_RESPONSE'));
    assert.throws(() => server({ url: there.origin }), /"applicationId"/);
  });

  it('prints no secret, and neither does an outcome', async () => {
    const there = await serve(always(signsIn('THE-TOKEN', { refresh_token: 'THE-REFRESH' })));
    const secrets = { clientSecret: 'THE-SECRET', password: 'THE-PASSWORD' };
    const vg = server({ url: there.origin, applicationId: 'app', username: 'anna', ...secrets });
    const outcome = (await vg.signInStored()) as SignedIn;
    const shown = inspect({ vg, outcome }, { depth: 9, showHidden: true }) + JSON.stringify({ vg, outcome });
    assert.equal(outcome.token.access_token, 'THE-TOKEN');
    assert.doesNotMatch(shown, /THE-/);
  });
});
