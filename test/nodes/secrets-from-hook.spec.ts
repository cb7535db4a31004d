import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import { place, wire } from '../support/flows.ts';
import { CREDENTIALS, letTimePass, of, sentTo, serveFor, tokenFrom } from '../support/outside-secrets.ts';
import { load, logged } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';
import { signedIn, wrongPassword } from '../support/vg-replies.ts';

describe('vgAuthSecret in settings.js', () => {
  it('is called with the name of a variable and the config node, and may return a promise', async () => {
    const asked: unknown[][] = [];
    const settings = {
      vgAuthSecret: async (...args: unknown[]) => {
        asked.push(args);
        return 'first';
      },
    };
    setEnvironment({ THE_SECRET: undefined });
    const server = await serveFor('first');
    const flow = await load(vgsFlow(server.origin, { z: 'tab' }), CREDENTIALS, settings);
    assert.equal(await tokenFrom(flow), 'token-for-first');
    assert.deepEqual(asked[0], ['THE_SECRET', { id: 'account', type: 'vgs-account', z: 'tab' }]);
  });

  it('is called at most once a second, and once more after a refusal', async () => {
    let [count, secret] = [0, 'old'];
    const settings = {
      vgAuthSecret: () => {
        count += 1;
        return secret;
      },
    };
    const server = await serveFor('old');
    const flow = await load(vgsFlow(server.origin), CREDENTIALS, settings);
    for (let asks = 0; asks < 5; asks += 1) await tokenFrom(flow);
    assert.equal(count, 1);
    [server.secret, secret] = ['new', 'new'];
    assert.equal(await tokenFrom(flow), 'token-for-new');
    assert.equal(count, 2);
    server.secret = 'another';
    for (let asks = 0; asks < 5; asks += 1) assert.equal((await flow.ask('get')).at, 'refused');
    assert.equal(count, 2);
    assert.equal(sentTo(server).filter((sent) => sent === 'new').length, 2);
    secret = 'another';
    letTimePass(flow);
    assert.equal(await tokenFrom(flow), 'token-for-another');
  });

  const failures: [string, unknown, string][] = [
    ['rejects', () => Promise.reject(new Error('THE-VAULT-TOKEN')), 'AUTH_UNAVAILABLE'],
    ['throws', () => assert.fail('THE-VAULT-TOKEN'), 'AUTH_UNAVAILABLE'],
    ['knows no such variable', () => undefined, 'AUTH_CONFIG'],
    ['gives an object', async () => ({ value: 'THE-VAULT-TOKEN' }), 'AUTH_CONFIG'],
    ['gives an empty text', () => ' ', 'AUTH_CONFIG'],
    ['is no function', 'THE-VAULT-TOKEN', 'AUTH_CONFIG'],
  ];
  for (const [what, vgAuthSecret, code] of failures) {
    it(`causes an error that names the variable and repeats nothing if it ${what}`, async () => {
      const flow = await load(vgsFlow('https://tokens.test'), CREDENTIALS, { vgAuthSecret });
      assertFault(await flow.ask('get'), code, 'THE_SECRET');
      await until(() => flow.status('account') !== '');
      assert.ok(logged().includes('THE_SECRET'));
      assert.ok(!logged().includes('THE-VAULT-TOKEN'));
    });
  }

  it('leaves the last value in use if it fails later, and the log says so once for each time', async () => {
    let isUp = true;
    const settings = {
      vgAuthSecret: async () => {
        if (!isUp) throw Object.assign(new Error('THE-VAULT-TOKEN'), { code: 'ECONNREFUSED' });
        return 'first';
      },
    };
    const server = await serveFor('first');
    const flow = await load(vgsFlow(server.origin), CREDENTIALS, settings);
    await tokenFrom(flow);
    for (const up of [false, false, true, false]) {
      isUp = up;
      letTimePass(flow);
      assert.equal(await tokenFrom(flow), 'token-for-first');
    }
    assert.equal(logged().split('config.last-value').length - 1, 2);
    assert.ok(!logged().includes('THE-VAULT-TOKEN'));
  });

  it('provides user and password of a server, and a new password ends what is held back', async () => {
    let password = 'wrong';
    const settings = { vgAuthSecret: (name: string) => (name === 'VG_USER' ? 'robot' : password) };
    const server = await serve(({ form }) =>
      form.get('Username') === 'robot' && form.get('Password') === 'right'
        ? (signedIn() as never)
        : (wrongPassword as never),
    );
    const flow = await load(
      [
        { id: 'server', type: 'vg-server', url: server.origin, applicationId: 'app' },
        wire('attach-bearer', 'attach', ['ready', 'needed'], { source: 'vg', server: 'server' }),
        wire('vg-login', 'login', ['ready', 'mfa', 'needed'], { server: 'server' }),
        ...['ready', 'needed', 'mfa'].map(place),
      ],
      { server: { username: of('VG_USER'), password: of('VG_PASSWORD') } },
      settings,
    );
    assert.equal((await flow.ask('attach')).msg.auth?.reason, 'credentials-invalid');
    assert.equal((await flow.ask('attach')).msg.auth?.reason, 'credentials-invalid');
    assert.equal((await flow.ask('login')).msg.auth?.reason, 'held-back');
    assert.equal(server.requests.length, 1);
    password = 'right';
    letTimePass(flow);
    assert.equal((await flow.ask('attach')).at, 'ready');
    assert.equal((await flow.ask('login')).msg.auth?.user, 'robot');
  });

  it('works for a vault as the operation page shows', async () => {
    const page = readFileSync(new URL('../../docs/operation.md', import.meta.url), 'utf8');
    const code = /```js\n(module\.exports = [\s\S]*?)```/.exec(page)?.[1] ?? '';
    const vault = await serve(({ path, headers }) =>
      path === '/v1/secret/data/node-red' && headers['x-vault-token'] === 'a-vault-token'
        ? { body: { data: { data: { THE_SECRET: 'first' } } } }
        : { status: 403 },
    );
    setEnvironment({ VAULT_ADDR: vault.origin, VAULT_TOKEN: 'a-vault-token', THE_SECRET: undefined });
    const module = { exports: {} as { vgAuthSecret?: unknown } };
    new Function('module', code)(module);
    const server = await serveFor('first');
    const flow = await load(vgsFlow(server.origin), CREDENTIALS, module.exports);
    assert.equal(await tokenFrom(flow), 'token-for-first');
  });
});
