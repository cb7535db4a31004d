import assert from 'node:assert/strict';
import { type FlowNode, httpRequest, type Message, place } from '../support/flows.ts';
import { guardFlow, signsIn, stepOf, stored } from '../support/guard-server.ts';
import { type HeldTime, holdTime } from '../support/held-time.ts';
import { branch, takes } from '../support/rejecting-api.ts';
import { type Flow, load } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';

describe('a rejected token, with a sign-in at output 2 that leads back', () => {
  let time: HeldTime;
  beforeEach(() => {
    time = holdTime();
  });

  /** attach-bearer → http request → 401 back; output 2 → vg-login → back. `needed` and `in` record the messages there. */
  const circle = (server: object): FlowNode[] => [
    ...guardFlow(server).map((node) => {
      if (node.id === 'attach') return { ...node, wires: [['call'], ['login', 'needed']] };
      if (node.id === 'login') return { ...node, wires: [['attach', 'in'], ['mfa'], ['refused']] };
      return node;
    }),
    httpRequest('call', 'branch', { ret: 'obj' }),
    branch('branch', 'attach'),
    place('answered'),
  ];
  /** Everything that is observed until the message is answered or caught. */
  const course = async (flow: Flow, msg: Message): Promise<{ at: string; msg: Message }[]> => {
    flow.send('attach', msg);
    const seen = [await flow.next()];
    while (!['answered', 'caught'].includes(seen.at(-1)?.at ?? '')) seen.push(await flow.next());
    return seen;
  };
  const signInServer = () => {
    let count = 0;
    return serve(({ form }) => {
      count += 1;
      return signsIn(`token-${count}`, form.get('grant_type') === 'refresh_token' ? { VGResponse: undefined } : {});
    });
  };
  const settings = (server: TestServer): object => ({ url: server.origin, applicationId: 'app' });

  /** The circle for the user of each message, whose password is always sent to the server. */
  const loadForAnybody = async (guard: TestServer): Promise<Flow> => {
    const person = {
      login: { username: 'who', usernameType: 'msg', password: 'word', passwordType: 'flow' },
      attach: { user: 'who', userType: 'msg' },
    };
    const flow = await load(
      circle(settings(guard)).map((node) => ({ ...node, ...person[node.id as keyof typeof person] })),
      {},
    );
    flow.node('login').context().flow.set('word', 'a password');
    return flow;
  };

  it('ends at a Catch node, after two calls, if the session is valid and the API rejects its tokens', async () => {
    const guard = await signInServer();
    const api = await serve(takes());
    const flow = await load(circle(settings(guard)), stored('me'));

    const seen = await course(flow, { url: api.origin, method: 'GET' });

    assert.deepEqual(
      seen.map(({ at }) => at),
      ['needed', 'in', 'caught'],
    );
    assert.equal(seen[0]?.msg.auth?.reason, 'token-rejected');
    const { error } = seen[2]?.msg ?? {};
    assert.deepEqual([error?.code, error?.message.includes('after a new sign-in')], ['AUTH_CONFIG', true]);
    assert.equal(api.requests.length, 2);
    assert.deepEqual(guard.requests.map(stepOf), ['login', 'refresh']);
    assert.deepEqual(flow.left, [], 'nothing spins on');
  });

  it('ends there after three calls if every sign-in returns another session', async () => {
    const guard = await signInServer();
    const api = await serve(takes());
    const flow = await loadForAnybody(guard);

    const seen = await course(flow, { url: api.origin, method: 'GET', who: 'me' });

    // The first sign-in is needed because there is no session, the second because the API rejects two tokens.
    assert.deepEqual(
      seen.map(({ at, msg }) => (at === 'needed' ? msg.auth?.reason : at)),
      ['no-session', 'in', 'token-rejected', 'in', 'caught'],
    );
    assert.equal(api.requests.length, 3);
    assert.deepEqual(guard.requests.map(stepOf), ['login', 'refresh', 'login']);
  });

  it('is answered if the API accepts the token of the new sign-in', async () => {
    const guard = await signInServer();
    const api = await serve(takes('token-3'));
    const flow = await loadForAnybody(guard);

    const seen = await course(flow, { url: api.origin, method: 'POST', payload: 'body', who: 'me' });

    assert.equal(seen.at(-1)?.at, 'answered');
    assert.deepEqual(seen.at(-1)?.msg.payload, { token: 'token-3', text: 'body' });
    assert.equal(api.requests.length, 3);
  });

  it('starts again with the next message', async () => {
    const guard = await signInServer();
    const api = await serve(takes());
    const flow = await load(circle(settings(guard)), stored('me'));
    await course(flow, { url: api.origin, method: 'GET' });
    await time.pass(30_000);

    api.answer = takes('token-3');
    const seen = await course(flow, { url: api.origin, method: 'GET' });

    assert.deepEqual(
      seen.map(({ at }) => at),
      ['answered'],
    );
  });
});
