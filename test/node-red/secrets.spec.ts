import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { CANARIES, CanaryServer } from '../support/canary-server.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const TAB = 'tab';

/** A node of a flow file. */
interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

describe(`no secret is visible anywhere in ${version}`, () => {
  const server = new CanaryServer();
  let userDir: string;
  let nodeRed: NodeRed;
  /** Everything that the editor gets over its socket: debug messages, status, notifications. */
  const told: string[] = [];

  before(async function () {
    this.timeout(60_000);
    await server.start();
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-secrets-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({
      version,
      userDir,
      settings: {
        logging: { console: { level: 'trace', metrics: true, audit: true } },
        contextStorage: { default: { module: 'localfilesystem', config: { flushInterval: 1 } } },
      },
    });
    await nodeRed.onPacket((packet) => told.push(JSON.stringify(packet)));
    await nodeRed.deploy(flows(server.origin));
  });

  after(async () => {
    await nodeRed?.stop();
    await server.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('after every node had a success, a refusal and a fault', async function () {
    this.timeout(90_000);
    for (const mood of ['well', 'refusing', 'echoing', 'broken', 'well'] as const) {
      server.mood = mood;
      for (const path of ['vgs', 'attach-vgs', 'stored', 'login', 'attach-vg', 'logout']) await post(path, {});
      await post('person', { user: 'anna', password: CANARIES.personPassword });
      await post('code', { code: CANARIES.code });
      await post('attach-msg', {});
    }
    // Each of the paths above reached a debug node or the Catch node.
    await until(() => told.filter((packet) => packet.includes('"debug"')).length > 30);
    await nodeRed.deploy([
      ...flows(server.origin),
      { id: 'c2', type: 'comment', z: TAB, name: 'another deploy', x: 0, y: 0, wires: [] },
    ]);

    const replies = await adminReplies();
    // Stopping writes the context files.
    await nodeRed.stop();
    const searched: Record<string, string> = {
      'what the editor was told': told.join('\n'),
      'the log': nodeRed.log,
      ...replies,
      ...filesOf(userDir),
    };
    assert.ok(
      Object.keys(searched).some((name) => name.startsWith('file context')),
      'there is a context file to search',
    );
    assert.ok(searched['what the editor was told']?.includes('[redacted]'));
    assert.match(searched['what the editor was told'] ?? '', /counts\\*":/);
    // The audit log and the metrics are on, and not empty.
    for (const what of ['sign-in', 'refused', 'sign-out'])
      assert.match(nodeRed.log, new RegExp(`"event":"vg-auth.${what}"`));
    for (const type of ['vgs-account', 'vg-server'])
      assert.match(nodeRed.log, new RegExp(`"event":"node.${type}.token-request"`));
    for (const [place, text] of Object.entries(searched)) {
      for (const [canary, secret] of Object.entries(CANARIES)) {
        assert.equal(text.indexOf(secret), -1, `${canary} in ${place}: ${around(text, secret)}`);
      }
    }
    for (const [canary, secret] of Object.entries(CANARIES))
      assert.ok(server.knows(secret), `${canary} was never on the wire`);
  });

  /** All replies of the admin API. */
  async function adminReplies(): Promise<Record<string, string>> {
    const paths = [
      'flows',
      'nodes',
      'settings',
      'context/global',
      `context/flow/${TAB}`,
      'plugins',
      'library/local/flows',
    ];
    const replies: Record<string, string> = {};
    for (const path of paths) replies[`GET ${path}`] = JSON.stringify(await nodeRed.admin(path).catch(String));
    for (const { id, type } of flows(server.origin)) {
      replies[`GET credentials/${type}/${id}`] = JSON.stringify(
        await nodeRed.admin(`credentials/${type}/${id}`).catch(String),
      );
      replies[`GET context/node/${id}`] = JSON.stringify(await nodeRed.admin(`context/node/${id}`).catch(String));
    }
    assert.match(replies['GET credentials/vgs-account/account'] ?? '', /has_clientSecret/);
    return replies;
  }

  /** Sends a message, and waits until it has arrived: a code needs the challenge that came before it. */
  async function post(path: string, body: object): Promise<void> {
    const before = arrived();
    await nodeRed.admin(path, body).catch(() => undefined);
    await until(() => arrived() > before);
  }

  function arrived(): number {
    return told.filter((packet) => packet.includes('"topic":"debug"') && packet.includes('"id":"print"')).length;
  }
});

/** Each path of the flow begins with an `http in`, and ends at debug nodes, a context store and a Catch node. */
function flows(url: string): FlowNode[] {
  const at = (id: string, to: string): FlowNode[] => [
    {
      id: `in-${id}`,
      z: TAB,
      type: 'http in',
      url: `/${id}`,
      method: 'post',
      // The second wire gets a clone, whose payload is not the body of the request.
      wires: [['reply', `clean-${id}`]],
      x: 0,
      y: 0,
    },
    // The test sent the secrets over HTTP, but the body of the request has the person's password and code.
    // The whole request would also show its connection, and so another request that uses it by now.
    {
      id: `clean-${id}`,
      z: TAB,
      type: 'function',
      outputs: 1,
      wires: [[to]],
      x: 0,
      y: 0,
      func: 'const { payload, req: { body, query } } = msg; return { req: { body, query }, payload, auth: flow.get("auth"), token: global.get("live") };',
    },
  ];
  const ours = (id: string, type: string, outputs: number, properties: object): FlowNode => ({
    id,
    z: TAB,
    type,
    ...properties,
    wires: Array.from({ length: outputs }, () => ['show', 'print', 'keep']),
    x: 0,
    y: 0,
  });
  const debug = {
    type: 'debug',
    z: TAB,
    active: true,
    tosidebar: true,
    complete: 'true',
    targetType: 'full',
    wires: [],
    x: 0,
    y: 0,
  };
  const stored = { username: 'robot', password: CANARIES.storedPassword, clientSecret: CANARIES.serverSecret };
  return [
    { id: TAB, type: 'tab', label: 'secrets' },
    {
      id: 'account',
      type: 'vgs-account',
      tokenUrl: `${url}/vgs`,
      scope: 'cards:write',
      clientAuth: 'body',
      credentials: { clientId: 'client', clientSecret: CANARIES.accountSecret },
    },
    {
      id: 'server',
      type: 'vg-server',
      url,
      applicationId: 'app',
      platform: 'Native',
      scope: 'openid offline_access',
      module: 'VGUser',
      mfaCredentials: 'username+password',
      credentials: stored,
    },
    { id: 'reply', z: TAB, type: 'http response', statusCode: '', wires: [], x: 0, y: 0 },
    ...at('vgs', 'vgs-token'),
    ours('vgs-token', 'vgs-token', 2, { account: 'account', property: 'token' }),
    ...at('attach-vgs', 'attach-vgs-node'),
    ours('attach-vgs-node', 'attach-bearer', 2, { source: 'vgs', account: 'account', hide: true }),
    ...at('attach-vg', 'attach-vg-node'),
    ours('attach-vg-node', 'attach-bearer', 2, { source: 'vg', server: 'server', userType: 'stored', hide: true }),
    ...at('attach-msg', 'attach-msg-node'),
    ours('attach-msg-node', 'attach-bearer', 2, { source: 'msg', property: 'token', hide: true }),
    ...at('stored', 'stored-login'),
    ours('stored-login', 'vg-login', 3, {
      server: 'server',
      usernameType: 'stored',
      passwordType: 'stored',
      method: 'ask',
      property: 'token',
    }),
    ...at('login', 'stored-login'),
    ...at('person', 'person-login'),
    ours('person-login', 'vg-login', 3, {
      server: 'server',
      username: 'payload.user',
      usernameType: 'msg',
      password: 'payload.password',
      passwordType: 'msg',
      method: 'first',
      property: 'token',
    }),
    ...at('code', 'submit'),
    ours('submit', 'vg-mfa', 3, {
      action: 'submit',
      code: 'payload.code',
      codeType: 'msg',
      challenge: 'auth.challenge.id',
      challengeType: 'msg',
    }),
    ...at('logout', 'vg-logout'),
    ours('vg-logout', 'vg-logout', 1, { server: 'server', userType: 'stored' }),
    { id: 'show', ...debug, console: false },
    { id: 'print', ...debug, console: true },
    {
      id: 'keep',
      z: TAB,
      type: 'function',
      outputs: 1,
      wires: [[]],
      x: 0,
      y: 0,
      func: 'flow.set("auth", msg.auth); flow.set("whole", msg); global.set("live", msg.token); node.warn(msg); node.log(msg.token); return null;',
    },
    { id: 'catch', z: TAB, type: 'catch', scope: null, uncaught: false, wires: [['show', 'print']], x: 0, y: 0 },
    { id: 'status', z: TAB, type: 'status', scope: null, wires: [['show']], x: 0, y: 0 },
  ];
}

/** All files of a user directory except the encrypted credentials and the project itself. */
function filesOf(folder: string, below = ''): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(join(folder, below))) {
    if (name === 'node_modules') continue;
    const path = join(below, name);
    if (statSync(join(folder, path)).isDirectory()) Object.assign(files, filesOf(folder, path));
    else files[`file ${path}`] = readFileSync(join(folder, path), 'utf8');
  }
  return files;
}

function around(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return text.slice(Math.max(0, at - 200), at + 40);
}
