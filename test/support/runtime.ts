import { createRequire } from 'node:module';
import path from 'node:path';
import { inspect } from 'node:util';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';
import sinon, { type SinonSpy } from 'sinon';
import attachBearer from '../../nodes/attach-bearer.ts';
import authStore from '../../nodes/auth-store.ts';
import { engineOf } from '../../nodes/shared/runtime.ts';
import vgLogin from '../../nodes/vg-login.ts';
import vgLogout from '../../nodes/vg-logout.ts';
import vgMfa from '../../nodes/vg-mfa.ts';
import vgServer from '../../nodes/vg-server.ts';
import vgsAccount from '../../nodes/vgs-account.ts';
import vgsToken from '../../nodes/vgs-token.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { catalogue } from './catalogues.ts';
import { restoreEnvironment, withoutProxies } from './environment.ts';
import { type Arrival, CAUGHT, type Credentials, type FlowNode, type Message, toFlow } from './flows.ts';
import { Inbox } from './inbox.ts';
import { closeProxies } from './proxy-server.ts';
import './rejections.ts';
import { closeServers } from './servers.ts';

/** The Node-RED under test: `node-red` (4.1) or `node-red-5`. */
const runtimePath = createRequire(import.meta.url).resolve(process.env.NODE_RED ?? 'node-red');
const requireThere = createRequire(runtimePath);
const coreNodes = path.dirname(requireThere.resolve('@node-red/nodes/package.json'));

/** Files of the core nodes, by the type that needs them. */
const CORE: Record<string, string> = {
  'http request': 'network/21-httprequest.js',
  'tls-config': 'network/05-tls.js',
  'http proxy': 'network/06-httpproxy.js',
  function: 'function/10-function.js',
  change: 'function/15-change.js',
  switch: 'function/10-switch.js',
  delay: 'function/89-delay.js',
  template: 'function/80-template.js',
  csv: 'parsers/70-CSV.js',
  json: 'parsers/70-JSON.js',
  xml: 'parsers/70-XML.js',
  yaml: 'parsers/70-YAML.js',
  split: 'sequence/17-split.js',
  join: 'sequence/17-split.js',
  'link in': 'common/60-link.js',
  'link out': 'common/60-link.js',
  'link call': 'common/60-link.js',
};
const PUNCTUATION = catalogue('en-US', 'vg-auth');
const OURS = [authStore, vgsAccount, vgServer, vgsToken, vgLogin, vgMfa, vgLogout, attachBearer];

helper.init(runtimePath);

before('a Node-RED is there', () => helper.startServer());
after(() => helper.stopServer());
beforeEach(withoutProxies);
afterEach('nothing of the flow is left', reset);

/** The helper has no catalogs, so each text is its key. What is between the parts of a status is as in English. */
function punctuated(key: string, values: Record<string, string> = {}): string | undefined {
  const pattern = key.includes(':punctuation.') ? PUNCTUATION.get(key.replace(/^.*:/, '')) : undefined;
  return pattern?.replace(/__(\w+?)__/g, (_, name: string) => values[name] ?? '');
}

/** The event bus that the nodes of one test see. There is one engine for each bus, so each test has its own engine. */
class OwnEvents {
  readonly bus: NodeAPI['events'];
  readonly #added: [string, (...args: unknown[]) => void][] = [];
  #target: NodeAPI['events'] | undefined;

