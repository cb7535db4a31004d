import type { Node } from 'node-red';
import type { AuthError } from '../../../src/core/errors.ts';
import type { DurableStore } from '../../../src/store/store.ts';
import type { SecretFlaws } from '../status.ts';

/** A config node with a connection, or with the reason why it has none. */
export interface ConnectionNode<T> extends Node {
  /** Undefined if the config node is incomplete. */
  connection: T | undefined;
  /** When it was deployed, in ms since 1970. */
  startedAt: number;
  /** The error of an incomplete config node. */
  problem: AuthError | undefined;
  /** Whether it uses the practice server. */
  isPractice: boolean;
  /** Probable flaws of its secrets, such as a line break at the end, by the reason of a refusal. */
  flaws: SecretFlaws;
  /** Whether no credentials are stored for it. Node-RED loses them if it cannot decrypt its credentials file. */
  lostCredentials: boolean;
  /** The nodes that use it, by id. Node-RED passes its errors and status to the Catch and Status nodes of their flows. */
  users: Record<string, Node>;
  /** Called when a message has chosen it for a node that did not use it before. */
  gainedUser?: () => void;
  /** The session store that it refers to. */
  storeNode?: ConnectionNode<DurableStore>;
}
