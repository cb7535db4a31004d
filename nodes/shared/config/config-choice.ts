import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { AuthError } from '../../../src/errors.ts';
import type { System } from '../../../src/system.ts';
import { engineOf } from '../runtime.ts';
import { asText, readTyped, type Typed } from '../values.ts';
import { namesOf } from './config-names.ts';
import { type ConnectionNode, connectionOf, userListsOf } from './config-node.ts';

/** A config node that can be worked with. */
export type OpenNode<T> = ConnectionNode<T> & { connection: T };

/** Where a name may come from. `fixed` is the config node that is chosen in the dialog. */
const NAME_TYPES = ['fixed', 'msg', 'flow', 'global', 'env'];

/** The properties of a flow node that say which config node it works with. */
export interface ChoiceConfig {
  account?: string;
  accountName?: string;
  accountNameType?: string;
  server?: string;
  serverName?: string;
  serverNameType?: string;
}

/**
 * Which config node a flow node works with: the one that is chosen in its dialog, or the one whose name a message brings.
 * A name is hostile input: it reaches only config nodes that say that a message may choose them.
 */
export class ConfigChoice<T> {
  /** The config node that is chosen in the dialog; undefined where a message brings its name. */
  readonly fixed: OpenNode<T> | undefined;
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #type: string;
  readonly #name: Typed;
  readonly #property: string;
  readonly #system: System;
  /** The config nodes that messages have chosen, by their ids. */
  readonly #used = new Map<string, ConnectionNode<unknown>>();

  /**
   * @param property `account` or `server`; beside it stand `accountName` and `accountNameType`, or the same of a server
   * @param type the type of the config node
   * @throws AuthError `AUTH_CONFIG` where the one that is chosen in the dialog is missing, disabled or incomplete
   */
  constructor(RED: NodeAPI, node: Node, config: ChoiceConfig, property: 'account' | 'server', type: string) {
    this.#RED = RED;
    this.#node = node;
    this.#type = type;
    this.#property = `${property}Name`;
    this.#system = engineOf(RED).system;
    this.#name = { value: config[`${property}Name`] ?? '', type: config[`${property}NameType`] || 'fixed' };
    if (!NAME_TYPES.includes(this.#name.type)) {
      throw new AuthError('config-value-unknown', { property: `${property}NameType` });
    }
    if (this.#name.type === 'fixed') this.fixed = connectionOf<T>(RED, node, config[property], property, type);
    else if (this.#name.value === '') throw new AuthError('property-missing', { property: this.#property });
    node.on('close', () => {
      for (const used of this.#used.values()) for (const users of userListsOf(used)) delete users[node.id];
    });
  }

  /** The config node of a message, where nothing has to be waited for. What is wrong with a name is told by `of`. */
  current(msg: NodeMessage): OpenNode<T> | undefined {
    if (this.fixed) return this.fixed;
    // A context store may answer later.
    if (this.#name.type === 'flow' || this.#name.type === 'global') return undefined;
    const name = readTyped(this.#RED, this.#node, this.#name, msg);
    const found = typeof name === 'string' ? namesOf(this.#RED).find(this.#type, name, this.#node) : undefined;
    return typeof found === 'object' && found.connection ? this.#use(found) : undefined;
  }

  /**
   * The config node of a message.
   *
   * @throws AuthError `AUTH_CONFIG` where there is no name, or it leads to none or to several; never with a name in it
   */
  async of(msg: NodeMessage): Promise<OpenNode<T>> {
    if (this.fixed) return this.fixed;
    const read = await readTyped(this.#RED, this.#node, this.#name, msg);
    const name = asText(read, this.#name, this.#property);
    const names = namesOf(this.#RED);
    let found = names.find(this.#type, name, this.#node);
    if (found === 'config-name-unknown' && names.deploy) {
      await names.deployed(this.#system);
      found = names.find(this.#type, name, this.#node);
    }
    if (typeof found === 'string') throw new AuthError(found, { property: this.#name.value });
    if (!found.connection) throw found.problem ?? new AuthError('config-name-unknown', { property: this.#name.value });
    return this.#use(found);
  }

  /** From now on the config node's errors and status reach the flow of this node, too. */
  #use(found: ConnectionNode<unknown>): OpenNode<T> {
    if (this.#used.get(found.id) !== found) {
      this.#used.set(found.id, found);
      for (const users of userListsOf(found)) users[this.#node.id] = this.#node;
    }
    return found as OpenNode<T>;
  }
}
