import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, linkProject, NodeRed, type NodeRedVersion } from '../../scripts/node-red.ts';
import type { FlowNode } from './flows.ts';
import { OneTimeGuard } from './one-time-guard.ts';
import { listen, shut } from './servers.ts';

/** What a flow of `Cluster` answers. */
export interface Reply {
  status: number;
  body: { at?: string; auth?: Record<string, unknown>; error?: string; user?: string };
  /** Which replica answered. */
  replica: number;
}

interface Replica {
  userDir: string;
  port: number;
  nodeRed: NodeRed | undefined;
}

export interface ClusterOptions {
  version: NodeRedVersion;
  replicas: number;
  /** The properties of the `auth-store`. */
  store: Record<string, unknown>;
  settings?: Record<string, unknown>;
}

/** Secrets and names that must stand nowhere in the clear. */
export const CANARIES = {
  encryptionKey: 'CANARY-passphrase-of-the-store',
  clientSecret: 'CANARY-client-secret',
  password: 'service-stored-password',
};

/** Real Node-REDs with one flow file behind a round-robin, and a Visual Guard server with one-time refresh tokens. */
export class Cluster {
  readonly guard = new OneTimeGuard();
  readonly #options: ClusterOptions;
  readonly #dir = mkdtempSync(join(tmpdir(), 'vg-auth-cluster-'));
  readonly #replicas: Replica[] = [];
  /** Not one of the servers that end with a test. */
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));
  #next = 0;
  /** What the server takes to answer, in ms. */
  latency = 2;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** Where the Visual Guard server is. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Starts all of them. */
  async start(): Promise<void> {
    await listen(this.#server);
    for (let index = 0; index < this.#options.replicas; index += 1) {
      const replica: Replica = { userDir: join(this.#dir, String(index)), port: await freePort(), nodeRed: undefined };
      this.#replicas.push(replica);
      if (index > 0) {
        cpSync(this.#replicas[0]?.userDir ?? '', replica.userDir, { recursive: true, verbatimSymlinks: true });
        continue;
      }
      const first = await this.startOne(0);
      await first.deploy(this.#flow());
    }
    await Promise.all(this.#replicas.map((_replica, index) => index > 0 && this.startOne(index)));
  }

  /** Starts one of them, again or for the first time. */
  async startOne(index: number): Promise<NodeRed> {
    const replica = this.#of(index);
    linkProject(replica.userDir);
    const { version, settings } = this.#options;
    const { userDir, port } = replica;
    // Credentials are read again after a restart, and by every replica.
    const all = { credentialSecret: 'of the flow file', ...settings };
    const nodeRed = await NodeRed.start({ version, userDir, port, settings: all });
    replica.nodeRed = nodeRed;
    return nodeRed;
  }

  /** Deploys the flows at one of them again, with these keys of the store. */
  async deployKeys(index: number, keys: { encryptionKey: string; previousEncryptionKey: string }): Promise<void> {
    await this.#of(index).nodeRed?.deploy(this.#flow(keys));
  }

  /** `kill -9`. */
  async kill(index: number): Promise<void> {
    const { nodeRed } = this.#of(index);
    this.#of(index).nodeRed = undefined;
    await nodeRed?.kill();
  }

  async stop(index: number): Promise<void> {
    const { nodeRed } = this.#of(index);
    this.#of(index).nodeRed = undefined;
    await nodeRed?.stop();
  }

  /** Whether all of them are up. */
  get isWhole(): boolean {
    return this.#replicas.every(({ nodeRed }) => nodeRed !== undefined);
  }

  /** All that they printed. */
  get log(): string {
    return this.#replicas.map(({ nodeRed }) => nodeRed?.log ?? '').join('\n');
  }

  userDir(index: number): string {
    return this.#of(index).userDir;
  }

  /** Calls a flow at the next replica that is up; one that dies over it is followed by the next, as behind a load balancer. */
  async call(path: string, body: object): Promise<Reply> {
    for (let tries = 0; ; tries += 1) {
      this.#next += 1;
      const index = this.#next % this.#replicas.length;
      if (!this.#of(index).nodeRed) continue;
      try {
        return await this.callOne(index, path, body);
      } catch (failure) {
        if (this.#of(index).nodeRed || tries > 10) throw failure;
      }
    }
  }

  /** Calls a flow at this replica. @throws Error where it does not answer */
  async callOne(index: number, path: string, body: object): Promise<Reply> {
    const answer = await fetch(`http://127.0.0.1:${this.#of(index).port}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : {}, replica: index };
  }

  async end(): Promise<void> {
    await Promise.all(this.#replicas.map((_replica, index) => this.stop(index)));
    await shut(this.#server);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #of(index: number): Replica {
    const replica = this.#replicas[index];
    if (!replica) throw new Error(`there is no replica ${index}`);
    return replica;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const send = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/api') {
      const user = this.guard.userOf(String(request.headers.authorization ?? '').replace('Bearer ', ''));
      if (user === undefined) send(401, { error: 'token' });
      else send(200, { user });
      return;
    }
    const form = Object.fromEntries(new URLSearchParams(text));
    this.guard.begin(form);
    await new Promise((resolve) => setTimeout(resolve, this.latency));
    const { status, body } = this.guard.answer(form);
    this.guard.end(form);
    send(status, body);
  }

  #flow(keys: object = { encryptionKey: CANARIES.encryptionKey }): FlowNode[] {
    const { origin } = this;
    const entry = (path: string, to: string): FlowNode => ({
      id: `in-${path}`,
      type: 'http in',
      url: `/${path}`,
      method: 'post',
      wires: [[to]],
    });
    const say = (id: string, payload: string, statusCode: number): FlowNode => ({
      id,
      type: 'change',
      rules: [
        { t: 'set', p: 'payload', pt: 'msg', to: payload, tot: 'jsonata' },
        { t: 'set', p: 'statusCode', pt: 'msg', to: String(statusCode), tot: 'num' },
        { t: 'delete', p: 'headers', pt: 'msg' },
      ],
      wires: [['out']],
    });
    const nodes: FlowNode[] = [
      {
        id: 'store',
        type: 'auth-store',
        ...this.#options.store,
        credentials: keys,
      },
      {
        id: 'server',
        type: 'vg-server',
        url: origin,
        applicationId: 'cluster',
        platform: 'Native',
        scope: 'openid offline_access',
        module: 'VGUser',
        mfaCredentials: 'none',
        store: 'store',
        credentials: { clientSecret: CANARIES.clientSecret, username: 'service-stored', password: CANARIES.password },
      },
      entry('login', 'vg-login'),
      {
        id: 'vg-login',
        type: 'vg-login',
        server: 'server',
        username: 'payload.user',
        usernameType: 'msg',
        password: 'payload.password',
        passwordType: 'msg',
        method: 'ask',
        wires: [['as-text'], ['say-mfa'], ['say-refused']],
      },
      entry('choose', 'vg-choose'),
      {
        id: 'vg-choose',
        type: 'vg-mfa',
        action: 'choose',
        method: 'payload.method',
        methodType: 'msg',
        challenge: 'payload.id',
        wires: [['as-text'], ['say-mfa'], ['say-refused']],
      },
      entry('submit', 'vg-submit'),
      {
        id: 'vg-submit',
        type: 'vg-mfa',
        action: 'submit',
        code: 'payload.code',
        challenge: 'payload.id',
        wires: [['as-text'], ['say-mfa'], ['say-refused']],
      },
      entry('use', 'attach'),
      {
        id: 'attach',
        type: 'attach-bearer',
        source: 'vg',
        server: 'server',
        user: 'payload.session',
        userType: 'session',
        wires: [['without-body'], ['say-needed']],
      },
      entry('stored', 'attach-stored'),
      {
        id: 'attach-stored',
        type: 'attach-bearer',
        source: 'vg',
        server: 'server',
        userType: 'stored',
        wires: [['without-body'], ['say-needed']],
      },
      { id: 'without-body', type: 'change', rules: [{ t: 'delete', p: 'payload', pt: 'msg' }], wires: [['request']] },
      { id: 'request', type: 'http request', method: 'GET', ret: 'obj', url: `${origin}/api`, wires: [['out']] },
      entry('logout', 'vg-logout'),
      {
        id: 'vg-logout',
        type: 'vg-logout',
        server: 'server',
        user: 'payload.session',
        userType: 'session',
        wires: [['say-in']],
      },
      // The answer is JSON, which shows the handle as [redacted].
      {
        id: 'as-text',
        type: 'function',
        func: 'if (msg.auth.session) msg.auth.session = String(msg.auth.session); return msg;',
        outputs: 1,
        wires: [['say-in']],
      },
      say('say-in', '{"at": "in", "auth": auth}', 200),
      say('say-mfa', '{"at": "mfa", "auth": auth}', 200),
      say('say-refused', '{"at": "refused", "auth": auth}', 200),
      say('say-needed', '{"at": "needed", "auth": auth}', 200),
      { id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['say-error']] },
      say('say-error', '{"error": error.code}', 500),
      { id: 'out', type: 'http response', wires: [] },
    ];
    return [
      { id: 'tab', type: 'tab', label: 'cluster' },
      ...nodes.map((node) => (node.wires ? { z: 'tab', x: 0, y: 0, ...node } : node)),
    ];
  }
}
