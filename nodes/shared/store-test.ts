import type { Node, NodeAPI } from 'node-red';
import { asAuthError } from '../../src/errors.ts';
import { checkStore } from '../../src/store/check.ts';
import type { StoreSettings } from '../../src/store/open.ts';
import { nameOfTarget } from '../../src/store/redis-address.ts';
import type { System } from '../../src/system.ts';
import { DialogFields } from './dialog-fields.ts';
import { asVerdict, deployedConfig, idIn, notTried, readDeployed } from './dialog-test.ts';
import { BodyError } from './request-body.ts';
import { contextKindOf, meansOf, readStore } from './store-settings.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Tests the store that stands in a dialog, before a deploy. A stored secret is used only for the place that it was stored for.
 *
 * @param values the dialog's values, checked for their types
 * @returns the verdict for the dialog: no secret is in it
 */
export async function testStore(RED: NodeAPI, system: System, { id, ...values }: Values): Promise<object> {
  if (typeof id !== 'string' || id === '') throw new BodyError('no-id');
  const deployed = deployedConfig(RED, id, 'auth-store');
  const node = deployed ? RED.nodes.getNode(id) : null;
  const stored: Values = deployed ? { ...(RED.nodes.getCredentials(id) as Values | undefined) } : {};
  const fields = new DialogFields(RED, node, values, stored);
  const variables = fields.variables();
  if (values.variablesOnly === true) return { variables };
  try {
    const settings = readStore(fields);
    const before =
      deployed && readDeployed(() => readStore(new DialogFields(RED, node, { ...deployed, ...stored }, {})));
    for (const property of fields.stored) {
      if (!mayUse(property, settings, before)) return { ...notTried('secret-again', property), variables };
    }
    const { means } = meansOf(RED, node ?? anyNode(RED), settings, idIn(values.tls));
    const kept = settings.kind === 'context' ? contextKindOf(RED.settings, settings.context) : {};
    return { kind: settings.kind, ...kept, variables, ...(await checkStore(settings, means, system)) };
  } catch (thrown) {
    return { ...asVerdict(asAuthError(thrown), fields), variables };
  }
}

/** What is sealed with a key lets others try passphrases, so it goes nowhere else either, but into this machine's own context. */
function mayUse(property: string, settings: StoreSettings, before: StoreSettings | undefined): boolean {
  if (!before) return false;
  if (settings.kind === 'context') return true;
  if (before.kind === 'context') return false;
  const isSamePlace = nameOfTarget(settings) === nameOfTarget(before) && settings.isSecure === before.isSecure;
  return isSamePlace && (property !== 'password' || settings.username === before.username);
}

/** A node that runs, whose context a test may borrow before its own node is deployed. */
function anyNode(RED: NodeAPI): Node | null {
  let found: Node | null = null;
  RED.nodes.eachNode(({ id }) => {
    found ??= RED.nodes.getNode(id) ?? null;
  });
  return found;
}
