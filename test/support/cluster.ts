import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { type ClusterFlowOptions, clusterFlow } from './cluster-flow.ts';
import type { FlowNode } from './flows.ts';
import { freePort } from './free-port.ts';
import { linkProject, NodeRed } from './node-red.ts';
import { OneTimeGuard } from './one-time-guard.ts';
import { listen, shut } from './servers.ts';
import { until } from './until.ts';

/** The response of a flow of `Cluster`. */
export interface Reply {
  status: number;
  body: { at?: string; auth?: Record<string, unknown>; error?: string; user?: string };
  /** The replica that answered. */
  replica: number;
}

interface Replica {
  userDir: string;
  port: number;
  nodeRed: NodeRed | undefined;
  /** The calls of `call` that it has not answered yet. */
  readonly calls: Set<Promise<unknown>>;
}

export interface ClusterOptions extends ClusterFlowOptions {
  version: NodeRedVersion;
  replicas: number;
  settings?: Record<string, unknown>;
}

/** Real Node-RED instances with one flow file behind a round-robin, and a Visual Guard server with single-use refresh tokens. */
export class Cluster {
  readonly guard = new OneTimeGuard();
  readonly #options: ClusterOptions;
  readonly #dir = mkdtempSync(join(tmpdir(), 'vg-auth-cluster-'));
  readonly #replicas: Replica[] = [];
  /** Not one of the servers that end with a test. */
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));
  #next = 0;
  #hasEnded = false;
  /** The time that the server needs for an answer, in ms. */
  latency = 2;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** The origin of the Visual Guard server. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Starts all of them. */
  async start(): Promise<void> {
    await listen(this.#server);
    for (let index = 0; index < this.#options.replicas; index += 1) {
      const userDir = join(this.#dir, String(index));
      const replica: Replica = { userDir, port: await freePort(), nodeRed: undefined, calls: new Set() };
      this.#replicas.push(replica);
      if (index > 0) {
        cpSync(this.#replicas[0]?.userDir ?? '', replica.userDir, { recursive: true, verbatimSymlinks: true });
        continue;
      }
      const first = await this.startOne(0);
      await first.deploy(this.#flow());
      await isReady(first);
    }
    await Promise.all(this.#replicas.map((_replica, index) => index > 0 && this.startOne(index)));
  }

  /**
   * Starts one of them, again or for the first time, and waits until its store is ready, as a load balancer does: on a busy
   * machine, the key of the store takes longer than an operation may wait.
   */
  async startOne(index: number): Promise<NodeRed> {
    const replica = this.#of(index);
    if (this.#hasEnded) throw new Error('the replicas were stopped');
    linkProject(replica.userDir);
    const { version, settings } = this.#options;
    const { userDir, port } = replica;
    // Credentials are read again after a restart, and by every replica.
    const all = { credentialSecret: 'of the flow file', ...settings };
    const nodeRed = await NodeRed.start({ version, userDir, port, settings: all });
    await isReady(nodeRed).catch(async (failure) => {
      await nodeRed.kill();
      throw failure;
    });
    replica.nodeRed = nodeRed;
    // A test that failed may still start one.
    if (this.#hasEnded) await this.stop(index);
    return nodeRed;
  }

  /** Deploys the flows at one of them again, with these keys of the store. */
  async deployKeys(index: number, keys: { encryptionKey: string; previousEncryptionKey: string }): Promise<void> {
    const nodeRed = this.at(index);
    await nodeRed.deploy(this.#flow(keys));
    await isReady(nodeRed);
  }

  /** `kill -9`. */
  async kill(index: number): Promise<void> {
    const { nodeRed } = this.#of(index);
    this.#of(index).nodeRed = undefined;
    await nodeRed?.kill();
  }

  /**
   * Takes it out of the round-robin, waits for its answers to `call`, and stops it, as docs/operation.md says: while Node-RED
   * stops, its `http in` nodes answer 404.
   */
  async stop(index: number): Promise<void> {
    const replica = this.#of(index);
    const { nodeRed } = replica;
    replica.nodeRed = undefined;
    await Promise.allSettled(replica.calls);
    await nodeRed?.stop();
  }

  /** Whether all of them are up. */
  get isWhole(): boolean {
    return this.#replicas.every(({ nodeRed }) => nodeRed !== undefined);
  }

  /** A running replica. */
  at(index: number): NodeRed {
    const { nodeRed } = this.#of(index);
    if (!nodeRed) throw new Error(`replica ${index} does not run`);
    return nodeRed;
  }

  /** Everything that they printed. */
  get log(): string {
    return this.#replicas.map(({ nodeRed }) => nodeRed?.log ?? '').join('\n');
  }

  userDir(index: number): string {
    return this.#of(index).userDir;
  }

  /** Calls a flow at the next running replica. If that dies meanwhile, the next one is called, as behind a load balancer. */
  async call(path: string, body: object): Promise<Reply> {
    for (let tries = 0; ; tries += 1) {
      const index = this.#nextRunning();
      const { calls } = this.#of(index);
      const answer = this.callOne(index, path, body);
      calls.add(answer);
      try {
        return await answer;
      } catch (failure) {
        if (this.#of(index).nodeRed || tries > 10) throw failure;
      } finally {
        calls.delete(answer);
      }
    }
  }

  /** Calls a flow at this replica. @throws Error if it does not answer */
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
    this.#hasEnded = true;
    await Promise.all(this.#replicas.map((_replica, index) => this.stop(index)));
    await shut(this.#server);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** The index of the next replica that runs. @throws Error if none runs, as after the end of a test that failed */
  #nextRunning(): number {
    for (let skipped = 0; skipped < this.#replicas.length; skipped += 1) {
      this.#next = (this.#next + 1) % this.#replicas.length;
      if (this.#of(this.#next).nodeRed) return this.#next;
    }
    throw new Error('no replica runs');
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

  #flow(keys?: object): FlowNode[] {
    return clusterFlow(this.origin, this.#options, keys);
  }
}

function isReady(nodeRed: NodeRed): Promise<void> {
  return until(async () => {
    const { stores } = (await nodeRed.admin('vg-auth/accounts')) as { stores: { state: string }[] };
    return stores.every(({ state }) => state === 'ready');
  });
}
