import type { Node, NodeAPI, NodeDef } from 'node-red';
import { AuthError, asAuthError } from '../../../src/core/errors.ts';
import type { Reference } from '../../../src/engine/engine.ts';
import type { DurableStore } from '../../../src/store/store.ts';
import { afterStart } from '../after-start.ts';
import { sentenceOf, textOf } from '../catalogue.ts';
import { engineOf } from '../runtime.ts';
import { followNode } from '../sign-ins/follow-node.ts';
import { type SecretFlaws, StatusLine } from '../status.ts';
import { ConfigNodeProperties, hasCredentials } from './config-node-properties.ts';
import { configNodesByName } from './config-node-registry.ts';
import type { ConnectionNode } from './connection-node.ts';
import { addDeployed } from './deployed.ts';
import { checkReach, checkReachOf, type References } from './reach.ts';
import { definitionOf, isAliasGenuine, nodeFrom } from './running-flow.ts';
import { variableIn } from './variables.ts';

/**
 * Opens the connection of a config node, which keeps it until it is closed. `registerConfigNode` reports its problem.
 *
 * @param config its properties. With `byName` a message may choose it by its name. The config nodes that it refers to must
 *   be in its reach
 * @param open opens the connection. An AuthError that it throws becomes the problem of the node
 */
export function holdConnection<T>(
  RED: NodeAPI,
  node: ConnectionNode<T>,
  config: { byName?: boolean } & Partial<References>,
  open: () => { connection: Reference<T>; practice: Reference<unknown> | undefined; flaws?: SecretFlaws },
): void {
  node.users = {};
  node.connection = undefined;
  node.problem = undefined;
  node.isPractice = false;
  node.flaws = {};
  node.lostCredentials = !hasCredentials(RED, node);
  // Code that prints a node prints enumerable properties only.
  Object.defineProperty(node, 'credentials', { enumerable: false });
  let isNamed = false;
  try {
    // Node-RED has given it the credentials of the node that `_alias` names.
    if (!isAliasGenuine(node)) throw new AuthError('config-value-unknown', { property: '_alias' });
    isNamed = new ConfigNodeProperties(RED, node, config).flag('byName');
    checkReach(RED, node, config);
    const { connection, practice, flaws } = open();
    node.flaws = flaws ?? {};
    node.connection = connection.value;
    node.isPractice = practice !== undefined;
    node.on('close', (done: () => void) => {
      connection.giveBack();
      practice?.giveBack();
      done();
    });
  } catch (thrown) {
    node.problem = problemOf(node, asAuthError(thrown));
  }
  if (isNamed) configNodesByName(RED).add(node);
}

/** The error of a config node. If Node-RED cannot read its credentials file, it starts without credentials. */
function problemOf(node: ConnectionNode<unknown>, problem: AuthError): AuthError {
  const { property } = problem.values;
  const isLost =
    problem.fault === 'property-missing' &&
    typeof property === 'string' &&
    credentialsOf.get(node.type)?.has(property) === true &&
    node.lostCredentials;
  return isLost ? new AuthError('credentials-missing', { property }) : problem;
}

/**
 * The config node that a flow node refers to, with its connection. The flow node becomes one of its users.
 *
 * @throws AuthError `AUTH_CONFIG` if there is none, or it is out of reach, disabled or incomplete
 */
export function connectionOf<T>(
  RED: NodeAPI,
  user: Node,
  id: unknown,
  property: string,
  type: string,
): ConnectionNode<T> & { connection: T } {
  const node = namedNode<T>(RED, user, id, property, type);
  for (const users of userListsOf(node)) {
    users[user.id] = user;
    user.on('close', () => {
      delete users[user.id];
    });
  }
  return connected(node, property);
}

/**
 * The lists of users that a flow node must be in, so that it gets the states and errors of a config node and of its
 * session store. The config node itself cannot be in the list of the store: Node-RED would not stop passing them on.
 */
export function userListsOf({ users, storeNode }: ConnectionNode<unknown>): Record<string, Node>[] {
  return storeNode ? [users, storeNode.users] : [users];
}

/**
 * The session store that a config node refers to. Undefined if it refers to none.
 *
 * @throws AuthError `AUTH_CONFIG` if it is missing, disabled or incomplete
 */
export function storeOf<T>(RED: NodeAPI, node: ConnectionNode<T>, id: unknown): DurableStore | undefined {
  if (id === undefined || id === null || id === '') return undefined;
  const storeNode = namedNode<DurableStore>(RED, node, id, 'store', 'auth-store');
  // Code that prints a node prints enumerable properties only.
  Object.defineProperty(node, 'storeNode', { value: storeNode, enumerable: false });
  return connected(storeNode, 'store').connection;
}

function namedNode<T>(RED: NodeAPI, user: Node, id: unknown, property: string, type: string): ConnectionNode<T> {
  if (typeof id !== 'string' || id === '') throw new AuthError('property-missing', { property });
  const variable = variableIn(id);
  if (variable !== undefined) throw new AuthError('variable-missing', { property, variable });
  checkReachOf(RED, user, id, property);
  const node = nodeFrom(RED, user, id) as ConnectionNode<T> | undefined;
  if (!node) throw new AuthError('config-node-missing', { property });
  if (node.type !== type) throw new AuthError('config-node-wrong', { property });
  return node;
}

function connected<T>(node: ConnectionNode<T>, property: string): ConnectionNode<T> & { connection: T } {
  if (!node.connection) throw node.problem ?? new AuthError('config-node-missing', { property });
  return node as ConnectionNode<T> & { connection: T };
}

/** Registers a type of config node. Of its credentials, the editor shows those of type `text`. */
export function registerConfigNode<T, C extends NodeDef>(
  RED: NodeAPI,
  type: string,
  construct: (this: ConnectionNode<T>, config: C) => void,
  credentials: Record<string, { type: 'text' | 'password' }>,
): void {
  credentialsOf.set(type, new Set(Object.keys(credentials)));
  const secrets = Object.keys(credentials).filter((name) => credentials[name]?.type === 'password');
  function ConfigNode(this: ConnectionNode<T>, config: C): void {
    this.startedAt = engineOf(RED).clock.now();
    construct.call(this, config);
    addDeployed(RED, this);
    followNode(RED, this);
    warnOfSecrets(RED, this, secrets);
    reportProblem(RED, this);
  }
  // The published types do not allow a config node with members of its own.
  RED.nodes.registerType(type, ConfigNode as unknown as (this: Node, config: C) => void, { credentials } as object);
}

/**
 * Reports at the start that a config node cannot be used: in the log, and to Status nodes. Otherwise nobody would notice before
 * the first message.
 */
function reportProblem(RED: NodeAPI, node: ConnectionNode<unknown>): void {
  const { problem } = node;
  if (!problem) return;
  new StatusLine(RED, node, engineOf(RED).clock).misconfigured(problem);
  afterStart(RED, node, () => node.error(sentenceOf(RED, problem)));
}

/** The names of the credentials, by type of config node. */
const credentialsOf = new Map<string, ReadonlySet<string>>();

/** The key of the warning about a secret among the properties. */
const SECRET_IN_FLOW = 'config.secret-in-flow';

/** Warns of a secret among the properties: it has no effect there, and is in clear text in the flow file. */
function warnOfSecrets(RED: NodeAPI, node: Node, secrets: readonly string[]): void {
  const definition = definitionOf(RED, node);
  for (const property of secrets) {
    const value = definition[property];
    if (value === undefined || value === null || value === '') continue;
    node.warn(textOf(RED, SECRET_IN_FLOW, { property }));
  }
}
