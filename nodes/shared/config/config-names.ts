import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../../../src/core/clock.ts';
import type { ConnectionNode } from './connection-node.ts';
import { isInReach } from './reach.ts';

/** A config node that is missing is looked for again when a deploy ends; the longest wait for that, in ms. */
const DEPLOY_WAIT = 15_000;

/** Any config node of this package, whatever it is connected to. */
type AnyConfig = ConnectionNode<unknown>;

/** Why a name leads to no config node. Whether one of that name exists elsewhere is never told. */
export type NameFault = 'config-name-unknown' | 'config-name-ambiguous';

/**
 * The config nodes of one Node-RED that a message may choose by their names: those that say so themselves (`byName`).
 * A config node stands here from its making to its closing, so the list is as new as the last deploy.
 */
export class ConfigNames {
  /** By type, then by name. A Map, so that no name means anything but itself. */
  readonly #nodes = new Map<string, Map<string, AnyConfig[]>>();
  #deploy: { over: Promise<void>; end: () => void } | undefined;

  constructor(events: NodeAPI['events']) {
    events.on('flows:stopping', () => this.#begin());
    events.on('flows:started', () => this.#deploy?.end());
  }

  /** Lets a config node be found by its name until it is closed. One without a name cannot be found. */
  add(node: AnyConfig): void {
    const { type, name } = node;
    if (typeof name !== 'string' || name === '') return;
    const names = this.#nodes.get(type) ?? new Map<string, AnyConfig[]>();
    this.#nodes.set(type, names);
    const same = names.get(name);
    if (same) same.push(node);
    else names.set(name, [node]);
    node.on('close', () => this.#remove(node));
  }

  /**
   * The config node of this type and exact name that a flow node reaches: a global one, or one of a flow or subflow around it.
   * It is one look-up, and makes nothing.
   */
  find(type: string, name: string, user: Node): AnyConfig | NameFault {
    const same = this.#nodes.get(type)?.get(name);
    let found: AnyConfig | undefined;
    for (let index = 0; same && index < same.length; index += 1) {
      const node = same[index];
      if (!node || !isInReach(user, node)) continue;
      if (found) return 'config-name-ambiguous';
      found = node;
    }
    return found ?? 'config-name-unknown';
  }

  /** The end of the deploy that is under way: meanwhile a config node may be closed and not yet made anew. */
  get deploy(): Promise<void> | undefined {
    return this.#deploy?.over;
  }

  /** Waits for the end of the deploy that is under way, 15 s at most. */
  deployed(clock: Clock): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(DEPLOY_WAIT, resolve);
      (this.#deploy?.over ?? Promise.resolve()).then(resolve).finally(cancel);
    });
  }

  #begin(): void {
    if (this.#deploy) return;
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = () => {
        this.#deploy = undefined;
        resolve();
      };
    });
    this.#deploy = { over, end };
  }

  #remove(node: AnyConfig): void {
    const names = this.#nodes.get(node.type);
    const rest = names?.get(node.name ?? '')?.filter((each) => each !== node) ?? [];
    if (rest.length > 0) names?.set(node.name ?? '', rest);
    else names?.delete(node.name ?? '');
  }
}

/** The names of each Node-RED in this process, by its event bus, as the engine is. */
const allNames = new WeakMap<object, ConfigNames>();

/** The config nodes of this Node-RED that can be found by name. */
export function namesOf(RED: NodeAPI): ConfigNames {
  let names = allNames.get(RED.events);
  if (!names) {
    names = new ConfigNames(RED.events);
    allNames.set(RED.events, names);
  }
  return names;
}
