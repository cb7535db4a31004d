import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { linkProject, type NodeRedVersion } from '../node-red.ts';
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

/** As much of Node-RED's embedding interface as is used here. */
interface EmbeddedRed {
  init(server: Server, settings: object): void;
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

/** A Node-RED in this process, with this project installed and a node of type `sink` where messages arrive. There can be one. */
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

  /** Deploys these nodes on one tab, all of them anew, and waits until they have started. */
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
   * Gives a node all these messages at once, and waits until as many have arrived.
   *
   * @param clock tells the time in ms; where nothing is waited for, the time of the processor disturbs less
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
    // The tools that a node file gets are to be had from the runtime itself.
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

/** Settings of a Node-RED that keeps quiet. */
export function embeddedSettings(userDir: string): object {
  return {
    userDir,
    flowFile: 'flows.json',
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false },
    logging: { console: { level: 'off', metrics: false, audit: false } },
  };
}
