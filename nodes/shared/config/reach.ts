import type { Node } from 'node-red';

/** What Node-RED keeps of a running tab or subflow instance. It is no published type, but every node has had one since 1.0. */
interface RunningFlow {
  /** The id of the tab or of the subflow instance; `global` for the one that holds global config nodes. */
  id: string;
  /** The flow that holds the subflow instance; for a tab, the global one. */
  parent?: RunningFlow | undefined;
}

/**
 * Whether a node may use a config node: a global one, or one that belongs to a tab or subflow instance that encloses the node.
 * Groups make no difference. A config node in a subflow belongs to each instance of it by itself.
 * It makes nothing, so that the message path can ask it.
 *
 * @param user a flow node, or a config node that refers to another config node
 */
export function isInReach(user: Node, config: Node): boolean {
  return encloses(config.z, user);
}

/** As `isInReach`, for a config node of which only its `z` is known, because it does not run. */
export function encloses(z: string | undefined, user: Node): boolean {
  if (!z || z === user.z) return true;
  let flow = (user as unknown as { _flow?: RunningFlow })._flow;
  while (flow) {
    if (flow.id === z) return true;
    flow = flow.parent;
  }
  return false;
}
