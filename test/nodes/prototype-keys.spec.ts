import assert from 'node:assert/strict';
import { readBody } from '../../nodes/shared/dialog/request-body.ts';
import { readServiceAccountFile } from '../../src/vgs/service-account-file.ts';
import { functionNode, place, wire } from '../support/flows.ts';
import { stored } from '../support/guard-server.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { VGS_CREDENTIALS } from '../support/token-server.ts';

/** The effect of `__proto__` if it were set as a prototype. */
const EVIL = { access_token: 'EVIL', expires_in: 300, token_type: 'Bearer', refresh_token: 'EVIL', polluted: true };
const AS_JSON = { headers: { 'content-type': 'application/json' } };

/** JSON with an own property `__proto__`, which an object literal cannot have. */
function withPrototype(body: object, prototype: object = EVIL): string {
  return (
    JSON.stringify(body).replace(/\}$/, `${Object.keys(body).length > 0 ? ',' : ''}"__proto__":`) +
    `${JSON.stringify(prototype)}}`
  );
}

describe('a key called __proto__ is a property like any other', () => {
  afterEach('no object has a new property', () => assert.equal('polluted' in {}, false));

  it('in a token reply of VGS', async () => {
    const server = await serve(() => ({ ...AS_JSON, body: withPrototype({}) }));
    const flow = await load(
      [
        { id: 'account', type: 'vgs-account', tokenUrl: server.origin },
        wire('vgs-token', 'get', ['token', 'refused'], { account: 'account' }),
        ...['token', 'refused'].map(place),
      ],
      VGS_CREDENTIALS,
    );
    assert.equal((await flow.ask('get')).msg.error?.code, 'AUTH_BAD_RESPONSE');

    server.answer = () => ({ ...AS_JSON, body: withPrototype({ access_token: 'mine' }, { expires_in: 1e6 }) });
    const { at, msg } = await flow.ask('get');
    assert.deepEqual([at, msg.token?.access_token, msg.token?.expires_at], ['token', 'mine', 0]);
    assert.equal('polluted' in (msg.token ?? {}), false);
  });

  it('in a reply of Visual Guard, and deep in it', async () => {
    const server = await serve(() => ({
      ...AS_JSON,
      status: 400,
      body: withPrototype(
        { error: 'invalid_grant', VGResponse: { AuthenticationStatus: 'Failure, UserAccountLocked' } },
        { ...EVIL, VGResponse: { AuthenticationStatus: 'Success', AuthorizationStatus: 'Success' } },
      ),
    }));
    const flow = await load(
      [
        { id: 'server', type: 'vg-server', url: server.origin, applicationId: 'app' },
        wire('vg-login', 'login', ['in', 'mfa', 'refused'], { server: 'server' }),
        ...['in', 'mfa', 'refused'].map(place),
      ],
      stored('me'),
    );
    const { at, msg } = await flow.ask('login', { reset: true } as never);
    assert.deepEqual([at, msg.auth?.reason], ['refused', 'account-locked']);
  });

  it('in the properties of a message about its token, its user and its session', async () => {
    const flow = await load([
      { id: 'server', type: 'vg-server', practice: true },
      wire('attach-bearer', 'by-token', ['ready', 'needed'], { source: 'msg' }),
      wire('attach-bearer', 'by-session', ['ready', 'needed'], { source: 'vg', server: 'server', userType: 'session' }),
      functionNode('read', ['by-token'], 'return Object.assign(msg, JSON.parse(msg.payload));'),
      ...['ready', 'needed'].map(place),
    ]);
    const token = await flow.ask('read', { payload: `{"token":${withPrototype({ expires_at: 0 })}}` });
    assert.deepEqual([token.at, token.msg.auth?.reason], ['needed', 'token-missing']);
    const session = await flow.ask('by-session', { auth: JSON.parse(withPrototype({}, { session: 'x' })) });
    assert.deepEqual([session.at, session.msg.auth?.reason], ['needed', 'no-session']);
  });

  it('in a file of the vgs command', () => {
    const file = `kind: ServiceAccount
__proto__: {polluted: true, clientSecret: evil}
data:
  __proto__: {clientId: evil, clientSecret: evil, polluted: true}
  constructor: {prototype: {polluted: true}}
  clientId: mine
  clientSecret: secret
  scopes:
    - {name: "cards:read", __proto__: {optional: true}}
    - name: __proto__
`;
    const { state, clientId, scopes } = readServiceAccountFile(file) as ReturnType<typeof readServiceAccountFile> & {
      clientId?: string;
      scopes?: unknown;
    };
    assert.deepEqual([state, clientId, scopes], ['read', 'mine', ['cards:read', '__proto__']]);
  });

  it('in the body of an admin request, as an unknown field', () => {
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
      assert.throws(() => readBody(JSON.parse(`{"${key}":"x"}`), { id: 'text' }), { fault: 'unknown-field' });
  });
});
