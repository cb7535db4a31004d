import type { Auth } from '../../nodes/shared/msg-auth.ts';
import type { MessageToken } from '../../src/core/redaction.ts';

/** A node in flows.json. With `wires` it is a flow node, without them a config node. */
export interface FlowNode {
  id: string;
  type: string;
  wires?: string[][];
  d?: boolean;
  [property: string]: unknown;
}

/** The credentials of nodes, by node id. */
export type Credentials = Record<string, Record<string, string>>;

/** A message of a flow. */
export interface Message {
  _msgid?: string;
  payload?: unknown;
  token?: MessageToken;
  auth?: Auth;
  error?: { message: string; code?: string; cause?: unknown };
  headers?: Record<string, unknown>;
  statusCode?: number;
  [property: string]: unknown;
}

/** A message and the helper node at which it arrived. */
export interface Arrival {
  at: string;
  msg: Message;
}

/** Where caught errors arrive. */
export const CAUGHT = 'caught';

/** A flow as Node-RED accepts it: with a tab, a Catch node, and helper nodes for the nodes that have wires. */
export function toFlow(nodes: readonly FlowNode[]): FlowNode[] {
  const all: FlowNode[] = [
    ...nodes,
    { id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [[CAUGHT]] },
    { id: CAUGHT, type: 'helper', wires: [] },
  ];
  return [
    { id: 'tab', type: 'tab', label: 'test', disabled: false, info: '' },
    ...all.map((node) => (node.wires ? { z: 'tab', x: 0, y: 0, ...node } : { ...node })),
  ];
}

/** A helper node at which messages arrive. */
export function place(id: string): FlowNode {
  return { id, type: 'helper', wires: [] };
}

/** A flow node with a separate helper node for each output: `wire('vgs-token', 'get', ['token', 'refused'], …)`. */
export function wire(type: string, id: string, outputs: readonly string[], properties: object = {}): FlowNode {
  return { id, type, wires: outputs.map((output) => (output === '' ? [] : [output])), ...properties };
}

/** The core `http request` node. */
export function httpRequest(id: string, output: string, properties: object = {}): FlowNode {
  return wire('http request', id, [output], {
    method: 'use',
    ret: 'txt',
    paytoqs: 'ignore',
    url: '',
    tls: '',
    persist: false,
    proxy: '',
    insecureHTTPParser: false,
    authType: '',
    senderr: false,
    headers: [],
    ...properties,
  });
}

/** The core Function node. */
export function functionNode(id: string, outputs: readonly string[], func: string): FlowNode {
  return wire('function', id, outputs, {
    func,
    outputs: outputs.length,
    timeout: 0,
    noerr: 0,
    initialize: '',
    finalize: '',
    libs: [],
  });
}
