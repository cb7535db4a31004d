import type { Node, NodeAPI, NodeDef } from 'node-red';
import { AuthError, asAuthError } from '../../../src/core/errors.ts';
import type { Reference } from '../../../src/engine/engine.ts';
import type { KeptStore } from '../../../src/store/store.ts';
import { CATALOGUE } from '../catalogue.ts';
import type { SecretFlaws } from '../status.ts';
import { namesOf } from './config-names.ts';
import type { ConnectionNode } from './connection-node.ts';
import { Fields, hasCredentials, nodeAsWritten, writtenId } from './fields.ts';
import { checkReach, checkReachOf, type References } from './reach.ts';
import { variableIn } from './variables.ts';

/**
 * Makes a config node hold its connection until it is closed. What is wrong with it is told by the nodes that use it, so it stays quiet here.
 *
 * @param config its properties; with `byName` a message may choose it by its name; the config nodes that it refers to must be in its reach
 * @param open opens the connection; an AuthError that it throws becomes the node's problem
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
  // Still there for who asks by name, but not for who prints the node.
  Object.defineProperty(node, 'credentials', { enumerable: false });
  let isNamed = false;
  try {
    isNamed = new Fields(RED, node, config).flag('byName');
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
  if (isNamed) namesOf(RED).add(node);
}

/** What is wrong with a config node. Node-RED loses all credentials when it cannot read its file, and goes on without them. */
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
 * The config node that a flow node refers to, with its connection.
 *
 * @param user the flow node, which the config node gets to know
 * @throws AuthError `AUTH_CONFIG` where there is none, it is out of reach, disabled or incomplete
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
 * Where a flow node has to stand so that the states and errors of a config node, and of its session store, reach it.
 * The config node cannot stand in the store's list in its place: Node-RED would go round in a circle.
 */
export function userListsOf({ users, storeNode }: ConnectionNode<unknown>): Record<string, Node>[] {
  return storeNode ? [users, storeNode.users] : [users];
}

/**
 * The session store that a config node names; undefined where it names none.
 *
 * @throws AuthError `AUTH_CONFIG` where it is missing, disabled or incomplete
 */
export function storeOf<T>(RED: NodeAPI, node: ConnectionNode<T>, id: unknown): KeptStore | undefined {
  if (id === undefined || id === null || id === '') return undefined;
  const storeNode = namedNode<KeptStore>(RED, node, id, 'store', 'auth-store');
  // Not for who prints the node.
  Object.defineProperty(node, 'storeNode', { value: storeNode, enumerable: false });
  return connected(storeNode, 'store').connection;
}

function namedNode<T>(RED: NodeAPI, user: Node, id: unknown, property: string, type: string): ConnectionNode<T> {
  if (typeof id !== 'string' || id === '') throw new AuthError('property-missing', { property });
  const variable = variableIn(id);
  if (variable !== undefined) throw new AuthError('variable-missing', { property, variable });
  checkReachOf(RED, user, id, property);
  const node = RED.nodes.getNode(id) as ConnectionNode<T> | null;
  if (!node) throw new AuthError('config-node-missing', { property });
  if (node.type !== type) throw new AuthError('config-node-wrong', { property });
  return node;
}

function connected<T>(node: ConnectionNode<T>, property: string): ConnectionNode<T> & { connection: T } {
  if (!node.connection) throw node.problem ?? new AuthError('config-node-missing', { property });
  return node as ConnectionNode<T> & { connection: T };
}

/** Registers a config node. Its credentials are known by name and by whether they are shown (`text`) or not (`password`). */
export function registerConfigNode<T, C extends NodeDef>(
  RED: NodeAPI,
  type: string,
  construct: (this: ConnectionNode<T>, config: C) => void,
  credentials: Record<string, { type: 'text' | 'password' }>,
): void {
  credentialsOf.set(type, new Set(Object.keys(credentials)));
  const secrets = Object.keys(credentials).filter((name) => credentials[name]?.type === 'password');
  function ConfigNode(this: ConnectionNode<T>, config: C): void {
    construct.call(this, config);
    warnOfSecrets(RED, this, secrets);
  }
  // The published types know no config node with members of its own.
  RED.nodes.registerType(type, ConfigNode as unknown as (this: Node, config: C) => void, { credentials } as object);
}

/** The names of the credentials, by type of config node. */
const credentialsOf = new Map<string, ReadonlySet<string>>();

/** The warning of a secret among the properties. */
const SECRET_IN_FLOW = 'config.secret-in-flow';

/** Warns of a secret among the properties: there it is not used, and in clear in the flow file. */
function warnOfSecrets(RED: NodeAPI, node: Node, secrets: readonly string[]): void {
  const written = nodeAsWritten(RED, writtenId(node));
  for (const property of secrets) {
    const value = written?.[property];
    if (value === undefined || value === null || value === '') continue;
    node.warn(RED._(CATALOGUE + SECRET_IN_FLOW, { property }));
  }
}
