import assert from 'node:assert/strict';
import type { FlowNode } from '../support/flows.ts';
import { holdTime } from '../support/held-time.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import {
  accountCredentials,
  accountsByName,
  clientsOf,
  ownerOf,
  serverCredentials,
  serversByName,
  serveTenants,
} from '../support/tenants.ts';
import { serveTokens, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';

const TWO = [
  { id: 'a', name: 'Acme' },
  { id: 'b', name: 'Bolt' },
];
const UNKNOWN = /"[\w.]+" is not the name of a config node that messages can select/;

describe('a VGS account whose name is on the message', () => {
  it('serves that message, and each account sends one request for all its messages', async () => {
    const server = await serveTenants();
    const flow = await load(accountsByName(server.origin, TWO), accountCredentials('a', 'b'));

    for (let round = 0; round < 3; round += 1) {
      for (const { id, name } of TWO) {
        const got = await flow.ask('get', { tenant: name });
        assert.deepEqual([got.at, ownerOf(got.msg.token?.access_token)], ['token', `${id}:null`]);
        const attached = await flow.ask('attach', { tenant: name });
        assert.deepEqual([attached.at, ownerOf(attached.msg.headers?.authorization)], ['ready', `${id}:null`]);
        assert.equal(attached.msg.tenant, name, 'the name stays on the message');
      }
    }
    assert.deepEqual(clientsOf(server.requests), ['a', 'b']);
  });

  for (const [type, value] of [
    ['env', 'VG_AUTH_TENANT'],
    ['flow', 'tenant'],
    ['global', 'tenant'],
  ]) {
    it(`can be found in ${type}, too`, async () => {
      process.env.VG_AUTH_TENANT = 'Bolt';
      const server = await serveTenants();
      const how = { accountName: value, accountNameType: type };
      const flow = await load(accountsByName(server.origin, TWO, how), accountCredentials('a', 'b'));
      type Context = Record<'flow' | 'global', { set(key: string, value: unknown): void }>;
      const context = (flow.node('attach').context as unknown as () => Context).call(flow.node('attach'));
      context.flow.set('tenant', type === 'flow' ? 'Bolt' : 'Acme');
      context.global.set('tenant', type === 'global' ? 'Bolt' : 'Acme');

      const { msg } = await flow.ask('attach', { tenant: 'Acme' });

      assert.equal(ownerOf(msg.headers?.authorization), 'b:null');
    });
  }

  it('uses a valid token without a wait', async () => {
    const server = await serveTenants();
    const flow = await load(accountsByName(server.origin, TWO), accountCredentials('a', 'b'));
    for (const { name } of TWO) await flow.ask('attach', { tenant: name });
    const node = flow.node('attach');
    const sent: unknown[] = [];
    const [listener] = (node as unknown as { _inputCallbacks: ((...args: unknown[]) => void)[] | null })
      ._inputCallbacks ?? [(node as unknown as { _inputCallback: (...args: unknown[]) => void })._inputCallback];

    for (const { name } of TWO) {
      const msg = { tenant: name, _msgid: name };
      listener?.call(
        node,
        msg,
        (out: { headers?: { authorization?: unknown } }) => sent.push(out),
        () => {},
      );
    }

    assert.deepEqual(
      sent.map((msg) => ownerOf((msg as { headers: { authorization: unknown } }).headers.authorization)),
      ['a:null', 'b:null'],
    );
  });

  it('is shown by its name as the last one that was used', async () => {
    const time = holdTime();
    const server = await serveTenants();
    const flow = await load(accountsByName(server.origin, TWO), accountCredentials('a', 'b'));

    await flow.ask('attach', { tenant: 'Acme' });
    assert.match(flow.status('attach'), /^Acme: .*valid-until/);
    await flow.ask('attach', { tenant: 'Bolt' });
    assert.match(flow.status('attach'), /^Bolt: .*valid-until/);
    assert.match((await flow.ask('attach', { tenant: 'nobody' })).msg.error?.message ?? '', UNKNOWN);
    assert.match(flow.status('attach'), /config-name-unknown/);
    assert.doesNotMatch(flow.status('attach'), /Bolt|Acme/, 'it is not about the one before');
    await flow.ask('attach', { tenant: 'Acme' });
    assert.match(flow.status('attach'), /^Acme: .*valid-until/);
    await time.pass(300_000);
    assert.match(flow.status('attach'), /^Acme: .*expired/);
  });
});

describe('a name that a message must not use', () => {
  const cases: [string, FlowNode[] | object[]][] = [
    ['of an account that does not allow it', [{ id: 'a', name: 'Acme', byName: false }]],
    ['of an account that says nothing about it', [{ id: 'a', name: 'Acme', byName: undefined }]],
    ['of an account that is disabled', [{ id: 'a', name: 'Acme', d: true }]],
    ['of an account of another flow', [{ id: 'a', name: 'Acme', z: 'other' }]],
    ['that is spelled differently', [{ id: 'a', name: 'acme' }]],
    ['of another type of config node', [{ id: 'a', name: 'Acme', type: 'vg-server', url: 'https://x.test' }]],
    ['which is the id of an account', [{ id: 'Acme', name: 'something' }]],
  ];
  for (const [what, tenants] of cases) {
    it(`${what} ends at a Catch node, and no request is sent to a server`, async () => {
      const server = await serveTenants();
      const other = { id: 'other', type: 'tab', label: 'other', disabled: false, info: '' };
      const flow = await load(
        [other, ...accountsByName(server.origin, tenants as never)],
        accountCredentials('a', 'Acme'),
      );
      for (const node of ['get', 'attach']) {
        const { msg } = await flow.ask(node, { tenant: 'Acme', token: { access_token: 'old' } as never });
        assert.equal(msg.error?.code, 'AUTH_CONFIG');
        assert.match(msg.error.message, UNKNOWN);
        if (node === 'get') assert.equal('token' in msg, false, 'an old token cannot pass for a new one');
      }
      assert.equal(server.requests.length, 0);
    });
  }

  it('of two accounts ends at a Catch node, unless only one of them allows it', async () => {
    const server = await serveTenants();
    const twice = [
      { id: 'a', name: 'Acme' },
      { id: 'b', name: 'Acme' },
    ];
    const flow = await load(accountsByName(server.origin, twice), accountCredentials('a', 'b'));
    const { msg } = await flow.ask('attach', { tenant: 'Acme' });
    assert.match(msg.error?.message ?? '', /the name of several config nodes/);
    assert.equal(msg.error?.code, 'AUTH_CONFIG');

    await flow.deploy(accountsByName(server.origin, [twice[0], { ...twice[1], byName: false }] as never));
    assert.equal(ownerOf((await flow.ask('attach', { tenant: 'Acme' })).msg.headers?.authorization), 'a:null');
  });

  it('is refused whatever it is, and never shown', async () => {
    const server = await serveTenants();
    const tenants = [...TWO, { id: 'c', name: '42' }, { id: 'd', name: '' }, { id: 'e', name: 'only-e' }];
    const flow = await load(accountsByName(server.origin, tenants), accountCredentials('a', 'b', 'c', 'd', 'e'));
    const hostile: unknown[] = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '',
      ' Acme',
      'Acme\u0000',
      'Acme\n',
      `HOSTILE${'x'.repeat(8_000)}`,
      { name: 'Acme' },
      { toString: () => 'Acme' },
      ['Acme'],
      null,
      undefined,
      true,
      Number.NaN,
      Symbol.iterator,
      () => 'Acme',
    ];
    for (const tenant of hostile) {
      const { msg } = await flow.ask('attach', { tenant });
      assert.equal(msg.error?.code, 'AUTH_CONFIG', String(typeof tenant));
      assert.match(msg.error.message, UNKNOWN);
      for (const name of ['HOSTILE', 'Acme', 'Bolt', 'only-e']) assert.ok(!msg.error.message.includes(name), name);
    }
    assert.ok(!logged().includes('HOSTILE'));
    assert.ok(!flow.shown('attach').join().includes('HOSTILE'));
    assert.equal(server.requests.length, 0);
    assert.equal(ownerOf((await flow.ask('attach', { tenant: 42 })).msg.headers?.authorization), 'c:null');
  });

  it('reports what is wrong with an incomplete account, and with a node without a property', async () => {
    const server = await serveTenants();
    const flow = await load(accountsByName(server.origin, TWO), accountCredentials('a'));
    assert.match((await flow.ask('attach', { tenant: 'Bolt' })).msg.error?.message ?? '', /"clientId" is missing/);

    await flow.deploy(accountsByName(server.origin, TWO, { accountName: '', accountNameType: 'msg' }));
    assert.match((await flow.ask('get', { tenant: 'Acme' })).msg.error?.message ?? '', /"accountName" is not set/);
    await flow.deploy(accountsByName(server.origin, TWO, { accountName: 'Acme', accountNameType: 'jsonata' }));
    assert.match((await flow.ask('get', {})).msg.error?.message ?? '', /"accountNameType" has an unknown value/);
  });

  it('is ignored by a node whose account is chosen in its dialog', async () => {
    const server = await serveTokens();
    const flow = await load(
      vgsFlow(server.origin, { name: 'x', byName: true }, { accountName: 'tenant', accountNameType: 'fixed' }),
      VGS_CREDENTIALS,
    );
    assert.equal((await flow.ask('get', { tenant: 'nobody' })).at, 'token');
  });
});

