import assert from 'node:assert/strict';
import { type FlowNode, place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { type Answer, serve } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { challenge, LINK } from '../support/vg-replies.ts';

const OUTPUTS = ['signed-in', 'mfa', 'refused'];

describe('a link that is sent after its node was closed', () => {
  it('is not waited for: a deploy leaves no request open', async () => {
    let release: ((answer: Answer) => void) | undefined;
    let open = 0;
    const server = await serve(({ method, form }, response) => {
      if (method === 'GET') return {};
      if (form.has('Username')) {
        return new Promise((resolve) => {
          release = resolve;
        });
      }
      open += 1;
      response.once('close', () => {
        open -= 1;
      });
      return undefined;
    });
    const nodes: FlowNode[] = [
      { id: 'server', type: 'vg-server', url: server.origin, applicationId: 'app' },
      wire('vg-login', 'login', OUTPUTS, { server: 'server', method: 'first' }),
      ...OUTPUTS.map(place),
    ];
    const flow = await load(nodes, { server: { username: 'robot', password: 'x' } });
    flow.send('login');
    await until(() => release !== undefined);
    await flow.deploy(nodes);
    release?.(challenge([LINK]) as Answer);
    await until(() => flow.engine.challenges.size === 1);
    // The server answered a later request, so it would have received the link before.
    for (let count = 0; count < 5; count += 1) await fetch(server.origin);
    assert.equal(open, 0);
    assert.equal(flow.engine.challenges.size, 1, 'the challenge stays');
  });
});
