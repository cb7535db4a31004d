import assert from 'node:assert/strict';
import { place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { grants, refuses, vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';
import { challenge, SMS, signedIn, waiting } from '../support/vg-replies.ts';

describe('the next client credentials', () => {
  it('of an account are used as soon as the present ones are refused: no message fails, and the status shows it', async () => {
    let taken = 'old';
    const server = await serve(({ form }) =>
      form.get('client_id') === taken && form.get('client_secret') === `${taken}-secret`
        ? grants(`of-${taken}`, { expires_in: 0 })
        : refuses(401, 'invalid_client'),
    );
    const next = { nextClientId: 'new', nextClientSecret: 'new-secret' };
    const credentials = { clientId: 'old', clientSecret: 'old-secret' };
    const flow = await load(vgsFlow(server.origin), { account: { ...credentials, ...next } });
    assert.equal((await flow.ask('get')).msg.token?.access_token, 'of-old');
    assert.doesNotMatch(flow.status('account'), /uses-next/);
    taken = 'new';
    const { at, msg } = await flow.ask('get');
    assert.deepEqual([at, msg.token?.access_token], ['token', 'of-new']);
    await until(() => flow.status('account').includes('uses-next'));
    const before = server.requests.length;
    await flow.ask('get');
    await flow.deploy(vgsFlow(server.origin, { name: 'renamed' }));
    assert.match(flow.status('account'), /uses-next/);
    await flow.ask('get');
    assert.deepEqual(
      server.requests.slice(before).map(({ form }) => form.get('client_id')),
      ['new', 'new'],
    );
    await flow.deploy(vgsFlow(server.origin), 'full', { account: { clientId: 'new', clientSecret: 'new-secret' } });
    assert.doesNotMatch(flow.status('account'), /uses-next/);
    assert.equal((await flow.ask('get')).msg.token?.access_token, 'of-new');
  });

  it('of a server are used in the middle of a sign-in', async () => {
    let secret = 'old';
    const server = await serve(({ form }) => {
      if (form.get('client_secret') !== secret) return refuses(400, 'invalid_client');
      if (form.has('MFASecureCode')) return signedIn() as never;
      return (form.has('MFAAvailableId') ? waiting : challenge([SMS])) as never;
    });
    const flow = await load(
      [
        { id: 'server', type: 'vg-server', url: server.origin, applicationId: 'app' },
        wire('vg-login', 'login', ['in', 'mfa', 'refused'], {
          server: 'server',
          username: 'user',
          usernameType: 'msg',
          password: 'password',
          passwordType: 'msg',
        }),
        wire('vg-mfa', 'choose', ['in', 'mfa', 'refused'], { action: 'choose', method: 'first', methodType: 'str' }),
        wire('vg-mfa', 'submit', ['in', 'mfa', 'refused'], { action: 'submit' }),
        ...['in', 'mfa', 'refused'].map(place),
      ],
      { server: { clientSecret: 'old', nextClientSecret: 'new' } },
    );
    const login = await flow.ask('login', { user: 'anna', password: 'x' });
    secret = 'new';
    const chosen = await flow.ask('choose', login.msg);
    assert.equal(chosen.msg.auth?.state, 'code-required', JSON.stringify(chosen.msg.auth));
    assert.equal((await flow.ask('submit', { ...chosen.msg, payload: '123456' })).at, 'in');
    assert.match(flow.status('server'), /uses-next/);
  });
});
