import type { NodeAPI } from 'node-red';
import type { Engine } from '../../src/engine.ts';
import { type AuthError, asAuthError } from '../../src/errors.ts';
import type { FieldReader } from '../../src/fields.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { failedVerdict } from '../../src/verdict.ts';
import { DialogFields, type DialogVariable } from './dialog-fields.ts';
import { nodeAsWritten } from './fields.ts';
import { BodyError } from './request-body.ts';
import { type RouteConfig, wayOf } from './route.ts';

/** Whom a secret was stored for. */
interface Owner {
  clientId: string;
  /** The stored user's name, where there is one. */
  username?: string;
}

/** How a kind of config node is read and tested. */
export interface DialogTest<S extends Owner> {
  type: string;
  read(fields: FieldReader): { settings: S; address: URL };
  check(settings: S, transport: Transport): Promise<object>;
}

/** A test that was not made, and why. The catalogue has a sentence for each, as `test.problem.…`. */
interface NotTried {
  state: 'not-tried';
  problem: 'secret-again' | 'not-deployed';
  values: { property: string };
}

type Values = Readonly<Record<string, unknown>>;

/**
 * Tests what stands in a dialog, before a deploy. A stored secret is used only for the host and the client,
 * and a password only for the user, that it was stored for.
 *
 * @param values the dialog's values, checked for their types
 * @returns the verdict for the dialog: neither a token nor a secret is in it
 */
export async function testDialog<S extends Owner>(
  RED: NodeAPI,
  engine: Engine,
  { type, read, check }: DialogTest<S>,
  { id, ...values }: Values,
): Promise<object> {
  if (typeof id !== 'string' || id === '') throw new BodyError('no-id');
  const deployed = deployedConfig(RED, id, type);
  const node = deployed ? RED.nodes.getNode(id) : null;
  const stored: Values = deployed ? { ...(RED.nodes.getCredentials(id) as Values | undefined) } : {};
  const fields = new DialogFields(RED, node, values, stored);
  const variables: DialogVariable[] = fields.variables();
  if (values.variablesOnly === true) return { variables };
  try {
    const { settings, address } = read(fields);
    const practice = fields.flag('practice');
    const before = deployed && readDeployed(() => read(new DialogFields(RED, node, { ...deployed, ...stored }, {})));
    const sameClient =
      before?.settings.clientId === settings.clientId &&
      before.address.origin === address.origin &&
      (deployed?.practice === true) === practice;
    const sameUser = sameClient && before?.settings.username === settings.username;
    for (const property of fields.stored) {
      const mayUse = property === 'password' ? sameUser : sameClient;
      if (!mayUse) return { ...notTried('secret-again', property), variables };
    }
    const config: RouteConfig = { practice, ...routeIds(values) };
    const way = wayOf(RED, engine, config, address);
    try {
      return { practice, variables, ...(await check(settings, way.transport)) };
    } finally {
      way.transport.close();
      way.practice?.giveBack();
    }
  } catch (thrown) {
    return { ...asVerdict(asAuthError(thrown), fields), variables };
  }
}

/** A fault for the dialog: a test that was not made, or one that did not get through. */
export function asVerdict(error: AuthError, { stored }: DialogFields): object {
  const property = String(error.values.property);
  if (error.fault === 'config-node-missing') return notTried('not-deployed', property);
  // The dialog says that something is stored, but nothing is: its node was never deployed.
  if (error.fault === 'property-missing' && stored.has(property)) return notTried('secret-again', property);
  return failedVerdict(error);
}

export function notTried(problem: NotTried['problem'], property: string): NotTried {
  return { state: 'not-tried', problem, values: { property } };
}

function routeIds({ tls, proxy }: Values): RouteConfig {
  return { tls: idIn(tls), proxy: idIn(proxy) };
}

/** The id of a config node; the editor says `_ADD_` where none is chosen. */
export function idIn(value: unknown): string {
  return typeof value === 'string' && value !== '_ADD_' ? value : '';
}

/** The config node as it is deployed, where it is, and is of this type. */
export function deployedConfig(RED: NodeAPI, id: string, type: string): Values | undefined {
  const written = nodeAsWritten(RED, id);
  return written?.type === type ? written : undefined;
}

/** What is deployed may be incomplete: then there is nobody that a secret was stored for. */
export function readDeployed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
