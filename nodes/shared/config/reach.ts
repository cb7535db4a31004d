import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import { nodeAsWritten } from './fields.ts';

/** What Node-RED keeps of a running tab or subflow instance. It is no published type; Node-RED resolves variables with it. */
interface RunningFlow {
  /** The id of the tab or of the subflow instance; `global` for the one that holds global config nodes. */
  id: string;
  /** The flow that holds the subflow instance; for a tab, the global one. */
  parent?: RunningFlow | undefined;
  /** The subflow of which it is an instance. */
  subflowDef?: { id: string } | undefined;
}

/** Where a node is: a running one, or one of which only its place is known, because it is in a dialog and not deployed. */
export interface Placed {
  /** The id of the tab or subflow instance that the node is in; absent or empty if it is global. */
  readonly z?: string | undefined;
}

/** The properties of a config node that name another config node. */
export interface References {
  store: string;
  tls: string;
  proxy: string;
}

const REFERENCES: readonly (keyof References)[] = ['store', 'tls', 'proxy'];

/**
 * Whether a node may use a config node: a global one, or one that belongs to a tab or subflow instance that encloses the node.
 * Groups make no difference. A config node in a subflow belongs to each instance of it by itself.
 * It makes nothing, so that the message path can ask it.
 *
 * @param user a flow node, or a config node that refers to another config node
 */
export function isInReach(user: Placed, config: Placed): boolean {
  const { z } = config;
  if (!z || z === user.z) return true;
  for (let flow = flowOf(user); flow; flow = flow.parent) if (flow.id === z) return true;
  return false;
}

/**
 * Looks whether a config node that is referred to is in reach. One that is nowhere is not told here.
 *
 * @throws AuthError `AUTH_CONFIG` if it belongs to another flow or subflow, or the reference is no text
 */
export function checkReachOf(RED: NodeAPI, user: Placed, id: unknown, property: string): void {
  // Node-RED would find ['id'], too.
  if (typeof id !== 'string') throw new AuthError('config-node-missing', { property });
  const node = RED.nodes.getNode(id) as Node | null;
  if (node ? !isInReach(user, node) : isWrittenElsewhere(RED, user, id)) {
    throw new AuthError('config-node-elsewhere', { property });
  }
}

/**
 * Looks whether all config nodes that a config node refers to are in reach, whether it uses them at the moment or not.
 *
 * @throws AuthError as `checkReachOf`
 */
export function checkReach(RED: NodeAPI, user: Placed, config: Partial<References>): void {
  for (const property of REFERENCES) if (config[property]) checkReachOf(RED, user, config[property], property);
}

/** Global config nodes start before those of the tabs, and those of a disabled tab never: so the flow file is asked, too. */
function isWrittenElsewhere(RED: NodeAPI, user: Placed, id: string): boolean {
  const z = nodeAsWritten(RED, id)?.z;
  if (typeof z !== 'string' || isInReach(user, { z })) return false;
  for (let flow = flowOf(user); flow; flow = flow.parent) if (flow.subflowDef?.id === z) return false;
  return true;
}

function flowOf(user: Placed): RunningFlow | undefined {
  return (user as { _flow?: RunningFlow })._flow;
}
