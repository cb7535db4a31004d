import type { Node, NodeAPI } from 'node-red';

/** A node as it is in the flow file, before Node-RED replaces variables. */
export type Definition = Readonly<Record<string, unknown>>;

/**
 * A running flow: a tab, a subflow instance, or the global flow, which contains the global config nodes.
 * Node-RED has no published type for it (`@node-red/runtime/lib/flows/Flow.js` and `Subflow.js`, the same in 4.1 and 5).
 */
export interface RunningFlow {
  /** The id of the tab or of the subflow instance. */
  readonly id: string;
  readonly isGlobalFlow: boolean;
  /** The flow that contains a subflow instance. Of a tab it is the global flow; of the global flow it is no flow. */
  readonly parent: RunningFlow;
  /** The nodes of this flow by id. In a subflow instance, nodes and references to them have the ids of the instance. */
  readonly flow: { configs?: Record<string, Definition>; nodes?: Record<string, Definition> };
  /** The subflow that this is an instance of. */
  readonly subflowDef?: { readonly id: string };
  /** In a subflow instance: the nodes of the instance by the id that they have in the subflow. */
  readonly node_map?: Readonly<Record<string, { readonly id: string }>>;
  /** Looks in this flow, then in the flows around it, then everywhere. */
  getNode(id: string): Node | null | undefined;
  getSetting(name: string): unknown;
}

/** The place of a node. A running node has a flow. A node that is only in a dialog has its `z`. */
export interface Placed {
  /** The id of the tab or subflow instance that contains the node. Absent or empty for a global config node. */
  readonly z?: string | undefined;
}

/** The flow that contains a running node. Undefined for a node that is only in a dialog. */
export function flowOf(node: Placed): RunningFlow | undefined {
  return (node as { _flow?: RunningFlow })._flow;
}

/** The flow around a flow. The global flow has none. */
export function flowAround(flow: RunningFlow): RunningFlow | undefined {
  return flow.isGlobalFlow ? undefined : flow.parent;
}

/**
 * The place of a running node: the ids of the flows that contain it, the outermost first; an empty list for a global
 * config node. It does not change with a deploy, and all replicas that run the same flow file get the same text.
 * `z` alone is not enough: in a flow file it may name a subflow instance, which belongs to another flow.
 */
export function placeOf(node: Node): string {
  const ids: string[] = [];
  for (let flow = flowOf(node); flow && !flow.isGlobalFlow; flow = flow.parent) ids.unshift(flow.id);
  return JSON.stringify(ids);
}

/**
 * Whether Node-RED gave a node its `_alias`, or it has none. Node-RED sets `_alias` for the nodes of a subflow instance,
 * and then reads the credentials of the node that it names. In a flow file, anybody can write it.
 */
export function isAliasGenuine(node: Node): boolean {
  const alias: unknown = node._alias;
  if (alias === undefined) return true;
  const nodes = flowOf(node)?.node_map;
  return (
    typeof alias === 'string' && nodes !== undefined && Object.hasOwn(nodes, alias) && nodes[alias]?.id === node.id
  );
}

/** The id that a node has in the flow file. In a subflow instance, it runs with another one. */
export function writtenId(node: Node): string {
  return (isAliasGenuine(node) ? node._alias : undefined) ?? node.id;
}

/**
 * A running node as it is in the flow file. It comes from the node's own flow, because an id may occur in a flow file twice.
 */
export function definitionOf(RED: NodeAPI, node: Node): Definition {
  const { configs, nodes } = flowOf(node)?.flow ?? {};
  return configs?.[node.id] ?? nodes?.[node.id] ?? nodeAsWritten(RED, writtenId(node)) ?? {};
}

/** A node as it is in the flow file, by its id there. Undefined if it is not deployed. */
export function nodeAsWritten(RED: NodeAPI, id: string): Definition | undefined {
  let found: Definition | undefined;
  RED.nodes.eachNode((each) => {
    if (each.id === id) found = each as unknown as Definition;
  });
  return found;
}

/**
 * The running node that another one refers to. The flow of that node is asked first, then the flows around it: a global
 * config node may have the id that Node-RED gives to a config node of a subflow instance.
 *
 * @returns undefined if there is none, or it claims to be another node (`isAliasGenuine`)
 */
export function nodeFrom(RED: NodeAPI, user: Placed, id: string): Node | undefined {
  const flow = flowOf(user);
  const found = flow ? flow.getNode(id) : RED.nodes.getNode(id);
  return found?.id === id && isAliasGenuine(found) ? found : undefined;
}
