import type { Node, NodeAPI } from 'node-red';
import type { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { ConnectionNode } from './connection-node.ts';
import { isInReach } from './reach.ts';

type ServerNode = ConnectionNode<VisualGuardServer>;

/** The `vg-server` nodes by the event bus of their Node-RED instance: a process may have several. */
const allServers = new WeakMap<object, Set<ServerNode>>();

function serversOf(RED: NodeAPI): Set<ServerNode> {
  const servers = allServers.get(RED.events) ?? new Set<ServerNode>();
  allServers.set(RED.events, servers);
  return servers;
}

/** Lets flow nodes reach the challenges of a `vg-server` until it is closed. */
export function addServer(RED: NodeAPI, node: ServerNode): void {
  const servers = serversOf(RED).add(node);
  node.on('close', () => servers.delete(node));
}

/** The connections of all `vg-server` nodes that a flow node reaches (`isInReach`). */
export function serversInReach(RED: NodeAPI, user: Node): VisualGuardServer[] {
  const reached = new Set<VisualGuardServer>();
  for (const node of serversOf(RED)) if (node.connection && isInReach(user, node)) reached.add(node.connection);
  return [...reached];
}
