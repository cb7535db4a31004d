import type { Node, NodeAPI } from 'node-red';
import { type AuthError, asAuthError } from '../../../src/core/errors.ts';
import { failedCheck } from '../../../src/core/failed-check.ts';
import { flawOf, type SecretFlaw } from '../../../src/core/secret-flaw.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import { nodeAsWritten } from '../config/fields.ts';
import { checkReach } from '../config/reach.ts';
import { mayUseSecret, type SecretRule } from '../config/secret-owner.ts';
import { DialogFields } from './dialog-fields.ts';
import { BodyError } from './request-body.ts';

/** How what stands in the dialog of a config node is read and tested. */
export interface DialogTest<S> {
  type: string;
  /** @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong */
  read(fields: SettingsReader): S;
  /** What the stored secrets are for. */
  secrets: readonly SecretRule[];
  /** Whether nothing leaves this process, so that a stored secret may be used whatever it was typed in for. */
  isLocal(settings: S): boolean;
  /** @param node the deployed node; null where there is none yet */
  check(settings: S, node: Node | null): Promise<object>;
}

/** A test that was not made, and why. The catalogue has a sentence for each, as `test.problem.…`. */
interface NotTried {
  state: 'not-tried';
  problem: 'secret-again' | 'not-deployed';
  values: { property: string };
}

/** A dialog's values, checked for their types. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * Tests what stands in a dialog, before a deploy. A stored secret is used only for what it was stored for.
 *
 * @returns the verdict for the dialog: neither a token nor a secret is in it
 */
export async function testDialog<S>(
  RED: NodeAPI,
  { type, read, secrets, isLocal, check }: DialogTest<S>,
  { id, z, ...values }: Values,
): Promise<object> {
  if (typeof id !== 'string' || id === '') throw new BodyError('no-id');
  const deployed = deployedConfig(RED, id, type);
  const node = deployed ? RED.nodes.getNode(id) : null;
  const stored: Values = deployed ? { ...(RED.nodes.getCredentials(id) as Values | undefined) } : {};
  const fields = new DialogFields(RED, node, type, values, stored);
  const variables = fields.variables();
  if (values.variablesOnly === true) return { variables };
  try {
    checkReach(RED, node ?? { z: asPlace(deployed?.z ?? z) }, { tls: idIn(values.tls), proxy: idIn(values.proxy) });
    const now = read(fields);
    const before = { written: (name: string) => deployed?.[name], writtenCredential: (name: string) => stored[name] };
    for (const property of isLocal(now) ? [] : fields.stored) {
      if (!mayUseSecret(secrets, property, fields, before)) return { ...notTried('secret-again', property), variables };
    }
    const verdict = await check(now, node);
    return { variables, ...verdict, ...(isRefusal(verdict) ? flawsIn(secrets, fields) : {}) };
  } catch (thrown) {
    return { ...asVerdict(asAuthError(thrown), fields), variables };
  }
}

/** The parts of a verdict that say whether a secret was refused. */
interface Refusing {
  state?: string;
  client?: { state: string };
  person?: { state: string };
  /** Of a session store: what is there was written with another key. */
  otherKey?: boolean;
  values?: { cause?: unknown };
}

/** Whether a secret was refused. */
function isRefusal({ state, client, person, otherKey, values }: Refusing): boolean {
  return (
    [state, client?.state, person?.state].includes('refused') || otherKey === true || values?.cause === 'WRONGPASS'
  );
}

/** What is probably wrong with the secrets. */
function flawsIn(
  secrets: readonly SecretRule[],
  fields: DialogFields,
): { flaws?: { property: string; flaw: SecretFlaw }[] } {
  const flaws = secrets
    .flatMap((rule) => rule.secrets)
    .flatMap((property) => {
      const flaw = flawOf(fields.credential(property));
      return flaw ? [{ property, flaw }] : [];
    });
  return flaws.length > 0 ? { flaws } : {};
}

/** A fault for the dialog: a test that was not made, or one that did not get through. */
function asVerdict(error: AuthError, { stored }: DialogFields): object {
  const property = String(error.values.property);
  if (error.fault === 'config-node-missing') return notTried('not-deployed', property);
  // The dialog says that something is stored, but nothing is: its node was never deployed.
  if (error.fault === 'property-missing' && stored.has(property)) return notTried('secret-again', property);
  return failedCheck(error);
}

function notTried(problem: NotTried['problem'], property: string): NotTried {
  return { state: 'not-tried', problem, values: { property } };
}

function asPlace(z: unknown): string | undefined {
  return typeof z === 'string' ? z : undefined;
}

/** The id of a config node; the editor says `_ADD_` where none is chosen. */
export function idIn(value: unknown): string {
  return typeof value === 'string' && value !== '_ADD_' ? value : '';
}

/** The config node as it is deployed, where it is, and is of this type. */
function deployedConfig(RED: NodeAPI, id: string, type: string): Values | undefined {
  const written = nodeAsWritten(RED, id);
  return written?.type === type ? written : undefined;
}
