import assert from 'node:assert/strict';
import { assertFault } from '../support/faults.ts';
import { type FlowNode, wire } from '../support/flows.ts';
import { challenges, guardFlow, PRACTICE, signsIn, stored, way } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { load } from '../support/runtime.ts';
import { type Answerer, always, serve } from '../support/servers.ts';

/** A server that signs in and has a revocation endpoint, or one that answers so in place of it. */
const withRevocation =
  (revocation: Answerer = always({ status: 200 })): Answerer =>
  (...call) =>
    call[0].path.endsWith('/revocation') ? revocation(...call) : signsIn('token-1');

const logout = (id: string, user: string, userType: string): FlowNode =>
  wire('vg-logout', id, ['out'], { server: 'server', user, userType });

describe('VG logout', () => {
  it('ends the session here and revokes the refresh token at the server', async () => {
    const server = await serve(withRevocation());
    const flow = await load(guardFlow({ url: `${server.origin}/sub`, applicationId: 'a' }), stored('person'));
    const { msg } = await flow.ask('login');

    const { at, msg: out } = await flow.ask('logout', { payload: 'kept', auth: msg.auth });

    assert.equal(at, 'out');
    assert.deepEqual(out.auth, { system: 'vg', state: 'signed-out', user: 'person', revoked: ['refresh_token'] });
    assert.equal(out.payload, 'kept');
    const revocation = server.requests[1];
    assert.equal(revocation?.path, '/sub/connect/revocation');
    assert.equal(revocation?.form.get('token'), 'refresh-of-token-1');
    assert.equal(revocation?.form.get('token_type_hint'), 'refresh_token');

    assert.equal((await flow.ask('login')).at, 'in');
    assert.equal(server.requests.length, 3, 'a new sign-in was needed');
  });

  it('works against the practice server, and the handle finds nothing any more', async () => {
    const flow = await load(
      [
        ...guardFlow(PRACTICE),
        wire('attach-bearer', 'by-handle', ['ready', 'needed'], {
          source: 'vg',
          server: 'server',
          userType: 'session',
        }),
      ],
      stored('plain'),
    );
    const { msg } = await flow.ask('login');
    assert.equal((await flow.ask('by-handle', { auth: msg.auth })).at, 'ready');

    const out = (await flow.ask('logout')).msg;

    assert.deepEqual(out.auth, { system: 'vg', state: 'signed-out', user: 'plain', revoked: ['refresh_token'] });
    assert.equal((await flow.ask('by-handle', { auth: msg.auth })).msg.auth?.reason, 'no-session');
    assert.match(flow.status('logout'), /signed-out/);
  });

  it('is signed out where nobody was signed in', async () => {
    const flow = await load(guardFlow(PRACTICE), stored('plain'));

    const { at, msg } = await flow.ask('logout');

    assert.equal(at, 'out');
    assert.deepEqual(msg.auth, { system: 'vg', state: 'signed-out', user: 'plain', revoked: [] });
  });

  for (const [what, revocation] of [
    ['has no revocation endpoint', always({ status: 404, body: '<html></html>' })],
    ['does not answer well', always({ status: 503 })],
  ] as [string, Answerer][]) {
    it(`is signed out here where the server ${what}`, async () => {
      holdTime();
      const server = await serve(withRevocation(revocation));
      const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('person'));
      await flow.ask('login');

      const { at, msg } = await flow.ask('logout');

      assert.equal(at, 'out');
      assert.deepEqual(msg.auth?.revoked, []);
      assert.equal((await flow.ask('login')).msg.auth?.status?.from_login, undefined);
    });
  }

  it('means whom it is told: a user from the message, or a session handle', async () => {
    const login = { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg' };
    const flow = await load([
      ...guardFlow(PRACTICE, { login }),
      logout('by-name', 'u', 'msg'),
      logout('by-handle', '', 'session'),
    ]);
    const one = (await flow.ask('login', { u: 'plain', p: 'practice' })).msg;
    const two = (await flow.ask('login', { u: 'practice', p: 'practice' })).msg;

    const byName = (await flow.ask('by-name', { u: 'plain' })).msg;
    assert.deepEqual([byName.auth?.user, byName.auth?.revoked], ['plain', ['refresh_token']]);
    const byHandle = (await flow.ask('by-handle', { auth: two.auth })).msg;
    assert.deepEqual([byHandle.auth?.user, byHandle.auth?.revoked], ['practice', ['refresh_token']]);
    const again = (await flow.ask('by-handle', { auth: one.auth })).msg;
    assert.deepEqual([again.auth?.state, again.auth?.revoked], ['signed-out', []]);
  });

  it('forgets an open challenge of the user', async () => {
    const server = await serve(always(challenges(way('w', 1, 2))));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('person'));
    const { msg } = await flow.ask('login');

    await flow.ask('logout');

    assert.equal((await flow.ask('submit', { auth: msg.auth, payload: '1' })).msg.auth?.reason, 'challenge-unknown');
  });

  it('tells a Catch node where it is not told whom', async () => {
    const flow = await load([...guardFlow(PRACTICE), logout('by-name', 'u', 'msg')]);

    const arrival = await flow.ask('by-name', { payload: 'kept' });

    assert.equal(arrival.msg.error?.code, 'AUTH_CONFIG');
    assert.equal(arrival.msg.payload, 'kept');
    assertFault(arrival, 'AUTH_CONFIG', '"u"');
  });
});
