import assert from 'node:assert/strict';
import { type FlowNode, httpRequest, place, wire } from '../support/flows.ts';
import { guardFlow, PRACTICE, stored } from '../support/guard-server.ts';
import { rejectedLoop, rejectedScene } from '../support/rejected-loop.ts';
import { branch, takes } from '../support/rejecting-api.ts';
import { load } from '../support/runtime.ts';
import { VGS_CREDENTIALS } from '../support/token-server.ts';

describe('a token that an API rejects', () => {
  const scene = rejectedScene();
  const { request, bearers, end } = scene;

  it('is replaced by a newer one, and the request is sent again unchanged', async () => {
    const flow = await load(rejectedLoop(scene.tokens.origin), VGS_CREDENTIALS);

    const { at, msg } = await end(flow, request({ headers: { 'x-mine': '1' }, topic: 'kept' }));

    assert.equal(at, 'answered');
    assert.equal(msg.statusCode, 200);
    assert.deepEqual(msg.payload, { token: 'token-2', text: 'body' });
    assert.equal(msg.topic, 'kept');
    assert.equal(scene.api.requests.length, 2);
    assert.equal(scene.tokens.requests.length, 2);
    for (const { method, path, text, headers } of scene.api.requests)
      assert.deepEqual(
        [method, path, text, headers['x-mine'], headers['x-from']],
        ['POST', '/cards', 'body', '1', undefined],
      );
  });

  it('leaves the message as it was for the second try, without a status code', async () => {
    const flow = await load(rejectedLoop(scene.tokens.origin), VGS_CREDENTIALS);

    flow.send('attach', request({ headers: { a: '1' } }));
    const first = (await flow.next('seen')).msg;
    const second = (await flow.next('seen')).msg;
    await flow.next('answered');

    assert.equal('statusCode' in second, false);
    assert.equal(second._msgid, first._msgid);
    for (const name of ['payload', 'method', 'url']) assert.deepEqual(second[name], first[name]);
    assert.deepEqual(Object.keys(second.headers ?? {}), ['a']);
    assert.equal(String(second.headers?.authorization), 'Bearer token-2');
  });

  it('deletes properties again that were absent at first', async () => {
    const nodes = rejectedLoop(scene.tokens.origin).map((node) =>
      node.id === 'call' ? { ...node, url: `${scene.api.origin}/fixed`, method: 'GET' } : node,
    );
    const flow = await load(nodes, VGS_CREDENTIALS);

    flow.send('attach', {});
    await flow.next('seen');
    const { msg } = await flow.next('seen');
    await flow.next('answered');

    for (const name of ['payload', 'method', 'url', 'statusCode']) assert.equal(name in msg, false, name);
    assert.deepEqual(Object.keys(msg.headers ?? {}), []);
  });

  it('a second time leaves by output 2, after exactly two calls', async () => {
    scene.api.answer = takes();
    const flow = await load(rejectedLoop(scene.tokens.origin), VGS_CREDENTIALS);

    const { at, msg } = await end(flow, request());

    assert.equal(at, 'needed');
    assert.deepEqual(msg.auth, { system: 'vgs', state: 'sign-in-needed', reason: 'token-rejected' });
    assert.equal('authorization' in (msg.headers ?? {}), false);
    assert.equal(scene.api.requests.length, 2);
    assert.equal(scene.tokens.requests.length, 2);
    assert.deepEqual(
      flow.left.filter((each) => each.at !== 'seen'),
      [],
    );
  });

  it('is dropped only if it is the current one: many at once cause one renewal', async () => {
    const flow = await load(rejectedLoop(scene.tokens.origin), VGS_CREDENTIALS);

    for (let index = 0; index < 20; index += 1) flow.send('attach', request());
    for (let index = 0; index < 20; index += 1) assert.equal((await flow.next('answered')).msg.statusCode, 200);

    assert.equal(scene.tokens.requests.length, 2);
    assert.equal(scene.api.requests.length, 40);
  });

  it('forces one renewal in 30 s at most', async () => {
    scene.api.answer = takes();
    const flow = await load(rejectedLoop(scene.tokens.origin), VGS_CREDENTIALS);

    for (let index = 0; index < 10; index += 1) assert.equal((await end(flow, request())).at, 'needed');
    assert.equal(scene.tokens.requests.length, 2);
    assert.equal(scene.api.requests.length, 11, 'the first message is sent twice, the others once');

    await scene.time.pass(30_000);
    assert.equal((await end(flow, request())).at, 'needed');
    assert.equal(scene.tokens.requests.length, 3);
    assert.equal(scene.api.requests.length, 13);
  });

  it('is tried again for a message that had another answer meanwhile', async () => {
    const flow = await load(rejectedLoop(scene.tokens.origin), VGS_CREDENTIALS);
    const { msg } = await end(flow, request());
    assert.equal(msg.statusCode, 200);
    await scene.time.pass(30_000);

    scene.api.answer = takes('token-3');
    const again = await end(flow, { ...msg, ...request() });
    assert.equal(again.at, 'answered');
    assert.deepEqual((again.msg.payload as { token: string }).token, 'token-3');
  });

  it('is recognized again behind Delay, Link call and copies', async () => {
    const back: FlowNode[] = [
      wire('delay', 'slow', ['called'], { pauseType: 'delay', timeout: '1', timeoutUnits: 'milliseconds' }),
      wire('link call', 'called', ['attach'], { links: ['link-in'], linkType: 'static', timeout: '5' }),
      wire('link in', 'link-in', ['link-out'], { links: [] }),
      wire('link out', 'link-out', [], { mode: 'return', links: [] }),
    ];
    scene.api.answer = takes();
    const flow = await load(rejectedLoop(scene.tokens.origin, back), VGS_CREDENTIALS);

    const { at } = await end(flow, request());

    assert.equal(at, 'needed');
    assert.equal(scene.api.requests.length, 2);
    assert.equal(scene.api.requests[1]?.text, 'body');
  });

  it('is recognized by a status that is a text', async () => {
    const text = wire('change', 'text', ['attach'], {
      rules: [{ t: 'set', p: 'statusCode', pt: 'msg', to: '401', tot: 'str' }],
    });
    const flow = await load(rejectedLoop(scene.tokens.origin, [text]), VGS_CREDENTIALS);

    const { at, msg } = await end(flow, request());

    assert.deepEqual([at, msg.statusCode], ['answered', 200]);
    assert.deepEqual(bearers(), ['token-1', 'token-2']);
  });
});

describe('a Visual Guard token that an API rejects', () => {
  it('is renewed by the refresh token', async () => {
    const flow = await load(
      [
        ...guardFlow(PRACTICE).map((node) =>
          node.id === 'attach' ? { ...node, wires: [['call'], ['needed']] } : node,
        ),
        httpRequest('call', 'branch', { ret: 'obj' }),
        branch('branch', 'attach'),
        place('answered'),
      ],
      stored('plain'),
    );
    const origin = await flow.engine.practice.start();
    const { msg } = await flow.ask('login');
    const { session } = msg.auth ?? {};

    flow.send('attach', { url: `${origin}/api/rejects-each-token-once`, method: 'GET' });
    const answered = await flow.next();

    assert.equal(answered.at, 'answered');
    assert.equal((answered.msg.payload as { signed_in_as: string }).signed_in_as, 'plain');
    assert.equal(String((await flow.ask('login')).msg.auth?.session), String(session), 'the session lives on');
  });
});
