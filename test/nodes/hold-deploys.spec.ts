import assert from 'node:assert/strict';
import { heldAt } from '../../nodes/shared/hold/held-count.ts';
import type { FlowNode } from '../support/flows.ts';
import { signsIn, stored } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { answer, asksForCode, holdFlow, payloadsAt, put, serveCodes, withChanged } from '../support/hold-flow.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { until } from '../support/until.ts';

/** Waits until this many messages are on hold. */
function areHeld(flow: Flow, count: number): Promise<void> {
  return until(() => heldAt(flow.RED, 'server') === count);
}

describe('attach bearer, on hold over deploys', () => {
  for (const type of ['full', 'flows', 'nodes'] as const)
    it(`keeps its messages over a deploy of ${type}, in their order, and sends no second request to a human`, async () => {
      const server = await serveCodes();
      const nodes = holdFlow({ url: server.origin });
      const flow = await load(nodes, stored('person'));
      put(flow, 2);
      const asked = await flow.next('needed');
      await areHeld(flow, 2);
      await flow.deploy(withChanged(nodes, 'attach', { name: 'renamed' }), type);
      put(flow, 1, {}, 3);
      await areHeld(flow, 3);
      await until(() => flow.status('attach').endsWith('status.waiting'));
      assert.deepEqual(flow.left, []);
      assert.equal((await answer(flow, asked)).at, 'in');
      assert.deepEqual(await payloadsAt(flow, 'ready', 3), [1, 2, 3]);
      assert.deepEqual(await payloadsAt(flow, 'done', 3), [1, 2, 3]);
      assert.deepEqual(flow.left, []);
      assert.doesNotMatch(logged(), /hold\.lost/);
    });

  it('keeps their remaining time', async () => {
    const time = holdTime();
    const server = await serveCodes();
    const nodes = holdFlow({ url: server.origin }, { hold: 200 });
    const flow = await load(nodes, stored('person'));
    put(flow, 1);
    await flow.next('needed');
    await time.pass(150_000);
    await flow.deploy(nodes);
    await areHeld(flow, 1);
    await time.pass(49_000);
    assert.deepEqual(flow.left, []);
    await time.pass(1_000);
    assert.equal((await flow.next('needed')).msg.payload, 1);
  });

  for (const change of [{ hold: 0 }, { source: 'msg' }, { userType: 'session' }])
    it(`sends them to output 2 if the node no longer holds messages: ${JSON.stringify(change)}`, async () => {
      const server = await serveCodes();
      const nodes = holdFlow({ url: server.origin });
      const flow = await load(nodes, stored('person'));
      put(flow, 2);
      const asked = await flow.next('needed');
      await areHeld(flow, 2);
      await flow.deploy(withChanged(nodes, 'attach', change));
      for (const number of [1, 2]) {
        const { msg } = await flow.next('needed');
        assert.equal(msg.payload, number);
        assert.equal(msg.auth?.challenge?.id, asked.msg.auth?.challenge?.id);
        assert.equal(msg.auth?.held, undefined);
      }
      assert.deepEqual(await payloadsAt(flow, 'done', 2), [1, 2]);
      put(flow, 1);
      assert.equal((await flow.next('needed')).msg.payload, 1);
    });

  for (const [what, change] of [
    ['is removed', (nodes: FlowNode[]) => nodes.filter(({ id }) => id !== 'attach')],
    ['is disabled', (nodes: FlowNode[]) => withChanged(nodes, 'attach', { d: true })],
  ] as const)
    it(`logs one line about them if the node ${what}`, async () => {
      const server = await serveCodes();
      const nodes = holdFlow({ url: server.origin });
      const flow = await load(nodes, stored('person'));
      put(flow, 3);
      await flow.next('needed');
      await areHeld(flow, 3);
      await flow.deploy(change(nodes));
      await until(() => /hold\.lost/.test(logged()));
      assert.equal(logged().match(/hold\.lost/g)?.length, 1);
      assert.match(logged(), /id: 'attach'/);
      assert.equal(heldAt(flow.RED, 'server'), 0);
      // It is too late for a node with the same ID.
      await flow.deploy(nodes);
      assert.deepEqual(
        flow.left.filter(({ at }) => at !== 'done'),
        [],
      );
    });

  it('waits for the user of another server if a deploy names one, and sends a request for that sign-in to a human', async () => {
    const [server, other] = [await serveCodes(), await serveCodes(signsIn('token-of-other'))];
    const nodes = holdFlow({ url: server.origin });
    const flow = await load(nodes, stored('person'));
    put(flow, 2);
    const before = await flow.next('needed');
    await areHeld(flow, 2);
    await flow.deploy(withChanged(nodes, 'server', { url: other.origin }), 'nodes');
    const asked = await flow.next('needed');
    assert.equal(asked.msg.auth?.held, true);
    assert.notEqual(asked.msg.auth?.challenge?.id, before.msg.auth?.challenge?.id);
    await areHeld(flow, 2);
    await answer(flow, asked);
    for (const number of [1, 2]) {
      const { msg } = await flow.next('ready');
      assert.deepEqual([msg.payload, String(msg.headers?.authorization)], [number, 'Bearer token-of-other']);
    }
  });

  it('sends them at once if the user is signed in when the flows have started', async () => {
    const server = await serve(() => signsIn('token-1'));
    const nodes = holdFlow({ url: server.origin }, { user: 'anna', userType: 'str' });
    const flow = await load(nodes, stored('robot'));
    put(flow, 2);
    await flow.next('needed');
    await areHeld(flow, 2);
    // The stored user needs no human.
    await flow.deploy(withChanged(nodes, 'attach', { userType: 'stored' }));
    assert.deepEqual(await payloadsAt(flow, 'ready', 2), [1, 2]);
    assert.deepEqual(await payloadsAt(flow, 'done', 2), [1, 2]);
  });

  it('keeps the messages of a server that a deploy puts in the place of the one that they name', async () => {
    const [server, other] = [await serveCodes(), await serveCodes(signsIn('token-of-other'))];
    const name = { name: 'ours', byName: true };
    const nodes = holdFlow({ url: server.origin, ...name }, { serverName: 'where', serverNameType: 'msg' });
    const flow = await load(nodes, stored('person'));
    put(flow, 2, { where: 'ours' });
    await flow.next('needed');
    await areHeld(flow, 2);
    await flow.deploy(withChanged(nodes, 'server', { url: other.origin }), 'nodes');
    await answer(flow, await flow.next('needed'));
    for (const number of [1, 2]) {
      const { msg } = await flow.next('ready');
      assert.deepEqual([msg.payload, String(msg.headers?.authorization)], [number, 'Bearer token-of-other']);
    }
    put(flow, 1, { where: 'ours' });
    assert.equal((await flow.next('ready')).msg.payload, 1);
    assert.deepEqual(await payloadsAt(flow, 'done', 3), [1, 2, 1]);
  });

  it('takes no message for a server that a deploy has replaced while the message was on its way', async () => {
    const other = await serveCodes(signsIn('token-of-other'));
    let login = (): void => undefined;
    const server = await serve(async (request) => {
      await new Promise<void>((resolve) => {
        login = resolve;
      });
      return asksForCode(request);
    });
    const name = { name: 'ours', byName: true };
    const nodes = holdFlow({ url: server.origin, ...name }, { server: '', serverName: 'where', serverNameType: 'msg' });
    const flow = await load(nodes, stored('person'));
    put(flow, 1, { where: 'ours' });
    await until(() => server.requests.length === 1);
    await flow.deploy(withChanged(nodes, 'server', { url: other.origin }), 'nodes');
    login();
    const asked = await flow.next('needed');
    put(flow, 1, { where: 'ours' }, 2);
    await areHeld(flow, 2);
    assert.equal((await answer(flow, asked)).at, 'in');
    assert.deepEqual(await payloadsAt(flow, 'ready', 2), [1, 2]);
    assert.deepEqual(await payloadsAt(flow, 'done', 2), [1, 2]);
  });

  it('sends them to a Catch node if the server that they name was deleted', async () => {
    const server = await serveCodes();
    const name = { name: 'ours', byName: true };
    const nodes = holdFlow({ url: server.origin, ...name }, { serverName: 'where', serverNameType: 'msg' });
    const flow = await load(nodes, stored('person'));
    put(flow, 1, { where: 'ours' });
    await flow.next('needed');
    await areHeld(flow, 1);
    await flow.deploy(withChanged(nodes, 'server', { name: 'theirs' }), 'nodes');
    const { msg } = await flow.next('caught');
    assert.deepEqual([msg.payload, msg.error?.code], [1, 'AUTH_CONFIG']);
  });
});
