import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { linkProject } from '../../test/support/node-red.ts';
import type { NodeRedVersion } from '../versions.ts';
import { requireBuilt } from './built.ts';
import { processorTime } from './measure.ts';

/** A message as it moves through a flow. */
export interface Message {
  [property: string]: unknown;
}

interface Node {
  receive(msg: Message): void;
  on(event: 'input', listener: (msg: Message, send: unknown, done: () => void) => void): void;
}

/** The part of Node-RED's embedding interface that is used here. */
interface EmbeddedRed {
  init(server: Server, settings: object): void;
  httpAdmin: RequestListener;
  start(): Promise<void>;
  stop(): Promise<void>;
  version(): string | Promise<string>;
  events: { once(event: string, listener: () => void): void };
  nodes: { registerType(module: string, type: string, construct: (this: Node, config: object) => void): void };
  runtime: { flows: { setFlows(options: object): Promise<unknown> } };
}

interface NodeTools {
  nodes: { createNode(node: Node, config: object): void; getNode(id: string): Node };
}

/** The Node-RED that is measured. */
export const NODE_RED = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

/**
 * A Node-RED in this process, with this project installed and a node of type `sink` that receives messages. One per
 * process.
 */
export class EmbeddedNodeRed {
  /** Called with each message that a sink gets. */
  arrived: (msg: Message) => void = () => undefined;
  readonly #red: EmbeddedRed;
  readonly #userDir: string;
  readonly #server: Server;
  #tools: NodeTools | undefined;

  private constructor(red: EmbeddedRed, userDir: string, server: Server) {
    this.#red = red;
    this.#userDir = userDir;
    this.#server = server;
  }

  static async start(): Promise<EmbeddedNodeRed> {
    const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-bench-'));
    linkProject(userDir);
    const server = createServer();
    const red = requireBuilt(NODE_RED) as EmbeddedRed;
    red.init(server, { ...embeddedSettings(userDir), httpAdminRoot: '/', credentialSecret: 'bench' });
    const embedded = new EmbeddedNodeRed(red, userDir, server);
    const started = new Promise<void>((done) => red.events.once('flows:started', done));
    await red.start();
    await started;
    embedded.#registerSink();
    return embedded;
  }

  get version(): string | Promise<string> {
    return this.#red.version();
  }

  /** Opens the port of the editor and the admin API. @returns its address, `http://127.0.0.1:PORT/` */
  async listen(): Promise<string> {
    this.#server.on('request', this.#red.httpAdmin);
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Makes a full deploy of these nodes on one tab, and waits until they have started. */
  async deploy(nodes: readonly object[]): Promise<void> {
    const flows = [
      { id: 'tab', type: 'tab', label: 'bench' },
      ...nodes.map((node) => ({ ...('wires' in node ? { z: 'tab', x: 0, y: 0 } : {}), ...node })),
    ];
    const started = new Promise<void>((done) => this.#red.events.once('flows:started', done));
    await this.#red.runtime.flows.setFlows({ flows: { flows }, deploymentType: 'full' });
    await started;
  }

  /**
   * Sends these messages to a node at once, and waits until as many have arrived.
   *
   * @param clock returns the time in ms; if no step waits, processor time varies less
   * @returns how long it took, in ms
   */
  async pump(id: string, messages: readonly Message[], clock = processorTime): Promise<number> {
    const node = this.#tools?.nodes.getNode(id);
    let left = messages.length;
    const wholeOf = this.arrived;
    return new Promise((done) => {
      this.arrived = (msg) => {
        wholeOf(msg);
        left -= 1;
        if (left > 0) return;
        const took = clock() - begun;
        this.arrived = wholeOf;
        done(took);
      };
      const begun = clock();
      for (const msg of messages) node?.receive(msg);
    });
  }

  async stop(): Promise<void> {
    await this.#red.stop();
    this.#server.close();
    rmSync(this.#userDir, { recursive: true, force: true });
  }

  #registerSink(): void {
    const embedded = this;
    // The API that a node file gets is available from the runtime.
    const require = requireBuilt;
    const base = dirname(require.resolve(`${NODE_RED}/package.json`));
    const runtime = require(require.resolve('@node-red/runtime', { paths: [base] })) as { _: NodeTools };
    this.#tools = runtime._;
    const tools = runtime._;
    this.#red.nodes.registerType('bench', 'sink', function (this: Node, config: object) {
      tools.nodes.createNode(this, config);
      this.on('input', (msg, _send, done) => {
        embedded.arrived(msg);
        done();
      });
    });
  }
}

/** Settings of a Node-RED that prints nothing. */
export function embeddedSettings(userDir: string): object {
  return {
    userDir,
    flowFile: 'flows.json',
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false },
    logging: { console: { level: 'off', metrics: false, audit: false } },
  };
}
