import type { Node, NodeAPI } from 'node-red';
import { flowAround, flowOf, nodeAsWritten, type Placed, type RunningFlow } from '../config/running-flow.ts';
import { variableIn } from '../config/variables.ts';

/** The running flows that a config node in a dialog belongs to. */
interface Flows {
  /** The tab, or all running instances of the subflow. */
  readonly own: readonly RunningFlow[];
  /** The flow of the global config nodes, with Node-RED's global environment. Undefined if no node runs. */
  readonly global: RunningFlow | undefined;
  /** Whether a deployed instance of the subflow was not found. */
  readonly isPartial: boolean;
}

/** The value of a variable. `isInside`: only a deployed node gets it, because it belongs to a flow or subflow instance. */
export interface VariableValue {
  readonly value?: string | undefined;
  readonly isInside?: boolean;
}

/** The variables of a config node in a dialog, with the values that the deployed node gets. */
export class DialogEnvironment {
  readonly #RED: NodeAPI;
  readonly #user: Placed;
  /** Set by the first lookup. */
  #flows: Flows | undefined;

  /** @param user the deployed node; `z` of one that does not run */
  constructor(RED: NodeAPI, user: Placed) {
    this.#RED = RED;
    this.#user = user;
  }

  /** The value of a variable, from the flow, the subflow instance, Node-RED's global environment or the process. */
  find(name: string): VariableValue {
    // If no node runs, Node-RED does not apply its own list of variables that flows may not read.
    const { envVarExcludes } = this.#RED.settings as { envVarExcludes?: unknown };
    if (Array.isArray(envVarExcludes) && envVarExcludes.includes(name)) return {};
    if (flowOf(this.#user)) return { value: asValue(this.#RED.util.getSetting(this.#user as Node, name)) };
    this.#flows ??= findFlows(this.#RED, this.#user.z);
    const { own, global, isPartial } = this.#flows;
    const outside = asValue(global ? global.getSetting(name) : process.env[name]);
    const { z } = this.#user;
    if (!z) return { value: outside };
    const found = new Set(own.map((flow) => asValue(flow.getSetting(name))));
    if (own.length > 0 && found.size === 1 && !isPartial) return { value: [...found][0] };
    if (own.length > 0 && [...found].some((value) => value !== outside)) return { isInside: true };
    const definition = nodeAsWritten(this.#RED, z);
    if (definesVariable(definition?.env, name)) return { isInside: true };
    if (outside !== undefined) return { value: outside };
    // Values inside the flow are known to the editor only, or differ from instance to instance.
    return definition?.type === 'tab' ? {} : { isInside: true };
  }
}

/** @param z a tab or a subflow; absent or empty for a global config node */
function findFlows(RED: NodeAPI, z: string | undefined): Flows {
  const own = new Set<RunningFlow>();
  let global: RunningFlow | undefined;
  let isPartial = false;
  RED.nodes.eachNode((each) => {
    const isInstance = each.type === `subflow:${z}`;
    const isNeighbor = each.z === z && own.size === 0;
    // With thousands of nodes, only those are looked up that give information.
    if (global && !isInstance && !isNeighbor) return;
    const node = RED.nodes.getNode(each.id);
    const flow = node ? flowOf(node) : undefined;
    if (isInstance && flow?.subflowDef?.id === z && flow) own.add(flow);
    else if (isInstance) isPartial = true;
    for (let around = flow; around; around = flowAround(around)) {
      if (around.isGlobalFlow) global = around;
      else if (around.id === z && !around.subflowDef) own.add(around);
    }
  });
  return { own: [...own], global, isPartial };
}

function definesVariable(env: unknown, name: string): boolean {
  return Array.isArray(env) && env.some((each) => (each as { name?: unknown } | null)?.name === name);
}

/** A value that a property can have: a text, a number or a boolean. A variable in place of a value has none. */
function asValue(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && variableIn(value) === undefined ? value : undefined;
}
