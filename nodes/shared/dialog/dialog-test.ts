import type { Node, NodeAPI } from 'node-red';
import { AuthError, asAuthError } from '../../../src/core/errors.ts';
import { type FailedCheck, failedCheck } from '../../../src/core/failed-check.ts';
import { flawOf, type SecretFlaw } from '../../../src/core/secret-flaw.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import { OutsideValues } from '../config/outside-values.ts';
import { checkReach } from '../config/reach.ts';
import { nodeAsWritten, nodeFrom, type Placed } from '../config/running-flow.ts';
import { mayUseSecret, referenceIn, type SecretRule } from '../config/secret-owner.ts';
import { engineOf } from '../runtime.ts';
import { DialogFields, STORED } from './dialog-fields.ts';
import { withoutValues } from './redact-variables.ts';
import { BodyError } from './request-body.ts';
import { TestSentences } from './test-sentences.ts';
import { stoppedSteps, type TestSummary } from './test-steps.ts';

/** How the settings in the dialog of a config node are read and tested. */
export interface DialogTest<S, C extends object> {
  type: string;
  /** @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong */
  read(fields: SettingsReader): S;
  /** The place for which the stored secrets were entered. */
  secrets: readonly SecretRule[];
  /** Properties that this test does not use. They count as empty. */
  unused?: readonly string[];
  /** Whether nothing leaves this process, so that a stored secret may be used for any address. */
  isLocal(settings: S): boolean;
  /**
   * @param user the config node: the deployed one, or the place of one that is not deployed
   * @param node the deployed node. Null before the first deploy
   * @throws AuthError `AUTH_CONFIG` if the settings are found to be unusable
   */
  check(settings: S, user: Placed, node: Node | null): Promise<C>;
  summarize(sentences: TestSentences, check: C, settings: S): TestSummary;
}

/** A test that was not run. The catalog has a message for each problem. */
interface NotTried {
  state: 'not-tried';
  problem: 'secret-again' | 'not-deployed' | 'variable-in-flow';
  values: { property: string; variable?: string };
}

/** The values of a dialog. Their types are checked. */
export type Values = Readonly<Record<string, unknown>>;

/** Properties of a body that are not values of the dialog. */
const ABOUT_TEST: readonly string[] = ['signIn', 'variablesOnly'];

/**
 * Tests the settings in a dialog, before a deploy; if there are none in the body, the deployed ones. Variables have
 * the values that the deployed node gets. A stored secret is used only for the place for which it was stored.
 *
 * @returns the reply, without a token, a stored secret and the value of a variable
 */
export async function testDialog<S, C extends object>(
  RED: NodeAPI,
  test: DialogTest<S, C>,
  { id, z, ...given }: Values,
): Promise<object> {
  if (typeof id !== 'string' || id === '') throw new BodyError('no-id');
  const { type, secrets } = test;
  const deployed = deployedConfig(RED, id, type);
  const node = deployed ? RED.nodes.getNode(id) : null;
  const stored: Values = deployed ? { ...(RED.nodes.getCredentials(id) as Values | undefined) } : {};
  const isDialog = Object.keys(given).some((name) => !ABOUT_TEST.includes(name));
  const values = {
    ...(isDialog || !deployed ? given : { ...given, ...valuesOf(deployed, stored, secrets) }),
    ...Object.fromEntries((test.unused ?? []).map((property) => [property, ''])),
  };
  const place = asPlace(deployed?.z ?? z);
  const outside = new OutsideValues(RED.settings, () => ({ id, type, z: place || undefined }), {
    clock: engineOf(RED).clock,
    stale: () => undefined,
  });
  const user: Placed = node ?? { z: place };
  const fields = new DialogFields(RED, user, type, { values, secrets: stored, outside });
  await fields.askOutside();
  const variables = fields.variables();
  if (given.variablesOnly === true) return { variables };
  const sentences = new TestSentences(RED);
  const reply = (found: object): object => ({ ...(withoutValues(found, fields.resolved) as object), variables });
  try {
    checkReach(RED, user, { tls: referenceIn(values.tls), proxy: referenceIn(values.proxy) });
    const settings = test.read(fields);
    const isSent = !test.isLocal(settings);
    if (isSent) checkRunning(RED, user, values);
    const before = { written: (name: string) => deployed?.[name], writtenCredential: (name: string) => stored[name] };
    const foreign = [...(isSent ? fields.stored : [])].find((each) => !mayUseSecret(secrets, each, fields, before));
    if (foreign !== undefined) {
      return reply(stopped(sentences, notTried('secret-again', { property: foreign }), fields));
    }
    const check = await test.check(settings, user, node);
    const flaws = isRefusal(check) ? flawsIn(secrets, fields) : {};
    return reply({ ...check, ...flaws, ...test.summarize(sentences, check, settings) });
  } catch (thrown) {
    return reply(stopped(sentences, asVerdict(asAuthError(thrown), fields), fields));
  }
}

