import assert from 'node:assert/strict';
import { assertFault } from '../support/faults.ts';
import { place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { type Answer, always, serve } from '../support/servers.ts';
import { serveTokens, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';

const SECRET = VGS_CREDENTIALS.account.clientSecret;

async function askVgs(answer: Answer) {
  const server = await serveTokens(always(answer));
  const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
  return { arrival: await flow.ask('get'), server };
}

const refusal = (error_description: unknown, error = 'invalid_request', status = 403): Answer => ({
  status,
  body: { error, error_description },
});

describe('the error text of a token endpoint', () => {
  it('is on the message: the requirement of Keycloak', async () => {
    const { arrival } = await askVgs(refusal('HTTPS required'));
    assert.equal(arrival.at, 'refused');
    const { reason, error, error_description } = arrival.msg.auth ?? {};
    assert.deepEqual([reason, error, error_description], ['unknown', 'invalid_request', 'HTTPS required']);
  });

  it('contains no secret, no control characters and at most 200 characters', async () => {
    const { arrival } = await askVgs(refusal(`${SECRET}\n\u202e"a" ${'x'.repeat(5_000)}`));
    const { error_description = '' } = arrival.msg.auth ?? {};
    assert.match(error_description, /^\[redacted\] 'a' x+$/);
    assert.equal(error_description.length, 200);
  });

  it('is a refusal even if the description is an object', async () => {
    const { arrival } = await askVgs(refusal({ toString: 1 }, 'unauthorized_client', 401));
    assert.equal(arrival.at, 'refused');
    assert.deepEqual([arrival.msg.auth?.reason, arrival.msg.auth?.error_description], ['client-invalid', undefined]);
  });

  it('says that the realm is disabled', async () => {
    const { arrival } = await askVgs(refusal('Realm not enabled', 'access_denied'));
    const { reason, error_description } = arrival.msg.auth ?? {};
    assert.deepEqual([reason, error_description], ['account-disabled', 'Realm not enabled']);
  });

  it('reaches a Catch node unchanged if it is no refusal', async () => {
    const words = 'Realm __host__ $t(errors.unavailable) {host} does not exist';
    const { arrival, server } = await askVgs({ status: 404, body: { error: words } });
    assertFault(arrival, 'AUTH_BAD_RESPONSE', server.host);
    assert.ok(arrival.msg.error?.message.includes(`The server reports "${words}".`), arrival.msg.error?.message);
  });

  it('is only the states for Visual Guard', async () => {
    const server = await serve(always({}));
    const person = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
    const flow = await load([
      { id: 'server', type: 'vg-server', url: server.origin, applicationId: 'app' },
      wire('vg-login', 'login', ['in', 'mfa', 'refused'], { server: 'server', ...person }),
      ...['in', 'mfa', 'refused'].map(place),
    ]);
    const VGResponse = { AuthenticationState: { Status: 3 } };
    for (const states of [{ VGResponse }, { VGAuthenticationStatus: 'Failure, UserNotFound' }, {}]) {
      const body = { error: 'invalid_grant', error_description: 'Failure, UserNotFound', ...states };
      server.answer = always({ status: 400, body });
      const user = `user of ${JSON.stringify(states)}`;
      const { at, msg } = await flow.ask('login', { user, password: 'a-password' });
      assert.equal(at, 'refused');
      assert.equal(msg.auth?.reason, 'credentials-invalid');
      assert.equal(msg.auth?.error_description, undefined);
    }
  });
});

describe('the scope of a hostile reply', () => {
  it('has a limited length, and no control or bidirectional characters', async () => {
    const many = Array.from({ length: 90_000 }, (_, index) => `s${index}`).join(' ');
    const scope = `\u202ea b\u0007c ${SECRET} d ${many}`;
    const { arrival } = await askVgs({ body: { access_token: 'a-token', expires_in: 300, scope } });
    assert.equal(arrival.at, 'token');
    const token = arrival.msg.token as { scope: string[] };
    assert.equal(token.scope.length, 256);
    assert.deepEqual(token.scope.slice(0, 3), ['d', 's0', 's1']);
  });
});