  constructor() {
    this.bus = new Proxy({} as NodeAPI['events'], {
      get: (_, name) => {
        if (name === 'on') return (event: string, listener: (...args: unknown[]) => void) => this.#on(event, listener);
        const value = Reflect.get(this.#target ?? {}, name);
        return typeof value === 'function' ? value.bind(this.#target) : value;
      },
    });
  }

  /** A node file as Node-RED calls it, with this bus in place of the real one. */
  wrap(register: (RED: NodeAPI) => unknown): (RED: NodeAPI) => unknown {
    return (RED) => {
      this.#target = RED.events;
      const text = (key: string, values?: Record<string, string>) => punctuated(key, values) ?? RED._(key, values);
      return register(Object.create(RED, { events: { value: this.bus }, _: { value: text } }));
    };
  }

  end(): void {
    for (const [event, listener] of this.#added) this.#target?.off(event, listener);
  }

  #on(event: string, listener: (...args: unknown[]) => void): void {
    this.#added.push([event, listener]);
    this.#target?.on(event, listener);
  }
}

let current: { events: OwnEvents; engine: Engine } | undefined;

/** A deployed flow. */
export class Flow {
  readonly engine: Engine;
  /** The data that the nodes share is found by its event bus. */
  readonly RED: NodeAPI;
  readonly #inbox = new Inbox();
  #credentials: Credentials;

  constructor(RED: NodeAPI, nodes: readonly FlowNode[], credentials: Credentials) {
    this.RED = RED;
    this.engine = engineOf(RED);
    this.#credentials = credentials;
    this.#listen(nodes);
  }

  node(id: string): Node {
    const node = helper.getNode(id);
    if (!node) throw new Error(`there is no node ${id}`);
    return node;
  }

  /** Sends a message to a node, as if it came by a wire. */
  send(id: string, msg: Message = {}): void {
    this.node(id).receive(msg as NodeMessage);
  }

  /** Sends a message to a node and waits for the first that arrives, at any helper node or as a caught error. */
  ask(id: string, msg: Message = {}): Promise<Arrival> {
    this.send(id, msg);
    return this.next();
  }

  /** The next message that arrives: at this node, or anywhere. */
  next(at?: string): Promise<Arrival> {
    return this.#inbox.next(at);
  }

  /** The messages that arrived and were not read yet. */
  get left(): Arrival[] {
    return this.#inbox.left;
  }

  /** All status texts of a node, the newest last. */
  shown(id: string): string[] {
    const node = this.node(id);
    const spy = node.status as unknown as SinonSpy;
    return spy
      .getCalls()
      .filter((call) => call.thisValue === node)
      .map((call) => String(call.args[0]?.text ?? ''));
  }

  /** The status text of a node. Texts are their keys, because the test helper does not translate. */
  status(id: string): string {
    return this.shown(id).at(-1) ?? '';
  }

  /** Deploys other nodes in place of the present ones. Without `credentials`, the credentials stay unchanged. */
  async deploy(
    nodes: readonly FlowNode[],
    type: 'full' | 'flows' | 'nodes' = 'full',
    credentials?: Credentials,
  ): Promise<void> {
    this.#credentials = credentials ?? this.#credentials;
    const started = new Promise<void>((resolve) => current?.events.bus.once('flows:started', () => resolve()));
    await helper.setFlows(toFlow(nodes), type, structuredClone(this.#credentials)).catch(async (thrown: Error) => {
      // The helper waits 0.3 s, which a busy machine may need for a deploy.
      if (thrown.message !== 'timeout waiting event') throw thrown;
      await started;
    });
    this.#listen(nodes);
  }

  #listen(nodes: readonly FlowNode[]): void {
    for (const { id } of [...nodes.filter(({ type, d }) => type === 'helper' && !d), { id: CAUGHT }])
      this.#inbox.listen(id, this.node(id));
  }
}

/** Deploys a flow. A Catch node for all errors is added, whose messages arrive at `caught`. */
export async function load(
  nodes: readonly FlowNode[],
  credentials: Credentials = {},
  settings: object = {},
): Promise<Flow> {
  const events = new OwnEvents();
  const files = new Set(nodes.map(({ type }) => CORE[type]).filter((file) => file !== undefined));
  const core = [...files].map((file) => requireThere(path.join(coreNodes, 'core', file)));
  helper.settings({ functionGlobalContext: {}, ...settings });
  await helper.load([...core, ...OURS.map((each) => events.wrap(each))], toFlow(nodes), structuredClone(credentials));
  const flow = new Flow({ events: events.bus, settings } as unknown as NodeAPI, nodes, credentials);
  current = { events, engine: flow.engine };
  return flow;
}

/** Everything that was logged since the flow was loaded, as one text. */
export function logged(): string {
  return inspect(helper.log()?.args ?? [], { depth: 6, maxArrayLength: null, maxStringLength: null });
}

/** Ends the flow and everything that a test opened. It runs after each test. */
async function reset(): Promise<void> {
  if (current) {
    await helper.unload();
    current.events.end();
    current.engine.sweep();
    current.engine.practice.stop();
    current = undefined;
  }
  sinon.restore();
  restoreEnvironment();
  await Promise.all([closeServers(), closeProxies()]);
}

/** A value as the debug sidebar gets it. */
export function asDebugShows(msg: unknown): string {
  const { util } = requireThere('@node-red/util') as { util: NodeAPI['util'] };
  return JSON.stringify(
    util.encodeObject({ msg: util.cloneMessage(msg as NodeMessage) } as never, { maxLength: 1000 } as never),
  );
}