/** The deployed values, in the form in which a dialog sends them. */
function valuesOf(deployed: Values, stored: Values, secrets: readonly SecretRule[]): Values {
  const isSecret = (name: string): boolean => secrets.some((rule) => rule.secrets.includes(name));
  const credentials = Object.entries(stored).map(([name, value]) => [name, isSecret(name) ? STORED : value]);
  return { ...deployed, ...Object.fromEntries(credentials) };
}

/** The reply of a test that stopped at the settings. */
function stopped(sentences: TestSentences, verdict: NotTried | FailedCheck, fields: DialogFields): object {
  const message =
    verdict.state === 'failed'
      ? sentences.failed(verdict)
      : sentences.say(`test.problem.${verdict.problem}`, verdict.values);
  const testUrl = fields.written('testUrl');
  const hasApi = typeof testUrl === 'string' && testUrl.trim() !== '';
  return { ...verdict, message, steps: stoppedSteps(sentences, message, hasApi) };
}

/** The parts of a verdict that say whether a secret was refused. */
interface Refusing {
  state?: string;
  client?: { state: string };
  person?: { state: string };
  /** For a session store: whether its content was written with another key. */
  otherKey?: boolean;
  values?: { cause?: unknown };
}

/** Whether a secret was refused. */
function isRefusal({ state, client, person, otherKey, values }: Refusing): boolean {
  return (
    [state, client?.state, person?.state].includes('refused') || otherKey === true || values?.cause === 'WRONGPASS'
  );
}

/** The probable flaws of the secrets. */
function flawsIn(
  secrets: readonly SecretRule[],
  fields: DialogFields,
): { flaws?: { property: string; flaw: SecretFlaw }[] } {
  const flaws = secrets
    .flatMap((rule) => rule.secrets)
    .flatMap((property) => {
      const flaw = flawOf(credentialIn(fields, property));
      return flaw ? [{ property, flaw }] : [];
    });
  return flaws.length > 0 ? { flaws } : {};
}

/** A credential; empty if it is a variable without a value, which the practice server does not need. */
function credentialIn(fields: DialogFields, property: string): string {
  try {
    return fields.credential(property);
  } catch {
    return '';
  }
}

/** The result in the dialog of an error in the settings: a test that cannot be run yet, or one that failed. */
function asVerdict(error: AuthError, fields: DialogFields): NotTried | FailedCheck {
  const property = String(error.values.property);
  if (error.fault === 'config-node-missing') return notTried('not-deployed', { property });
  // A copied node shows a stored secret, but has none.
  if (error.fault === 'property-missing' && fields.stored.has(property)) return notTried('secret-again', { property });
  const variable = String(error.values.variable);
  if (error.fault === 'variable-missing' && fields.isInside(variable)) {
    return notTried('variable-in-flow', { property, variable });
  }
  return failedCheck(error);
}

function notTried(problem: NotTried['problem'], values: NotTried['values']): NotTried {
  return { state: 'not-tried', problem, values };
}

/** @throws AuthError `AUTH_CONFIG` if the TLS configuration or proxy of the dialog does not run */
function checkRunning(RED: NodeAPI, user: Placed, values: Values): void {
  for (const property of ['tls', 'proxy']) {
    const id = referenceIn(values[property]);
    if (id !== '' && !nodeFrom(RED, user, id)) throw new AuthError('config-node-missing', { property });
  }
}

function asPlace(z: unknown): string | undefined {
  return typeof z === 'string' ? z : undefined;
}

/** The deployed config node. Undefined if it is not deployed, or of another type. */
function deployedConfig(RED: NodeAPI, id: string, type: string): Values | undefined {
  const written = nodeAsWritten(RED, id);
  return written?.type === type ? written : undefined;
}
