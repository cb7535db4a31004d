import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../../../src/core/clock.ts';
import type { ConnectionNode } from './connection-node.ts';
import { isInReach } from './reach.ts';

/** How long a message waits for the end of a deploy if its config node is missing, in ms. */
const DEPLOY_WAIT = 15_000;

/** Any config node of this package with a connection. */
type AnyConfig = ConnectionNode<unknown>;

/** Why a name selects no config node. It does not tell whether a config node of that name exists elsewhere. */
export type NameFault = 'config-name-unknown' | 'config-name-ambiguous';

/**
 * The config nodes of one Node-RED instance that a message may choose by name: those with `byName`. A config node is in the
 * list from its creation to its closing, so the list is as new as the last deploy.
 */
export class ConfigNodeRegistry {
  /** By type, then by name. In a Map, names such as `__proto__` have no special meaning. */
  readonly #nodes = new Map<string, Map<string, AnyConfig[]>>();
  #deploy: { over: Promise<void>; end: () => void } | undefined;

  constructor(events: NodeAPI['events']) {
    events.on('flows:stopping', () => this.#begin());
    events.on('flows:started', () => this.#deploy?.end());
  }

  /** Adds a config node until it is closed. A config node without a name is not added. */
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
   * The config node of this type and exact name that a flow node reaches (`isInReach`). It allocates nothing, because it
   * runs for messages.
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

  /** The end of the current deploy. Until then, a config node may be closed and not yet created again. */
  get deploy(): Promise<void> | undefined {
    return this.#deploy?.over;
  }

  /** Waits for the end of the current deploy, at most 15 s. */
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

/** By the event bus of a Node-RED instance: a process may have several. */
const allNames = new WeakMap<object, ConfigNodeRegistry>();

/** The config nodes of a Node-RED instance that messages may choose by name. */
export function configNodesByName(RED: NodeAPI): ConfigNodeRegistry {
  let names = allNames.get(RED.events);
  if (!names) {
    names = new ConfigNodeRegistry(RED.events);
    allNames.set(RED.events, names);
  }
  return names;
}
