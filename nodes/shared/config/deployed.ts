import type { NodeAPI } from 'node-red';
import type { ConnectionNode } from './connection-node.ts';

/** The config nodes of each Node-RED of this process that are deployed, by its event bus. */
const deployed = new WeakMap<object, Set<ConnectionNode<unknown>>>();

/** Notes that a config node is deployed, until it is closed. */
export function addDeployed(RED: NodeAPI, node: ConnectionNode<unknown>): void {
  const all = deployed.get(RED.events) ?? new Set();
  deployed.set(RED.events, all.add(node));
  node.on('close', () => all.delete(node));
}

/** The config nodes of this package that are deployed, incomplete ones included. */
export function deployedNodes(RED: NodeAPI): ConnectionNode<unknown>[] {
  return [...(deployed.get(RED.events) ?? [])];
}
