import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { Clock } from '../../../src/core/clock.ts';
import { AuthError } from '../../../src/core/errors.ts';
import { engineOf } from '../runtime.ts';
import { asText, readTyped, type Typed } from '../values.ts';
import { connectionOf, userListsOf } from './config-node.ts';
import { configNodesByName } from './config-node-registry.ts';
import type { ConnectionNode } from './connection-node.ts';

/** A config node with a connection that can be used. */
export type OpenNode<T> = ConnectionNode<T> & { connection: T };

/** The sources of the name of a config node. `fixed`: the config node that is selected in the dialog. */
const NAME_TYPES = ['fixed', 'msg', 'flow', 'global', 'env'];

/** The type of the config node that a property refers to. */
const TYPES = { account: 'vgs-account', server: 'vg-server' } as const;

/** The properties of a flow node that select its config node. */
export interface ReferenceConfig {
  account?: string;
  accountName?: string;
  accountNameType?: string;
  server?: string;
  serverName?: string;
  serverNameType?: string;
}

/**
 * A flow node's reference to its config node: the one that is selected in its dialog, or the one that a message names.
 * A name is hostile input. It reaches only config nodes that messages may choose (`byName`).
 */
export class ConfigReference<T> {
  /** The config node that is selected in the dialog; undefined if messages name it. */
  readonly fixed: OpenNode<T> | undefined;
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #type: string;
  readonly #name: Typed;
  readonly #property: string;
  readonly #clock: Clock;
  /** The config nodes that messages have chosen, by id. */
  readonly #used = new Map<string, ConnectionNode<unknown>>();

  /**
   * @param property `account` or `server`. The node also has `accountName` and `accountNameType`, or the same for a server
   * @throws AuthError `AUTH_CONFIG` if the config node that is selected in the dialog is missing, disabled or incomplete
   */
  constructor(RED: NodeAPI, node: Node, config: ReferenceConfig, property: 'account' | 'server') {
    this.#RED = RED;
    this.#node = node;
    this.#type = TYPES[property];
    this.#property = `${property}Name`;
    this.#clock = engineOf(RED).clock;
    this.#name = { value: config[`${property}Name`] ?? '', type: config[`${property}NameType`] || 'fixed' };
    if (!NAME_TYPES.includes(this.#name.type)) {
      throw new AuthError('config-value-unknown', { property: `${property}NameType` });
    }
    if (this.#name.type === 'fixed') this.fixed = connectionOf<T>(RED, node, config[property], property, this.#type);
    else if (this.#name.value === '') throw new AuthError('property-missing', { property: this.#property });
    node.on('close', () => {
      for (const used of this.#used.values()) for (const users of userListsOf(used)) delete users[node.id];
    });
  }

  /** The config node for a message, without anything asynchronous; undefined if only `resolve` can find it, or report an error. */
  current(msg: NodeMessage): OpenNode<T> | undefined {
    if (this.fixed) return this.fixed;
    // A context store may answer later.
    if (this.#name.type === 'flow' || this.#name.type === 'global') return undefined;
    const name = readTyped(this.#RED, this.#node, this.#name, msg);
    const found =
      typeof name === 'string' ? configNodesByName(this.#RED).find(this.#type, name, this.#node) : undefined;
    return typeof found === 'object' && found.connection ? this.#use(found) : undefined;
  }

  /**
   * The config node for a message. While a deploy runs, it waits for a config node that is not there yet.
   *
   * @throws AuthError `AUTH_CONFIG` if there is no name, or it leads to no config node or to several. It never repeats the name
   */
  async resolve(msg: NodeMessage): Promise<OpenNode<T>> {
    if (this.fixed) return this.fixed;
    const read = await readTyped(this.#RED, this.#node, this.#name, msg);
    const name = asText(read, this.#name, this.#property);
    const names = configNodesByName(this.#RED);
    let found = names.find(this.#type, name, this.#node);
    if (found === 'config-name-unknown' && names.deploy) {
      await names.deployed(this.#clock);
      found = names.find(this.#type, name, this.#node);
    }
    if (typeof found === 'string') throw new AuthError(found, { property: this.#name.value });
    if (!found.connection) throw found.problem ?? new AuthError('config-name-unknown', { property: this.#name.value });
    return this.#use(found);
  }

  /** Lets the config node's errors and status reach the flow of this node, too. */
  #use(found: ConnectionNode<unknown>): OpenNode<T> {
    if (this.#used.get(found.id) !== found) {
      this.#used.set(found.id, found);
      for (const users of userListsOf(found)) users[this.#node.id] = this.#node;
      found.gainedUser?.();
    }
    return found as OpenNode<T>;
  }
}
