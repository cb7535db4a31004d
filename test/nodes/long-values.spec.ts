import assert from 'node:assert/strict';
import { assertFault } from '../support/faults.ts';
import { place, wire } from '../support/flows.ts';
import { guardFlow, signsIn, stored } from '../support/guard-server.ts';
import { type Flow, load } from '../support/runtime.ts';
import { always, serve, type TestServer } from '../support/servers.ts';

/**
 * A text whose blanks and hyphens would have to be replaced one by one. Flows take names and codes from requests and WebSockets:
 * anybody may send as much as these accept.
 */
const LONG = 'a -'.repeat(2_000_000);

/** The longest text and the longest token that are accepted, in characters. */
const LONGEST = 8_192;
const LONGEST_TOKEN = 65_536;

describe('a message with a value of several megabytes', () => {
  let server: TestServer;
  let flow: Flow;

  beforeEach(async () => {
    server = await serve(always(signsIn('token-1')));
    const login = { usernameType: 'msg', username: 'name', passwordType: 'msg', password: 'word' };
    const byName = { serverNameType: 'msg', serverName: 'tenant', server: '' };
    flow = await load(
      [
        ...guardFlow({ url: server.origin, applicationId: 'a', name: 'tenant', byName: true }, { login }),
        wire('vg-login', 'login-by-name', ['in', 'mfa', 'refused'], byName),
        wire('attach-bearer', 'by-user', ['ready', 'needed'], {
          source: 'vg',
          server: 'server',
          userType: 'msg',
          user: 'name',
        }),
        wire('attach-bearer', 'by-session', ['ready', 'needed'], {
          source: 'vg',
          server: 'server',
          userType: 'session',
        }),
        wire('attach-bearer', 'of-message', ['ready', 'needed'], { source: 'msg' }),
        wire('vg-logout', 'logout-user', ['out'], { server: 'server', userType: 'msg', user: 'name' }),
        place('nowhere'),
      ],
      stored('robot'),
    );
  });
  afterEach(() => assert.equal(server.requests.length, 0, 'nothing was sent'));

  for (const [what, node, msg, property] of [
    ['a username', 'login', { name: LONG, word: 'right' }, 'name'],
    ['a password', 'login', { name: 'anna', word: LONG }, 'word'],
    ['the name of a server', 'login-by-name', { tenant: LONG }, 'tenant'],
    ['a code', 'submit', { payload: LONG }, 'payload'],
    ['a method', 'choose', { payload: LONG }, 'payload'],
    ['a user with a session', 'by-user', { name: LONG }, 'name'],
    ['a user to sign out', 'logout-user', { name: LONG }, 'name'],
  ] as const) {
    it(`as ${what} ends at a Catch node, which gets only its length`, async () => {
      const caught = await flow.ask(node, msg);
      assertFault(caught, 'AUTH_CONFIG', `"${property}" is longer than ${LONGEST} characters`);
      assert.ok(!caught.msg.error?.message.includes('a -a -'));
      assert.ok(!('word' in caught.msg), 'the password was removed');
    });
  }

  it('as the ID of a challenge is a refusal, as for any unknown one', async () => {
    const { at, msg } = await flow.ask('submit', { payload: '1', auth: { challenge: { id: LONG } } } as never);
    assert.deepEqual([at, msg.auth?.reason], ['refused', 'challenge-unknown']);
  });

  it('as a session handle means that there is no session, as for any unknown one', async () => {
    const { at, msg } = await flow.ask('by-session', { auth: { session: LONG } } as never);
    assert.deepEqual([at, msg.auth?.reason], ['needed', 'no-session']);
  });

  it('as a token counts as none, so that it is not kept', async () => {
    const { at, msg } = await flow.ask('of-message', {
      token: { access_token: 'x'.repeat(LONGEST_TOKEN + 1) },
    } as never);
    assert.deepEqual([at, msg.auth?.reason], ['needed', 'token-missing']);
    const most = { token: { access_token: 'x'.repeat(LONGEST_TOKEN) } } as never;
    assert.equal((await flow.ask('of-message', most)).at, 'ready');
  });
});
