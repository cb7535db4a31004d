import type { Node, NodeAPI, NodeDef } from 'node-red';

/**
 * Creates a node as `RED.nodes.createNode` does, and makes sure that its name is a text.
 * An imported flow can have any JSON value in `name`, which Node-RED does not check. Here a number becomes its
 * digits, and the node has no name if it is anything else.
 */
export function createNode(RED: NodeAPI, node: Node, config: NodeDef): void {
  RED.nodes.createNode(node, config);
  const name: unknown = node.name;
  if (typeof name === 'number') node.name = String(name);
  else if (name !== undefined && typeof name !== 'string') delete node.name;
}
