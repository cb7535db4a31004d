import assert from 'node:assert/strict';
import { setEnvironment } from '../support/environment.ts';
import { place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { refuses, serveTokens } from '../support/token-server.ts';

const places = ['one', 'two', 'three'].map(place);
const CASES = [
  ['THE-SECRET\n', 'ends-with-line-break'],
  ['THE-\nSECRET', 'line-break'],
  [' THE-SECRET', 'blanks'],
  ['"THE-SECRET"', 'quotes'],
] as const;

describe('a refused secret that looks like a paste with extra characters', () => {
  for (const [clientSecret, flaw] of CASES) {
    it(`of a VGS account is reported by the status, and sent unchanged (${flaw})`, async () => {
      setEnvironment({ PASTED: clientSecret });
      const server = await serveTokens(() => refuses(401, 'invalid_client'));
      const flow = await load(
        [
          { id: 'account', type: 'vgs-account', tokenUrl: server.origin },
          wire('vgs-token', 'get', ['one', 'two'], { account: 'account' }),
          wire('attach-bearer', 'attach', ['one', 'two'], { source: 'vgs', account: 'account' }),
          ...places,
        ],
        // Line breaks come from a file or a variable.
        { account: { clientId: 'client', clientSecret: `\${${'PASTED'}}` } },
      );
      for (const node of ['get', 'attach']) {
        const { msg } = await flow.ask(node);
        assert.equal(msg.auth?.reason, 'client-invalid');
        assert.equal(flow.status(node), `@vg-auth/node-red-vg-auth/vg-auth:flaws.${flaw}`);
      }
      assert.equal(server.requests[0]?.form.get('client_secret'), clientSecret, 'nothing is changed');
      assert.match(flow.status('account'), new RegExp(`flaws.${flaw}`));
    });
  }

  it('of a Visual Guard server is reported if it is the one that was refused', async () => {
    const server = await serve(({ form }) =>
      form.get('client_secret') ? refuses(400, 'invalid_client') : refuses(400, 'invalid_grant'),
    );
    const flow = (credentials: object) =>
      load(
        [
          { id: 'server', type: 'vg-server', url: server.origin, applicationId: 'app' },
          wire('vg-login', 'login', ['one', 'two', 'three'], { server: 'server' }),
          wire('vg-login', 'person', ['one', 'two', 'three'], {
            server: 'server',
            username: 'user',
            usernameType: 'msg',
            password: 'password',
            passwordType: 'msg',
          }),
          ...places,
        ],
        { server: { username: 'robot', password: 'THE-PASSWORD ', ...credentials } },
      );
    const stored = await flow({});
    assert.equal((await stored.ask('login')).msg.auth?.reason, 'credentials-invalid');
    assert.match(stored.status('login'), /flaws\.blanks/);
    await stored.ask('person', { user: 'anna', password: 'THE-OWN' });
    assert.match(stored.status('person'), /reasons\.credentials-invalid/, 'the password of a message is another one');
    await stored.deploy(
      [
        { id: 'server', type: 'vg-server', url: server.origin, applicationId: 'app' },
        wire('vg-login', 'login', ['one', 'two', 'three'], { server: 'server' }),
        ...places,
      ],
      'full',
      { server: { username: 'another', password: 'THE-PASSWORD ', clientSecret: "'THE-SECRET'" } },
    );
    assert.equal((await stored.ask('login')).msg.auth?.reason, 'client-invalid');
    assert.match(stored.status('login'), /flaws\.quotes/);
  });

  it('is not reported if the server accepts it', async () => {
    const server = await serveTokens();
    const flow = await load(
      [
        { id: 'account', type: 'vgs-account', tokenUrl: server.origin },
        wire('vgs-token', 'get', ['one', 'two'], { account: 'account' }),
        ...places,
      ],
      { account: { clientId: 'client', clientSecret: ' THE-SECRET ' } },
    );
    assert.equal((await flow.ask('get')).at, 'one');
    assert.doesNotMatch(flow.shown('get').join(), /flaws/);
  });
});
