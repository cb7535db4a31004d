import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type FlowNode, place, wire } from '../support/flows.ts';
import { reachable } from '../support/reachable.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { signedIn } from '../support/vg-replies.ts';

const SECRETS = /THE-ACCOUNT-SECRET|THE-SERVER-SECRET|THE-PASSWORD|THE-ACCESS|THE-REFRESH|THE-VGTOKEN|THE-PASSPHRASE/;

describe('a node that is printed', () => {
  it('shows no secret: neither its credentials nor its tokens', async () => {
    const server = await serve(({ form }) =>
      form.get('grant_type') === 'client_credentials'
        ? { body: { access_token: 'THE-ACCESS', expires_in: 300, token_type: 'bearer' } }
        : (signedIn('THE-ACCESS', { refreshToken: 'THE-REFRESH', VGToken: 'THE-VGTOKEN' }) as never),
    );
    const nodes: FlowNode[] = [
      { id: 'store', type: 'auth-store', kind: 'context', context: '' },
      { id: 'account', type: 'vgs-account', tokenUrl: server.origin, store: 'store' },
      { id: 'server', type: 'vg-server', url: server.origin, applicationId: 'app', store: 'store' },
      wire('vgs-token', 'get', ['out', 'out'], { account: 'account' }),
      wire('vg-login', 'login', ['out', 'out', 'out'], { server: 'server' }),
      wire('vg-mfa', 'mfa', ['out', 'out', 'out'], {}),
      wire('vg-logout', 'logout', ['out'], { server: 'server' }),
      wire('attach-bearer', 'attach', ['out', 'out'], { source: 'vg', server: 'server' }),
      place('out'),
    ];
    const flow = await load(nodes, {
      store: { encryptionKey: 'THE-PASSPHRASE-of-the-store', previousEncryptionKey: 'THE-PASSPHRASE-before-it' },
      account: { clientId: 'client', clientSecret: 'THE-ACCOUNT-SECRET' },
      server: { clientSecret: 'THE-SERVER-SECRET', username: 'robot', password: 'THE-PASSWORD' },
    });
    assert.equal((await flow.ask('get')).msg.token?.access_token, 'THE-ACCESS');
    assert.equal((await flow.ask('login')).msg.token?.VGToken, 'THE-VGTOKEN');
    await flow.ask('attach');

    assert.equal(reachable({ kept: new Map([[1, { token: Buffer.from('THE-ACCESS') }]]) }, SECRETS).length, 1);
    for (const { id } of nodes.filter(({ type }) => type !== 'helper')) {
      const printed = inspect(flow.node(id), { depth: 20, showHidden: false });
      assert.doesNotMatch(printed, SECRETS, `${id}: ${SECRETS.exec(printed)?.[0]}`);
      const json = JSON.stringify(
        Object.entries(flow.node(id)).filter(([name]) => !['_events', 'users'].includes(name)),
        leaveOutCycles(),
      );
      assert.doesNotMatch(json, SECRETS, `${id} as JSON`);
      assert.deepEqual(reachable(flow.node(id), SECRETS), [], `reachable from ${id}`);
    }
  });
});

/** Leaves out values that were visited before: nodes refer to each other. */
function leaveOutCycles(): (key: string, value: unknown) => unknown {
  const seen = new WeakSet<object>();
  return (_, value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
}