describe('a Visual Guard server whose name is on the message', () => {
  const ids = TWO.map(({ id }) => id);

  it('signs in, attaches and signs out only at that server, and finds no session of another', async () => {
    const server = await serveTenants();
    const flow = await load(serversByName(server.origin, TWO), serverCredentials(...ids));
    const handles: Record<string, unknown> = {};
    for (const { id, name } of TWO) {
      const { at, msg } = await flow.ask('login', { tenant: name });
      assert.deepEqual([at, ownerOf(msg.token?.access_token)], ['in', `app-${id}:robot`]);
      handles[name] = String(msg.auth?.session);
      assert.match(flow.status('login'), new RegExp(`^${name}: `));
      assert.equal(ownerOf((await flow.ask('attach', { tenant: name })).msg.headers?.authorization), `app-${id}:robot`);
    }
    assert.deepEqual(
      server.requests.map(({ form }) => form.get('Password')),
      ['password-of-a', 'password-of-b'],
    );

    const session = { session: handles.Acme } as never;
    assert.equal((await flow.ask('by-handle', { tenant: 'Acme', auth: session })).at, 'ready');
    const foreign = await flow.ask('by-handle', { tenant: 'Bolt', auth: session });
    assert.deepEqual([foreign.at, foreign.msg.auth?.reason], ['needed', 'no-session']);

    assert.equal((await flow.ask('logout', { tenant: 'Acme' })).at, 'out');
    assert.equal((await flow.ask('by-handle', { tenant: 'Acme', auth: session })).at, 'needed');
    const still = { session: handles.Bolt } as never;
    assert.equal((await flow.ask('by-handle', { tenant: 'Bolt', auth: still })).at, 'ready', 'only Acme signed out');
  });

  it('gets the password of the message, which is removed from the message whatever the name is', async () => {
    const server = await serveTenants();
    const flow = await load(serversByName(server.origin, TWO), serverCredentials(...ids));
    const { msg } = await flow.ask('person', { tenant: 'Bolt', user: 'anna', password: 'hers' });
    assert.equal(ownerOf(msg.token?.access_token), 'app-b:anna');

    const refused = await flow.ask('person', { tenant: 'nobody', user: 'anna', password: 'hers' });
    assert.equal(refused.msg.error?.code, 'AUTH_CONFIG');
    assert.equal('password' in refused.msg, false);
    assert.equal(server.requests.length, 1);
  });

  it('reports that it stores no user if the stored one is needed', async () => {
    const server = await serveTenants();
    const flow = await load(serversByName(server.origin, TWO), serverCredentials('a'));
    for (const node of ['login', 'attach', 'logout']) {
      const { msg } = await flow.ask(node, { tenant: 'Bolt' });
      assert.match(msg.error?.message ?? '', /"username" is not set/, node);
    }
  });
});

