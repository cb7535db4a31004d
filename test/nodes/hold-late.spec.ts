import assert from 'node:assert/strict';
import sinon from 'sinon';
import { heldAt } from '../../nodes/shared/hold/held-count.ts';
import { LeftMessages } from '../../nodes/shared/hold/left-messages.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { stepOf, stored } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { answer, asksForCode, holdFlow, payloadsAt, put, withChanged } from '../support/hold-flow.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';
import { until } from '../support/until.ts';

/** A server that does not answer the first sign-in request until `answerFirst` is called. */
async function serveLate(): Promise<{ server: TestServer; answerFirst: () => void }> {
  let answerFirst = (): void => undefined;
  const mayAnswer = new Promise<void>((resolve) => {
    answerFirst = resolve;
  });
  let logins = 0;
  const server = await serve(async (request) => {
    if (stepOf(request) === 'login') {
      logins += 1;
      if (logins === 1) await mayAnswer;
    }
    return asksForCode(request);
  });
  return { server, answerFirst };
}

/** A message has requested a token, and there is no answer yet. */
async function seeks(flow: Flow, server: TestServer): Promise<void> {
  put(flow, 1);
  await until(() => server.requests.length === 1);
}

describe('attach bearer, on hold, if a deploy comes while a message looks for a token', () => {
  for (const type of ['full', 'flows', 'nodes'] as const)
    it(`keeps the message after a deploy of ${type}`, async () => {
      const { server, answerFirst } = await serveLate();
      const nodes = holdFlow({ url: server.origin });
      const flow = await load(nodes, stored('person'));
      await seeks(flow, server);
      await flow.deploy(withChanged(nodes, 'attach', { name: 'renamed' }), type);
      answerFirst();
      const asked = await flow.next('needed');
      assert.equal(asked.msg.auth?.held, true);
      await until(() => heldAt(flow.RED, 'server') === 1);
      await answer(flow, asked);
      assert.deepEqual(await payloadsAt(flow, 'ready', 1), [1]);
      assert.deepEqual(await payloadsAt(flow, 'done', 1), [1]);
      assert.deepEqual(flow.left, []);
      assert.doesNotMatch(logged(), /hold\.lost/);
    });

  it('keeps the message if the answer arrives before there is a new node', async () => {
    const { server, answerFirst } = await serveLate();
    const nodes = holdFlow({ url: server.origin });
    const flow = await load(nodes, stored('person'));
    await seeks(flow, server);
    const added = sinon.spy(LeftMessages.prototype, 'add');
    // The new nodes are created after all old ones are closed.
    flow.node('in').on('close', (done: () => void) => {
      answerFirst();
      void until(() => added.called).then(done);
    });
    await flow.deploy(withChanged(nodes, 'attach', { name: 'renamed' }));
    const asked = await flow.next('needed');
    await answer(flow, asked);
    assert.deepEqual(await payloadsAt(flow, 'ready', 1), [1]);
    assert.deepEqual(await payloadsAt(flow, 'done', 1), [1]);
    assert.doesNotMatch(logged(), /hold\.lost/);
  });

  it('sends the message to output 2 if the node no longer holds messages', async () => {
    const { server, answerFirst } = await serveLate();
    const nodes = holdFlow({ url: server.origin });
    const flow = await load(nodes, stored('person'));
    await seeks(flow, server);
    await flow.deploy(withChanged(nodes, 'attach', { hold: 0 }));
    answerFirst();
    const { msg } = await flow.next('needed');
    assert.deepEqual([msg.payload, msg.auth?.held], [1, undefined]);
    assert.deepEqual(await payloadsAt(flow, 'done', 1), [1]);
  });

  it('logs one line about the message if the node is removed', async () => {
    const { server, answerFirst } = await serveLate();
    const nodes = holdFlow({ url: server.origin });
    const flow = await load(nodes, stored('person'));
    await seeks(flow, server);
    await flow.deploy(nodes.filter(({ id }) => id !== 'attach'));
    answerFirst();
    await until(() => /hold\.lost/.test(logged()));
    assert.equal(logged().match(/hold\.lost/g)?.length, 1);
  });
});

describe('many nodes that hold messages, and many servers', () => {
  it('follow deploys with the listeners of one node', async () => {
    const url = 'http://127.0.0.1:1';
    const nodes = holdFlow({ url });
    const flow = await load(nodes, stored('person'));
    const events = ['flows:starting', 'flows:started', 'flows:stopping', 'flows:stopped'];
    const count = (): number[] => events.map((event) => flow.RED.events.listenerCount(event));
    const ofOne = count();
    const many = Array.from({ length: 12 }, (_, number) => [
      { ...nodes.find(({ id }) => id === 'server'), id: `server-${number}`, type: 'vg-server' },
      {
        ...nodes.find(({ id }) => id === 'attach'),
        id: `attach-${number}`,
        type: 'attach-bearer',
        server: `server-${number}`,
      },
    ]).flat();
    await flow.deploy([...nodes, ...many]);
    assert.deepEqual(count(), ofOne);
    await flow.deploy(nodes);
    assert.deepEqual(count(), ofOne);
  });
});

describe('attach bearer, on hold', () => {
  it('looks every minute for a sign-in at another replica, because the store may not have answered when it was told', async () => {
    const time = holdTime();
    const server = await serve(asksForCode);
    const flow = await load(holdFlow({ url: server.origin }), stored('person'));
    put(flow, 1);
    await time.until(flow.next('needed'));
    const { connection } = flow.node('server') as unknown as { connection: VisualGuardServer };
    const looks = sinon.spy(connection.storedUser, 'findSession');
    await time.pass(300_000);
    assert.ok(looks.callCount >= 5, `${looks.callCount} looks`);
  });
});
