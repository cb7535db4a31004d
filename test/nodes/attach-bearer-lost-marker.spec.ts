import assert from 'node:assert/strict';
import { type FlowNode, functionNode, httpRequest, type Message, wire } from '../support/flows.ts';
import { rejectedLoop, rejectedScene } from '../support/rejected-loop.ts';
import { branch, takes } from '../support/rejecting-api.ts';
import { load } from '../support/runtime.ts';
import { VGS_CREDENTIALS } from '../support/token-server.ts';

describe('a rejected token without the marker', () => {
  const scene = rejectedScene();
  const { request, bearers, end } = scene;

  describe('in a flow that drops the marker', () => {
    /** A Function node that returns a message of its own, with the same `_msgid`. */
    const drop = (): FlowNode =>
      functionNode(
        'drop',
        ['attach'],
        `return {payload: "new", token: msg.token, statusCode: msg.statusCode, url: ${JSON.stringify(scene.api.origin)}, method: "POST", _msgid: msg._msgid};`,
      );
    beforeEach(() => {
      scene.api.answer = takes();
    });

    it('is sent three times, with one renewal', async () => {
      const flow = await load(rejectedLoop(scene.tokens.origin, [drop()]), VGS_CREDENTIALS);

      const { at, msg } = await end(flow, request());

      assert.deepEqual([at, msg.auth?.reason], ['needed', 'token-rejected']);
      assert.deepEqual(bearers(), ['token-1', 'token-1', 'token-2']);
      assert.equal(scene.tokens.requests.length, 2);
    });

    it('is not sent again after that, even if a renewal could be forced again', async () => {
      const flow = await load(rejectedLoop(scene.tokens.origin, [drop()]), VGS_CREDENTIALS);
      const { msg } = await end(flow, request());
      await scene.time.pass(60_000);

      const again = await end(flow, { ...request(), _msgid: msg._msgid, statusCode: 401 } as Message);

      assert.equal(again.at, 'needed');
      assert.equal(scene.api.requests.length, 3);
    });

    it('starts again if the message comes without a rejection', async () => {
      const flow = await load(rejectedLoop(scene.tokens.origin, [drop()]), VGS_CREDENTIALS);
      const { msg } = await end(flow, request());
      await scene.time.pass(60_000);

      const again = await end(flow, request({ _msgid: msg._msgid } as Message));

      assert.equal(again.at, 'needed');
      assert.deepEqual(bearers().slice(3), ['token-2', 'token-2', 'token-3']);
    });

    it('is sent twice if the token is on the message: no renewal can be forced', async () => {
      const nodes = rejectedLoop(scene.tokens.origin, [drop()]);
      const flow = await load(
        nodes.map((node) => (node.id === 'attach' ? { ...node, source: 'msg' } : node)),
        VGS_CREDENTIALS,
      );

      const { at, msg } = await end(flow, request({ token: { access_token: 'on-message' } as never }));

      assert.equal(at, 'needed');
      assert.deepEqual(msg.auth, { state: 'sign-in-needed', reason: 'token-rejected' });
      assert.equal(scene.api.requests.length, 2);
      assert.equal(scene.tokens.requests.length, 0);
    });

    for (const _msgid of ['x'.repeat(1_000_000), 7, { a: 1 }, ['a'], true]) {
      it(`is sent three times with a _msgid that is ${JSON.stringify(_msgid).slice(0, 10)}`, async () => {
        const flow = await load(rejectedLoop(scene.tokens.origin, [drop()]), VGS_CREDENTIALS);
        assert.equal((await end(flow, request({ _msgid } as never))).at, 'needed');
        assert.equal(scene.api.requests.length, 3);
      });
    }
  });

  describe('that may come from another API', () => {
    it('does not drop a valid token: the message counts as a new one', async () => {
      scene.api.answer = takes('token-1');
      const flow = await load(rejectedLoop(scene.tokens.origin), VGS_CREDENTIALS);

      for (const statusCode of [401, '401', ' 401 ']) {
        const { at, msg } = await end(flow, request({ payload: 'mine', statusCode } as Message));
        assert.equal(at, 'answered');
        assert.deepEqual(msg.payload, { token: 'token-1', text: 'mine' });
      }
      assert.equal(scene.api.requests.length, 3);
      assert.equal(scene.tokens.requests.length, 1);
    });

    it('is followed by one renewal if this API rejects the token, too', async () => {
      const flow = await load(rejectedLoop(scene.tokens.origin), VGS_CREDENTIALS);

      const { at } = await end(flow, request({ statusCode: 401 }));

      assert.equal(at, 'answered');
      assert.deepEqual(bearers(), ['token-1', 'token-2']);
      assert.equal(scene.tokens.requests.length, 2);
    });

    it('is tried for the account of another attach-bearer node, three times in total', async () => {
      scene.api.answer = takes();
      const other = wire('attach-bearer', 'other', ['call-other', 'needed'], { account: 'account' });
      const flow = await load(
        [
          ...rejectedLoop(scene.tokens.origin, [other]),
          httpRequest('call-other', 'branch-other', { ret: 'obj' }),
          branch('branch-other', 'attach'),
        ],
        VGS_CREDENTIALS,
      );

      assert.equal((await end(flow, request())).at, 'needed');
      assert.equal(scene.api.requests.length, 3);
    });
  });
});
