import assert from 'node:assert/strict';
import { heldAt } from '../../nodes/shared/hold/held-count.ts';
import { functionNode, httpRequest, place } from '../support/flows.ts';
import { says, signsIn, stepOf, stored } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { holdFlow } from '../support/hold-flow.ts';
import { branch, takes } from '../support/rejecting-api.ts';
import { load } from '../support/runtime.ts';
import { serve } from '../support/servers.ts';
import { until } from '../support/until.ts';

/** A server that returns another token each time. */
async function serveTokens() {
  let tokens = 0;
  return serve((request) => {
    if (stepOf(request) === 'other') return { status: 200, body: {} };
    tokens += 1;
    return signsIn(`token-${tokens}`);
  });
}

/** The API's 401 comes back to `attach`, which holds messages. */
async function loadLoop(guard: string, api: string, attach: object = {}) {
  const nodes = holdFlow({ url: guard }, { ...attach, wires: [['request'], ['needed']] });
  return load(
    [
      ...nodes,
      httpRequest('request', 'branch', { method: 'use', url: api }),
      branch('branch', 'attach'),
      place('answered'),
      functionNode('again', ['attach'], 'return msg;'),
    ],
    stored('robot'),
  );
}

describe('attach bearer, on hold after an API rejected the token', () => {
  it('holds the message until the next sign-in, and then sends it once more unchanged', async () => {
    const guard = await serveTokens();
    const api = await serve(takes('token-3'));
    const flow = await loadLoop(guard.origin, api.origin);
    flow.send('attach', { payload: { a: 1 }, method: 'POST' });
    const { msg: asked } = await flow.next('needed');
    assert.deepEqual(
      { ...asked.auth },
      { system: 'vg', state: 'sign-in-needed', user: 'robot', reason: 'token-rejected', held: true },
    );
    assert.equal(heldAt(flow.RED, 'server'), 1);
    assert.equal(api.requests.length, 2);
    // Messages with a valid token do not wait: only the API can know that it would be rejected.
    flow.send('logout');
    await flow.next('out');
    assert.equal(heldAt(flow.RED, 'server'), 1);
    flow.send('login');
    await flow.next('in');
    const { msg } = await flow.next('answered');
    assert.equal(msg.statusCode, 200);
    assert.equal(api.requests[2]?.text, '{"a":1}');
    assert.deepEqual((await flow.next('done')).msg.statusCode, undefined);
  });

  it('sends it to a Catch node if the API rejects the token of the sign-in, too', async () => {
    const guard = await serveTokens();
    const api = await serve(takes('none'));
    const flow = await loadLoop(guard.origin, api.origin);
    flow.send('attach', { payload: 'a', method: 'POST' });
    await flow.next('needed');
    flow.send('logout');
    await flow.next('out');
    flow.send('login');
    const { msg } = await flow.next('caught');
    assert.equal(msg.error?.code, 'AUTH_CONFIG');
    assert.equal(api.requests.length, 3, 'never more than three times');
    assert.equal(heldAt(flow.RED, 'server'), 0);
  });

  it('sends it to output 2 when its time ends; a sign-in there leads back as without hold', async () => {
    const time = holdTime();
    const guard = await serveTokens();
    const api = await serve(takes('token-3'));
    const flow = await loadLoop(guard.origin, api.origin, { hold: 100 });
    flow.send('attach', { payload: 'a', method: 'POST' });
    await time.until(flow.next('needed'));
    await time.pass(100_000);
    const { msg } = await flow.next('needed');
    assert.deepEqual(msg.auth, { system: 'vg', state: 'sign-in-needed', reason: 'token-rejected' });
    flow.send('again', msg);
    assert.equal((await flow.next('answered')).msg.statusCode, 200);
  });

  it('still holds it after a deploy, although there is a valid token', async () => {
    const guard = await serveTokens();
    const api = await serve(takes('token-3'));
    const nodes = holdFlow({ url: guard.origin }, { wires: [['request'], ['needed']] });
    const all = [
      ...nodes,
      httpRequest('request', 'branch', { method: 'use', url: api.origin }),
      branch('branch', 'attach'),
      place('answered'),
    ];
    const flow = await load(all, stored('robot'));
    flow.send('attach', { payload: 'kept', method: 'POST' });
    await flow.next('needed');
    await flow.deploy(all);
    await until(() => heldAt(flow.RED, 'server') === 1);
    assert.equal(api.requests.length, 2);
    flow.send('logout');
    await flow.next('out');
    flow.send('login');
    await flow.next('in');
    assert.equal((await flow.next('answered')).msg.statusCode, 200);
    assert.equal(api.requests[2]?.text, 'kept');
    assert.deepEqual(
      flow.left.map(({ at }) => at).filter((at) => at !== 'done'),
      [],
    );
  });
});

describe('attach bearer, on hold, and a fault after the sign-in', () => {
  it('sends the messages to a Catch node', async () => {
    let isOver = false;
    const guard = await serve((request) => {
      if (isOver) return { status: 503 };
      // A token for those who wait, and for nobody after them.
      if (stepOf(request) === 'login') return signsIn('token-1', { expires_in: 0 });
      return says('Failure');
    });
    const nodes = holdFlow({ url: guard.origin }, { user: 'anna', userType: 'str' });
    Object.assign(nodes.find(({ id }) => id === 'login') ?? {}, {
      username: 'anna',
      usernameType: 'str',
      password: 'password',
      passwordType: 'msg',
    });
    const flow = await load(nodes, { server: {} });
    flow.send('attach', { payload: 1 });
    await flow.next('needed');
    guard.answer = (request) => {
      const answer = signsIn('token-1', { expires_in: 0 });
      if (stepOf(request) === 'login') return answer;
      isOver = true;
      return { status: 503 };
    };
    flow.send('login', { password: 'secret' });
    const { msg } = await flow.next('caught');
    assert.deepEqual([msg.payload, msg.error?.code, isOver], [1, 'AUTH_UNAVAILABLE', true]);
    assert.equal(heldAt(flow.RED, 'server'), 0);
  });
});
