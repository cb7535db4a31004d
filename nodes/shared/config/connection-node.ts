import type { Node } from 'node-red';
import type { AuthError } from '../../../src/core/errors.ts';
import type { KeptStore } from '../../../src/store/store.ts';
import type { SecretFlaws } from '../status.ts';

/** A config node that holds a connection, or knows why it cannot. */
export interface ConnectionNode<T> extends Node {
  /** The connection; undefined where the config node is incomplete. */
  connection: T | undefined;
  /** What is wrong with the config node. */
  problem: AuthError | undefined;
  /** Whether it works against the practice server. */
  isPractice: boolean;
  /** What is probably wrong with its secrets, by the reason of a refusal. */
  flaws: SecretFlaws;
  /** Whether no credentials are stored for it, as if Node-RED had lost them. */
  lostCredentials: boolean;
  /** The nodes that use it, by id. Node-RED passes a config node's errors and status on to Catch and Status nodes through it. */
  users: Record<string, Node>;
  /** The session store that it names. */
  storeNode?: ConnectionNode<KeptStore>;
}
