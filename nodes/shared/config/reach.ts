import type { NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import { flowAround, flowOf, nodeAsWritten, nodeFrom, type Placed } from './running-flow.ts';

/** The properties of a config node that name another config node. */
export interface References {
  store: string;
  tls: string;
  proxy: string;
}

const REFERENCES: readonly (keyof References)[] = ['store', 'tls', 'proxy'];

/**
 * Whether a node may use a config node: a global one, or one of a tab or subflow instance that contains the node.
 * Groups make no difference. Each instance of a subflow has its own config nodes.
 * Flows are compared, not their ids: in a flow file, `z` may name a subflow instance of another flow.
 * It allocates nothing, because it runs for messages.
 *
 * @param user a flow node, or a config node that refers to another config node
 */
export function isInReach(user: Placed, config: Placed): boolean {
  const home = flowOf(config);
  if (!home) return isPlaceInReach(user, config.z);
  // Node-RED starts a config node of a flow that does not exist in the global flow, too.
  if (home.isGlobalFlow) return !config.z;
  const own = flowOf(user);
  if (!own) return user.z === home.id && home.subflowDef === undefined;
  for (let flow: typeof own | undefined = own; flow; flow = flowAround(flow)) if (flow === home) return true;
  return false;
}

/** The same for a config node that does not run, by its `z` in the flow file. */
function isPlaceInReach(user: Placed, z: string | undefined): boolean {
  if (!z || z === user.z) return true;
  for (let flow = flowOf(user); flow; flow = flowAround(flow)) if (flow.id === z) return true;
  return false;
}

/**
 * Checks that a config node is in reach. A config node that does not exist is no error here.
 *
 * @throws AuthError `AUTH_CONFIG` if it belongs to another flow or subflow, or the reference is no text
 */
export function checkReachOf(RED: NodeAPI, user: Placed, id: unknown, property: string): void {
  // Node-RED would find ['id'], too.
  if (typeof id !== 'string') throw new AuthError('config-node-missing', { property });
  const node = nodeFrom(RED, user, id);
  if (node ? !isInReach(user, node) : isWrittenElsewhere(RED, user, id)) {
    throw new AuthError('config-node-elsewhere', { property });
  }
}

/**
 * Checks that all config nodes that a config node refers to are in reach, whether it uses them at the moment or not.
 *
 * @throws AuthError as `checkReachOf`
 */
export function checkReach(RED: NodeAPI, user: Placed, config: Partial<References>): void {
  for (const property of REFERENCES) if (config[property]) checkReachOf(RED, user, config[property], property);
}

/**
 * Whether the flow file has a config node in another flow. Global config nodes start before those of the tabs, and
 * those of a disabled tab never start, so a reference can lead to a node that does not run.
 */
function isWrittenElsewhere(RED: NodeAPI, user: Placed, id: string): boolean {
  const z = nodeAsWritten(RED, id)?.z;
  if (typeof z !== 'string' || isPlaceInReach(user, z)) return false;
  for (let flow = flowOf(user); flow; flow = flowAround(flow)) if (flow.subflowDef?.id === z) return false;
  return true;
}
