import assert from 'node:assert/strict';
import type { Auth } from '../../nodes/shared/msg-auth.ts';
import { assertFault } from '../support/faults.ts';
import { type FlowNode, wire } from '../support/flows.ts';
import { challenges, guardFlow, PRACTICE, signsIn, stored, way } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { load } from '../support/runtime.ts';
import { type Answerer, always, serve } from '../support/servers.ts';

/** A server that signs in and has a revocation endpoint, or one that answers like this in place of it. */
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

  it('works with the practice server, and the handle finds nothing afterwards', async () => {
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

  it('is signed out if nobody was signed in', async () => {
    const flow = await load(guardFlow(PRACTICE), stored('plain'));

    const { at, msg } = await flow.ask('logout');

    assert.equal(at, 'out');
    assert.deepEqual(msg.auth, { system: 'vg', state: 'signed-out', user: 'plain', revoked: [] });
  });

  for (const [what, revocation] of [
    ['has no revocation endpoint', always({ status: 404, body: '<html></html>' })],
    ['does not answer well', always({ status: 503 })],
  ] as [string, Answerer][]) {
    it(`is signed out here if the server ${what}`, async () => {
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

  it('signs out the user of its property: a name from the message, or a session handle', async () => {
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

  it('ends all sessions of a user name, and one session of a handle', async () => {
    const login = { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg' };
    const flow = await load([
      ...guardFlow(PRACTICE, { login }),
      logout('by-name', 'u', 'msg'),
      logout('by-handle', '', 'session'),
      wire('attach-bearer', 'use', ['ready', 'needed'], { source: 'vg', server: 'server', userType: 'session' }),
    ]);
    const person = { u: 'plain', p: 'practice' };
    const auths: (Auth | undefined)[] = [];
    for (let times = 0; times < 4; times += 1) auths.push((await flow.ask('login', { ...person })).msg.auth);
    const usable = async (): Promise<string[]> => {
      const all = [];
      for (const auth of auths) all.push((await flow.ask('use', { auth })).at);
      return all;
    };

    assert.deepEqual((await flow.ask('by-handle', { auth: auths[1] })).msg.auth?.revoked, ['refresh_token']);
    assert.deepEqual(await usable(), ['ready', 'needed', 'ready', 'ready']);
    const { auth } = (await flow.ask('by-name', { u: 'plain' })).msg;
    assert.deepEqual(auth, {
      system: 'vg',
      state: 'signed-out',
      user: 'plain',
      revoked: ['refresh_token', 'refresh_token', 'refresh_token'],
    });
    assert.deepEqual(await usable(), ['needed', 'needed', 'needed', 'needed']);
  });

  it('forgets an open challenge of the user', async () => {
    const server = await serve(always(challenges(way('w', 1, 2))));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('person'));
    const { msg } = await flow.ask('login');

    await flow.ask('logout');

    assert.equal((await flow.ask('submit', { auth: msg.auth, payload: '1' })).msg.auth?.reason, 'challenge-unknown');
  });

  it('reports to a Catch node that no user is given', async () => {
    const flow = await load([...guardFlow(PRACTICE), logout('by-name', 'u', 'msg')]);

    const arrival = await flow.ask('by-name', { payload: 'kept' });

    assert.equal(arrival.msg.error?.code, 'AUTH_CONFIG');
    assert.equal(arrival.msg.payload, 'kept');
    assertFault(arrival, 'AUTH_CONFIG', '"u"');
  });
});
