import type { NodeAPI } from 'node-red';

/** An object that holds messages. */
interface Holder {
  /** How many messages wait for users of a config node. */
  countAt(config: string): number;
}

/** The nodes that can hold messages, by the event bus of each Node-RED in this process. */
const holders = new WeakMap<object, Set<Holder>>();

/** Adds a node that can hold messages. */
export function addHold(RED: NodeAPI, holder: Holder): void {
  const all = holders.get(RED.events) ?? new Set();
  holders.set(RED.events, all.add(holder));
}

/** Removes a node that is closed. */
export function removeHold(RED: NodeAPI, holder: Holder): void {
  holders.get(RED.events)?.delete(holder);
}

/** How many messages wait for users of a config node. @param config the id of the config node */
export function heldAt(RED: NodeAPI, config: string): number {
  let count = 0;
  for (const holder of holders.get(RED.events) ?? []) count += holder.countAt(config);
  return count;
}
