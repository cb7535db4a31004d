import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { type FlowNode, functionNode, httpRequest, wire } from '../support/flows.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { type Answerer, closedPort, closeServers, serve, silent, type TestServer } from '../support/servers.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const TOKEN = 'THE-ACCESS-TOKEN';

/** The result of the call to the API: how the API answers, or an address without an API. */
const CALLS: Record<string, { answer: Answerer } | { url: () => string | Promise<string> }> = {
  'an answer': { answer: () => ({ body: 'fine', headers: { 'x-from': 'api' } }) },
  'a refused connection': { url: async () => `http://127.0.0.1:${await closedPort()}/` },
  'a connection that the API resets': {
    answer: (_request, response) => {
      response.socket?.resetAndDestroy();
      return undefined;
    },
  },
  'a response that breaks off': {
    answer: (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('the beginning');
      setImmediate(() => response.destroy());
      return undefined;
    },
  },
  'no answer in time': { answer: silent },
  'a host that DNS does not know': { url: () => 'http://no-such-host.invalid/' },
  'a 500': { answer: () => ({ status: 500, body: 'broken' }) },
  'a 401': { answer: () => ({ status: 401, body: 'no' }) },
};

describe(`the HTTP response of a flow in ${version} has no token`, function () {
  this.timeout(60_000);
  let userDir: string;
  let nodeRed: NodeRed;
  const shown: string[] = [];
  let calls = 0;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-response-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
    await nodeRed.onDebug((message) => shown.push(JSON.stringify(message)));
  });

  beforeEach(() => {
    calls += 1;
  });

  afterEach(closeServers);

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  for (const [what, call] of Object.entries(CALLS)) {
    for (const [by, ending] of [
      ['from the http request node', { senderr: false, from: 'output' }],
      ['from a Catch node', { senderr: true, from: 'catch' }],
      ['from a Catch node, for an error of a later node', { senderr: false, from: 'throw' }],
    ] as const) {
      it(`after ${what}, ${by}`, async () => {
        const api = 'answer' in call ? await serve(call.answer) : undefined;
        const url = 'url' in call ? await call.url() : api?.origin;
        await nodeRed.deploy(flow((await tokens()).origin, ending));

        const response = await fetch(`${nodeRed.url}call`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            url,
            name: `the call ${calls}`,
            timeout: what === 'no answer in time' ? 100 : 30_000,
          }),
        });

        const text = JSON.stringify([...response.headers, await response.text()]);
        assert.equal(response.headers.get('x-flow'), 'yes', 'the flow answered');
        assert.doesNotMatch(text, /THE-ACCESS-TOKEN/);
        assert.equal(response.headers.has('authorization'), false);
        // On a busy machine the time-out can end before the API gets the request.
        if (api && what !== 'no answer in time') assert.equal(api.requests.length, 1);
        for (const request of api?.requests ?? []) assert.equal(request.headers.authorization, `Bearer ${TOKEN}`);

        // Requests of an earlier test may still be on their way.
        const mine = (): string | undefined => shown.find((message) => message.includes(`the call ${calls}\\"`));
        await until(() => mine() !== undefined, 30_000);
        assert.match(mine() ?? '', /"authorization\\":\\"\[redacted\]/);
        for (const message of shown) assert.doesNotMatch(message, /THE-ACCESS-TOKEN/);
        assert.doesNotMatch(nodeRed.log, /THE-ACCESS-TOKEN/);
      });
    }
  }
});

/** A token endpoint. */
function tokens(): Promise<TestServer> {
  return serve(() => ({ body: { access_token: TOKEN, token_type: 'Bearer', expires_in: 300 } }));
}

/** http in → attach bearer → http request → http response, with Catch nodes as in `from`. */
function flow(tokenUrl: string, { senderr, from }: { senderr: boolean; from: 'output' | 'catch' | 'throw' }): object[] {
  const debug = { complete: 'true', targetType: 'full', active: true, tosidebar: true, console: true };
  const nodes: FlowNode[] = [
    wire('http in', 'in', ['prepare'], { url: '/call', method: 'post' }),
    functionNode(
      'prepare',
      ['attach'],
      'msg.url = msg.payload.url; msg.method = "GET"; msg.requestTimeout = msg.payload.timeout; return msg;',
    ),
    wire('attach-bearer', 'attach', [], { source: 'vgs', account: 'account', wires: [['call', 'before'], ['reply']] }),
    httpRequest('call', from === 'throw' ? 'later' : 'reply', { senderr }),
    functionNode('later', [], 'throw new Error("a later node")'),
    // An error of `call` itself has a message of its own. The message at its output would only follow it.
    ...(from === 'output'
      ? []
      : [wire('catch', 'catch', ['reply'], { scope: [from === 'throw' ? 'later' : 'call'], uncaught: false })]),
    // Writes into the existing headers, like a flow that sets a content type.
    {
      ...functionNode(
        'reply',
        ['response'],
        'msg.headers = msg.headers || {}; delete msg.headers["transfer-encoding"]; msg.headers["x-flow"] = "yes"; return msg;',
      ),
      wires: [['response', 'after']],
    },
    wire('http response', 'response', [], { headers: {} }),
    { id: 'before', type: 'debug', wires: [], ...debug },
    { id: 'after', type: 'debug', wires: [], ...debug },
  ];
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    ...nodes.map((node) => ({ z: 'tab', x: 0, y: 0, ...node })),
    { id: 'account', type: 'vgs-account', tokenUrl, credentials: { clientId: 'client', clientSecret: 'secret' } },
  ];
}
