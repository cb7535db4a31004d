import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { guardFlow, recorded, stored } from '../support/guard-server.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import { always, serve, type TestServer } from '../support/servers.ts';

const APPLICATION = '18de8ce7-80e7-4c66-a672-4ffa3eb56d54';
const SUCCESS = recorded('vg-success');
const CHALLENGE = recorded('vg-mfa-required');

describe('Visual Guard, with the replies of its own documentation', () => {
  let server: TestServer;
  let flow: Flow;
  beforeEach(async () => {
    server = await serve(always({ body: SUCCESS }));
    flow = await load(guardFlow({ url: `${server.origin}/identity/`, applicationId: APPLICATION }), {
      server: { username: 'test', password: 'THE-PASSWORD', clientSecret: 'THE-CLIENT-SECRET' },
    });
  });

  it('sends the requests of the documentation, below the path of the server', async () => {
    await flow.ask('login');

    const [request] = server.requests;
    assert.equal(request?.path, '/identity/connect/token');
    assert.deepEqual(Object.fromEntries(request?.form ?? []), {
      client_id: `${APPLICATION}_Native`,
      client_secret: 'THE-CLIENT-SECRET',
      scope:
        'openid profile VGActivityDate VGApplications VGDeveloper VGIsApproved VGIsLocked VGPermissions VGProfile VGRoles VGToken offline_access IdentityServerApi',
      grant_type: 'VGAuthenticator',
      VGAuthenticationModule: 'VGUser',
      Username: 'test',
      Password: 'THE-PASSWORD',
    });
  });

  it('signs in with the recorded success', async () => {
    const { at, msg } = await flow.ask('login');

    assert.equal(at, 'in');
    assert.equal(msg.token?.access_token, SUCCESS.access_token);
    const { VGToken } = SUCCESS.VGResponse as { VGToken: string };
    assert.equal(msg.token?.VGToken, VGToken);
    assert.deepEqual([...(msg.token?.scope ?? [])].sort(), String(SUCCESS.scope).split(' ').sort());
    assert.ok(Math.abs((msg.token?.expires_at ?? 0) - Date.now() - 1_800_000) < 5_000);
    const { session, ...auth } = msg.auth ?? {};
    assert.deepEqual(auth, {
      system: 'vg',
      state: 'signed-in',
      user: 'test',
      status: {
        authentication: { value: 2048, names: ['Success'] },
        authorization: { value: 16, names: ['Success'] },
      },
    });
    const shown = JSON.stringify(msg) + inspect(msg, { depth: 9 }) + logged() + flow.shown('login').join();
    for (const secret of [SUCCESS.access_token, SUCCESS.refresh_token, VGToken, 'THE-PASSWORD', 'THE-CLIENT-SECRET'])
      assert.equal(shown.includes(String(secret)), false);
    assert.ok(session);
  });

  it('offers the methods of the recorded challenge, and signs in with a code', async () => {
    server.answer = always({ status: 400, body: CHALLENGE });
    const offered = await flow.ask('login');

    assert.equal(offered.at, 'mfa');
    assert.equal(offered.msg.auth?.state, 'mfa-required');
    assert.equal(offered.msg.auth?.reason, undefined);
    const methods = offered.msg.auth?.challenge?.methods ?? [];
    assert.deepEqual(
      methods.map(({ kind, transport, destination }) => [kind, transport, destination]),
      [
        ['link', 'email', 'm****************s@g****.com'],
        ['otp', 'email', 'm****************s@g****.com'],
        ['otp', 'sms', '+91*****34003'],
      ],
    );
    assert.doesNotMatch(JSON.stringify(offered.msg), /6984a56e|674a1ed0|ff2b9756|881193d7|THE-/);
    assert.doesNotMatch(flow.status('login') + logged(), /\+91\*+34003|\*{3}/);

    server.answer = always({ status: 400, body: waitingFor(CHALLENGE) });
    const chosen = await flow.ask('choose', { auth: offered.msg.auth, payload: methods[2]?.id });
    assert.deepEqual([chosen.at, chosen.msg.auth?.state], ['mfa', 'code-required']);
    const step = server.requests[1]?.form;
    assert.equal(step?.get('AuthenticationRequestId'), '6984a56e-1674-4f90-9cfd-4573c049d250');
    assert.equal(step?.get('MFAAvailableId'), '881193d7-a65a-4d64-bea6-99fc8db64fbe');
    assert.equal(step?.get('grant_type'), 'VGAuthenticator');
    assert.equal(step?.get('VGAuthenticationModule'), 'VGUser');

    server.answer = always({ body: SUCCESS });
    const signedIn = await flow.ask('submit', { auth: chosen.msg.auth, payload: 'aB12' });
    assert.equal(signedIn.at, 'in');
    assert.equal(server.requests[2]?.form.get('MFASecureCode'), 'aB12');
    assert.equal(server.requests[2]?.form.get('MFAAvailableId'), '881193d7-a65a-4d64-bea6-99fc8db64fbe');
  });

  it('treats the recorded challenge as code-required if it comes back after the choice', async () => {
    server.answer = always({ status: 400, body: CHALLENGE });
    const offered = await flow.ask('login');

    const { at, msg } = await flow.ask('choose', { auth: offered.msg.auth, payload: 'otp-sms' });

    assert.deepEqual([at, msg.auth?.state], ['mfa', 'code-required']);
    assert.equal(server.requests.length, 2, 'nothing is repeated automatically');
  });

  for (const mfaCredentials of ['username', 'username+password']) {
    it(`sends ${mfaCredentials} with the later steps if that is set`, async () => {
      const nodes = guardFlow({
        url: `${server.origin}/connect/token`,
        applicationId: `${APPLICATION}_WebApp`,
        mfaCredentials,
      });
      await flow.deploy(nodes, 'full', stored('test', 'THE-PASSWORD'));
      server.answer = always({ status: 400, body: CHALLENGE });
      const offered = await flow.ask('login');
      await flow.ask('choose', { auth: offered.msg.auth, payload: 'otp-sms' });

      const [login, step] = server.requests;
      assert.deepEqual([login?.path, login?.form.get('client_id')], ['/connect/token', `${APPLICATION}_WebApp`]);
      assert.equal(step?.form.get('Username'), 'test');
      assert.equal(step?.form.get('Password'), mfaCredentials === 'username' ? null : 'THE-PASSWORD');
    });
  }
});

/** The reply of the server after it has sent a code (src/visual-guard/PROTOCOL.md: status bits): bit 20 in place of bit 27. */
function waitingFor(challenge: object): object {
  return JSON.parse(
    JSON.stringify(challenge)
      .replaceAll('134217729', '1048577')
      .replaceAll('MFA_AuthenticationRequired', 'MFA_WaitingUserAction')
      .replaceAll('"IsMFAAuthenticationRequired":true', '"IsMFAAuthenticationRequired":false')
      .replaceAll('"IsMFAWaitingUserAction":false', '"IsMFAWaitingUserAction":true'),
  );
}
