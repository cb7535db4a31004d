import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Flow } from '../support/runtime.ts';
import { load } from '../support/runtime.ts';
import {
  accountCredentials,
  accountsByName,
  clientsOf,
  ownerOf,
  serverCredentials,
  serversByName,
  serveTenants,
  type Tenant,
} from '../support/tenants.ts';

const SEED = 20_261_123;
const TWO: Tenant[] = [
  { id: 'a', name: 'Acme' },
  { id: 'b', name: 'Bolt' },
];
const credentials = accountCredentials('a', 'b');

const ask = async (flow: Flow, tenant: string): Promise<string> => {
  const { at, msg } = await flow.ask('attach', { tenant });
  return at === 'ready' ? ownerOf(msg.headers?.authorization) : String(msg.error?.code);
};

describe('a deploy, and config nodes that messages choose by name', () => {
  for (const type of ['full', 'flows', 'nodes'] as const) {
    it(`finds a renamed one by its new name only, with its token (${type})`, async () => {
      const server = await serveTenants();
      const flow = await load(accountsByName(server.origin, TWO), credentials);
      assert.equal(await ask(flow, 'Acme'), 'a:null');

      await flow.deploy(accountsByName(server.origin, [{ id: 'a', name: 'Anvil' }, TWO[1]]), type);

      assert.equal(await ask(flow, 'Acme'), 'AUTH_CONFIG');
      assert.equal(await ask(flow, 'Anvil'), 'a:null');
      assert.deepEqual(clientsOf(server.requests), ['a']);
    });
  }

  it('lets two of them exchange their names', async () => {
    const server = await serveTenants();
    const flow = await load(accountsByName(server.origin, TWO), credentials);
    for (const { name } of TWO) await ask(flow, name);

    const swapped = [
      { id: 'a', name: 'Bolt' },
      { id: 'b', name: 'Acme' },
    ];
    await flow.deploy(accountsByName(server.origin, swapped), 'nodes');

    assert.equal(await ask(flow, 'Acme'), 'b:null');
    assert.equal(await ask(flow, 'Bolt'), 'a:null');
  });

  it('removes a name together with the permission or the node, and adds it again', async () => {
    const server = await serveTenants();
    const flow = await load(accountsByName(server.origin, TWO), credentials);
    assert.equal(await ask(flow, 'Acme'), 'a:null');
    await flow.deploy(accountsByName(server.origin, [{ ...TWO[0], byName: false }, TWO[1]]), 'nodes');
    assert.equal(await ask(flow, 'Acme'), 'AUTH_CONFIG');
    await flow.deploy(accountsByName(server.origin, [TWO[1]]), 'nodes');
    assert.equal(await ask(flow, 'Acme'), 'AUTH_CONFIG');
    assert.equal(await ask(flow, 'Bolt'), 'b:null');
    await flow.deploy(accountsByName(server.origin, TWO), 'nodes', credentials);
    assert.equal(await ask(flow, 'Acme'), 'a:null');
  });

  it('keeps a message waiting while the config node is restarted', async () => {
    const server = await serveTenants();
    const flow = await load(accountsByName(server.origin, TWO), credentials);
    await ask(flow, 'Acme');
    // Only the config node is deployed: the flow node stays, and gets its message while the other is closed.
    flow.node('a').on('close', (done: () => void) => {
      flow.send('attach', { tenant: 'Acme', payload: 'in between' });
      setImmediate(done);
    });

    await flow.deploy(accountsByName(server.origin, [{ ...TWO[0], vaultId: 'another' }, TWO[1]]), 'nodes');

    const { at, msg } = await flow.next();
    assert.deepEqual([at, msg.payload], ['ready', 'in between']);
    assert.equal(ownerOf(msg.headers?.authorization), 'a:null');
  });

  it('uses no session of a server that was removed', async () => {
    const server = await serveTenants();
    const flow = await load(serversByName(server.origin, TWO), serverCredentials('a', 'b'));
    const { msg } = await flow.ask('login', { tenant: 'Acme' });
    await flow.deploy(serversByName(server.origin, [{ id: 'b', name: 'Acme' }]), 'nodes');
    const { at } = await flow.ask('by-handle', { tenant: 'Acme', auth: msg.auth });
    assert.equal(at, 'needed', "another server's handle finds nothing");
  });
});

describe('tenants by name', () => {
  const names = fc.constantFrom('Acme', 'Bolt', 'Cog', '__proto__', 'constructor', '');
  const tenants = fc.uniqueArray(
    fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), name: names, byName: fc.boolean() }),
    { selector: ({ id }) => id, maxLength: 4 },
  );
  const step = fc.record({
    tenants,
    type: fc.constantFrom('full' as const, 'nodes' as const),
    asked: fc.array(fc.record({ tenant: names, statusCode: fc.constantFrom(undefined, 401) }), { maxLength: 8 }),
  });

  it(`get their own token or none, whatever is deployed, renamed and requested at once (seed ${SEED})`, async function () {
    this.timeout(120_000);
    const server = await serveTenants();
    const flow = await load(accountsByName(server.origin, []), accountCredentials('a', 'b', 'c', 'd'));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
        for (const { tenants: deployed, type, asked } of steps) {
          const nodes = accountsByName(server.origin, deployed as never);
          await flow.deploy(nodes, type, accountCredentials('a', 'b', 'c', 'd'));
          for (const [index, each] of asked.entries()) flow.send('attach', { ...each, payload: index });
          for (let left = asked.length; left > 0; left -= 1) {
            const { at, msg } = await flow.next();
            const { tenant } = asked[Number(msg.payload)];
            const meant = deployed.filter(({ name, byName }) => byName && name === tenant && name !== '');
            if (meant.length === 1) assert.equal(ownerOf(msg.headers?.authorization), `${meant[0].id}:null`);
            else assert.deepEqual([at, msg.error?.code], ['caught', 'AUTH_CONFIG']);
          }
        }
      }),
      { seed: SEED, numRuns: 40 },
    );
  });
});