describe('a 401 that comes back with a name', () => {
  async function rejected(): Promise<Flow> {
    const server = await serveTenants();
    return load(accountsByName(server.origin, TWO), accountCredentials('a', 'b'));
  }

  it('renews the token of that account only, once', async () => {
    const flow = await rejected();
    const bolt = (await flow.ask('attach', { tenant: 'Bolt' })).msg.headers?.authorization;
    const first = (await flow.ask('attach', { tenant: 'Acme' })).msg;
    const before = first.headers?.authorization;
    const again = await flow.ask('attach', { ...first, statusCode: 401 });
    assert.equal(again.at, 'ready');
    assert.notEqual(again.msg.headers?.authorization, before);
    assert.equal(ownerOf(again.msg.headers?.authorization), 'a:null');
    assert.equal((await flow.ask('attach', { tenant: 'Bolt' })).msg.headers?.authorization, bolt, 'kept');
    const third = await flow.ask('attach', { ...again.msg, statusCode: 401 });
    assert.deepEqual([third.at, third.msg.auth?.reason], ['needed', 'token-rejected']);
  });

  it('does not alternate endlessly between two accounts, and ends no token of the other one', async () => {
    const flow = await rejected();
    const bolt = (await flow.ask('attach', { tenant: 'Bolt' })).msg.headers?.authorization;
    const first = (await flow.ask('attach', { tenant: 'Acme' })).msg;
    const other = await flow.ask('attach', { ...first, tenant: 'Bolt', statusCode: 401 });
    assert.equal(other.msg.headers?.authorization, bolt, "Acme's 401 says nothing of Bolt's token");
    const back = await flow.ask('attach', { ...other.msg, tenant: 'Acme', statusCode: 401 });
    assert.equal(back.msg.auth?.reason, 'token-rejected');
  });

  it('without a marker counts for each account separately', async () => {
    const flow = await rejected();
    for (const tenant of ['Acme', 'Bolt']) {
      await flow.ask('attach', { tenant });
      assert.equal((await flow.ask('attach', { tenant, _msgid: 'one', statusCode: 401 })).at, 'ready', tenant);
    }
    const second = await flow.ask('attach', { tenant: 'Acme', _msgid: 'one', statusCode: 401 });
    assert.equal(second.msg.auth?.reason, 'token-rejected');
  });
});
