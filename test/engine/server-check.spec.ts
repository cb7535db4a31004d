import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { PRACTICE_VG_URL } from '../../src/core/practice-defaults.ts';
import { Engine } from '../../src/engine/engine.ts';
import { checkServer } from '../../src/visual-guard/check.ts';
import { discoveryUrlOf } from '../../src/visual-guard/dialect/discovery.ts';
import { FULL_SCOPE } from '../../src/visual-guard/dialect/wire.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { ScriptedTransport, type Step } from '../support/scripted-transport.ts';
import { SETTINGS } from '../support/visual-guard.ts';

const DOCUMENT = { token_endpoint: 'x', grant_types_supported: ['VGAuthenticator'], scopes_supported: ['openid'] };
const FOUND = { body: DOCUMENT };
const NONE = { status: 404, contentType: 'text/html' };
const NOBODY = { status: 400, body: { error: 'invalid_grant' } };
const refuses = (error: string) => ({ status: 400, body: { error } });

async function check(script: Step[], signsIn = false, settings: object = {}) {
  const system = new FakeSystem();
  const engine = new Engine(100, system);
  const transport = new ScriptedTransport(system, ...script);
  const verdict = await checkServer({ ...SETTINGS, ...settings }, transport, engine, signsIn);
  const shown = JSON.stringify(verdict);
  for (const secret of ['robot-password', 'client-secret', 'THE-TOKEN', 'THE-REFRESH']) {
    assert.ok(!shown.includes(secret), shown);
  }
  assert.ok(transport.closed);
  return { verdict, transport, engine };
}

/** A result for which the server was reached. */
async function reached(script: Step[], signsIn = false, settings: object = {}) {
  const { verdict, ...rest } = await check(script, signsIn, settings);
  assert.equal(verdict.state, 'reached', JSON.stringify(verdict));
  if (verdict.state !== 'reached') throw new Error();
  return { ...verdict, ...rest };
}

