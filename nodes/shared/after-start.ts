import type { Node, NodeAPI } from 'node-red';

/** The functions that run at the end of deploys. */
interface Runs {
  /** Whether nodes are being stopped or started. */
  isDeploying: boolean;
  /** At the end of the current deploy. */
  readonly once: Set<() => void>;
  /** At the end of each deploy. */
  readonly each: Set<() => void>;
}

/** By the event bus of each Node-RED in this process, which has one listener: it warns of a leak if it has more than ten. */
const all = new WeakMap<object, Runs>();

/**
 * Runs a function once all nodes of a deploy have started: before that, Status and Catch nodes get nothing. It is not run
 * if the node is closed before.
 *
 * @param node a node that is being created. Node-RED creates nodes only while it starts flows
 */
export function afterStart(RED: NodeAPI, node: Node, run: () => void): void {
  add(runsOf(RED).once, node, run);
}

/** Runs a function each time that all nodes of a deploy have started, until the node is closed. */
export function afterEachStart(RED: NodeAPI, node: Node, run: () => void): void {
  add(runsOf(RED).each, node, run);
}

/** Whether a deploy is stopping or starting nodes. */
export function isDeploying(RED: NodeAPI): boolean {
  return runsOf(RED).isDeploying;
}

function add(runs: Set<() => void>, node: Node, run: () => void): void {
  runs.add(run);
  node.on('close', () => runs.delete(run));
}

function runsOf(RED: NodeAPI): Runs {
  const known = all.get(RED.events);
  if (known) return known;
  // The first node asks while it is being created.
  const runs: Runs = { isDeploying: true, once: new Set(), each: new Set() };
  all.set(RED.events, runs);
  for (const event of ['flows:stopping', 'flows:starting']) {
    RED.events.on(event, () => {
      runs.isDeploying = true;
    });
  }
  const end = (): void => {
    runs.isDeploying = false;
    const due = [...runs.once, ...runs.each];
    runs.once.clear();
    for (const run of due) run();
  };
  RED.events.on('flows:started', end);
  // A deploy that starts no node because a type is missing ends with this event only. Nodes that it did not stop go on.
  RED.events.on('runtime-event', ({ id }: { id: string }) => {
    if (id === 'runtime-deploy' && runs.isDeploying) end();
  });
  return runs;
}
