import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { checkAccount } from '../../src/vgs/check.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { ScriptedTransport, type Step } from '../support/scripted-transport.ts';

const SETTINGS = {
  tokenUrl: 'https://auth.example.org/token',
  clientId: 'client',
  clientSecret: 'THE-SECRET',
  scope: 'cards:write cards:read',
  clientAuth: 'body',
} as const;

const GRANT = { access_token: 'THE-TOKEN', expires_in: 300, token_type: 'bearer', scope: 'cards:write user_id' };

async function check(step: Step, settings: object = {}, time?: (system: FakeSystem) => void) {
  const system = new FakeSystem();
  const transport = new ScriptedTransport(system, step);
  time?.(system);
  const verdict = await checkAccount({ ...SETTINGS, ...settings }, transport, system);
  assert.equal(transport.requests.length, 1, 'it is sent once');
  const shown = JSON.stringify(verdict);
  assert.ok(!shown.includes('THE-TOKEN') && !shown.includes('THE-SECRET'), shown);
  return verdict;
}

describe('the test of a service account', () => {
  it('reports what was asked for, granted and missing, and how long a token is valid', async () => {
    assert.deepEqual(await check({ body: GRANT }), {
      state: 'signed-in',
      asked: ['cards:write', 'cards:read'],
      granted: ['cards:write', 'user_id'],
      missing: ['cards:read'],
      lifetime: 300,
      host: 'auth.example.org',
    });
  });

  it('reports why the server refused', async () => {
    assert.deepEqual(await check({ status: 401, body: { error: 'invalid_client' } }), {
      state: 'refused',
      reason: 'client-invalid',
      error: 'invalid_client',
      host: 'auth.example.org',
    });
  });

  it('reports an error with its code, and sends no second request', async () => {
    const verdict = await check(new AuthError('host-unknown', { host: 'auth.example.org' }));
    assert.deepEqual(verdict, {
      state: 'failed',
      fault: 'host-unknown',
      code: 'AUTH_NETWORK',
      values: { host: 'auth.example.org' },
      host: 'auth.example.org',
    });
  });

  it('reports the time at which a busy server accepts the next request', async () => {
    const verdict = await check({ status: 429, retryAfter: 60_000 });
    assert.equal(verdict.state === 'failed' && verdict.fault, 'retry-later');
    assert.ok(verdict.state === 'failed' && verdict.retryAt);
  });

  it('reports the difference between the clocks, if whole seconds do not explain it', async () => {
    const now = new FakeSystem().now();
    assert.equal((await check({ body: GRANT, date: now - 400 })).clock, 0);
    assert.equal((await check({ body: GRANT, date: now + 120_000 })).clock, 121);
    assert.equal((await check({ body: GRANT, date: now - 120_000 })).clock, -119);
    assert.equal((await check({ body: GRANT })).clock, undefined);
  });

  it('names no scope that contains the token or the secret, and at most a hundred scopes', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `s${index}`).join(' ');
    const verdict = await check({ body: { ...GRANT, scope: `THE-TOKEN xTHE-SECRETx ${'y'.repeat(200)} ${many}` } });
    assert.equal(verdict.state === 'signed-in' && verdict.granted.length, 100);
  });
});