describe('the test of a Visual Guard server', () => {
  it('looks for the discovery document beside the token endpoint', () => {
    const at = (url: string): string => discoveryUrlOf(url);
    assert.equal(at('https://a.example/connect/token'), 'https://a.example/.well-known/openid-configuration');
    assert.equal(at('https://a.example/x/y/connect/token'), 'https://a.example/x/y/.well-known/openid-configuration');
  });

  it('sends no user name, so that no account can be locked', async () => {
    const { transport } = await reached([FOUND, NOBODY]);
    const [document, login, ...others] = transport.requests;
    assert.deepEqual([document?.method, document?.form, others], ['GET', {}, []]);
    assert.equal(login?.form.grant_type, 'VGAuthenticator');
    assert.ok(!('Username' in (login?.form ?? {})) && !('Password' in (login?.form ?? {})));
  });

  it('reports an accepted client, whatever check fails after it', async () => {
    for (const answer of [NOBODY, refuses('invalid_request'), { body: { access_token: 'THE-TOKEN' } }]) {
      assert.deepEqual((await reached([FOUND, answer])).client, { state: 'known' });
    }
  });

  it('reports that the client, its grant or its scope is not accepted, and then signs nobody in', async () => {
    const cases = [
      ['invalid_client', 'client-invalid'],
      ['unsupported_grant_type', 'grant-not-allowed'],
      ['invalid_scope', 'scope-invalid'],
    ] as const;
    for (const [error, reason] of cases) {
      const { client, person, transport } = await reached([FOUND, refuses(error)], true);
      assert.deepEqual(client, { state: 'refused', reason, error });
      assert.deepEqual(person, { state: 'not-tried' });
      assert.equal(transport.requests.length, 2);
    }
  });

  it('reports whether VGAuthenticator is supported, and which scopes are not', async () => {
    assert.equal((await reached([FOUND, NOBODY])).grant, 'listed');
    const other = { body: { ...DOCUMENT, grant_types_supported: ['password'], scopes_supported: ['profile'] } };
    const { grant, unlisted } = await reached([other, NOBODY]);
    assert.deepEqual([grant, unlisted], ['not-listed', ['openid']]);
    const { grant: unsaid, unlisted: none } = await reached([NONE, NOBODY]);
    assert.deepEqual([unsaid, none], ['unsaid', []]);
  });

  it('reports an uncertain result if the server fails at a request without a user', async () => {
    const { client } = await reached([FOUND, { status: 500, contentType: 'text/html' }]);
    assert.equal(client.state === 'failed' && client.fault, 'unavailable');
  });

  it('fails if nothing answers, for another kind of server, and if everything is down', async () => {
    const cut = new AuthError('connection-refused', { host: 'x' });
    for (const [script, fault] of [
      [[cut], 'connection-refused'],
      [[NONE, NONE], 'reply-senseless'],
      [[{ status: 503 }, { status: 503 }], 'unavailable'],
      [[FOUND, cut], 'connection-refused'],
    ] as [Step[], string][]) {
      const { verdict } = await check(script, true);
      assert.equal(verdict.state === 'failed' && verdict.fault, fault);
    }
  });

  it('signs the stored user in and out again, and keeps nothing', async () => {
    const grant = { access_token: 'THE-TOKEN', expires_in: 1800, refresh_token: 'THE-REFRESH', scope: 'openid' };
    const { person, transport, engine } = await reached([FOUND, NOBODY, { body: grant }, { status: 200 }], true);
    assert.deepEqual(person, {
      state: 'signed-in',
      warnings: [],
      refreshable: true,
      asked: ['openid', 'offline_access'],
      granted: ['openid'],
      missing: ['offline_access'],
      lifetime: 1800,
    });
    assert.equal(transport.lastForm.token, 'THE-REFRESH', 'the refresh token is revoked');
    const held = engine.holdServer(SETTINGS, transport, '').value;
    assert.equal(held.sessionOf('robot'), undefined);
  });

  it('reports that there is no user, or no password', async () => {
    for (const property of ['username', 'password']) {
      const { person } = await reached([FOUND, NOBODY], true, { [property]: '' });
      assert.deepEqual(person?.state === 'failed' && person.values, { property });
    }
  });

  it('uses the guard, as a flow does: a wrong password is sent once, by a test and a flow together', async () => {
    const system = new FakeSystem();
    const engine = new Engine(100, system);
    const transport = new ScriptedTransport(system, FOUND, NOBODY, refuses('invalid_grant'), FOUND, NOBODY);
    const first = await checkServer(SETTINGS, transport, engine, true);
    const second = await checkServer(SETTINGS, transport, engine, true);
    const reasons = [first, second].map(
      (each) => each.state === 'reached' && each.person?.state === 'refused' && each.person.reason,
    );
    assert.deepEqual(reasons, ['credentials-invalid', 'held-back']);
    const flow = engine.holdServer(SETTINGS, transport, '').value;
    const outcome = await flow.signInStored({ method: 'ask', reset: false });
    assert.equal(outcome.state === 'refused' && outcome.reason, 'held-back');
    assert.equal(transport.requests.length, 5);
  });

  it('works with the practice server, for every kind of answer', async () => {
    const engine = new Engine();
    const practice = {
      ...SETTINGS,
      tokenUrl: PRACTICE_VG_URL,
      clientSecret: '',
      scope: FULL_SCOPE,
      password: 'practice',
    };
    const states: Record<string, string> = {};
    for (const username of ['plain', 'all', 'locked', 'cut']) {
      const verdict = await checkServer({ ...practice, username }, engine.practice.transport(), engine, true);
      assert.equal(verdict.state, 'reached');
      if (verdict.state === 'reached') states[username] = verdict.person?.state ?? '';
    }
    engine.practice.stop();
    assert.deepEqual(states, { plain: 'signed-in', all: 'challenged', locked: 'refused', cut: 'failed' });
  });
});
