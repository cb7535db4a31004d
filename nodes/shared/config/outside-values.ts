import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../../../src/core/clock.ts';
import type { AuthError } from '../../../src/core/errors.ts';
import { sentenceOf, textOf } from '../catalogue.ts';
import { engineOf } from '../runtime.ts';
import { OutsideValue } from './outside-value.ts';
import { definitionOf, writtenId } from './running-flow.ts';
import { readSecretFile } from './secret-file.ts';
import { askHook, type HookContext, type SecretHook } from './secret-hook.ts';

/** The properties and credentials that a file or settings.js may give. */
const NAMES: ReadonlySet<string> = new Set([
  'tokenUrl',
  'url',
  'testUrl',
  'applicationId',
  'clientId',
  'clientSecret',
  'nextClientId',
  'nextClientSecret',
  'username',
  'password',
  'encryptionKey',
  'previousEncryptionKey',
  'sentinelPassword',
]);

/** Whether a property or credential may come from a file or from settings.js. */
export function mayComeFromOutside(name: string): boolean {
  return NAMES.has(name);
}

/** The settings of Node-RED that decide about values from outside. */
interface OutsideSettings {
  envVarExcludes?: unknown;
  vgAuthSecret?: unknown;
}

/**
 * The values of one config node that Node-RED's environment does not have: the file that `NAME_FILE` names in the process
 * environment, then `vgAuthSecret` in settings.js. A flow's own environment cannot name a file.
 */
export class OutsideValues {
  readonly #settings: OutsideSettings;
  readonly #context: () => HookContext;
  readonly #means: { clock: Clock; stale: (variable: string, error: AuthError) => void };
  readonly #found = new Map<string, OutsideValue>();

  /**
   * @param context the data of the config node for the hook
   * @param means `stale` is called when the last value of a variable stays in use because there is no new one
   */
  constructor(
    settings: object,
    context: () => HookContext,
    means: { clock: Clock; stale: (variable: string, error: AuthError) => void },
  ) {
    this.#settings = settings;
    this.#context = context;
    this.#means = means;
  }

  /** The value of a variable; undefined if there is neither a file nor a hook for it. */
  find(property: string, variable: string): OutsideValue | undefined {
    const known = this.#found.get(variable);
    if (known) return known;
    const found = this.#open(property, variable);
    if (found) this.#found.set(variable, found);
    return found;
  }

  /** All values that were requested and found. */
  get all(): OutsideValue[] {
    return [...this.#found.values()];
  }

  #open(property: string, variable: string): OutsideValue | undefined {
    if (this.#isExcluded(variable) || this.#isExcluded(`${variable}_FILE`)) return undefined;
    const path = process.env[`${variable}_FILE`];
    if (path) return new OutsideValue(variable, `\${${variable}}`, () => readSecretFile(path, variable), this.#means);
    const hook = this.#settings.vgAuthSecret;
    if (typeof hook !== 'function') return undefined;
    const context = this.#context();
    const ask = (): Promise<string> => askHook(hook as SecretHook, variable, context, property, this.#means.clock);
    return new OutsideValue(variable, `\${${variable}} ${context.id}`, ask, this.#means);
  }

  #isExcluded(variable: string): boolean {
    const { envVarExcludes } = this.#settings;
    return Array.isArray(envVarExcludes) && envVarExcludes.includes(variable);
  }
}

/** The values from outside of a running config node. If a value cannot be read again, the log says so once. */
export function outsideValuesOf(RED: NodeAPI, node: Node): OutsideValues {
  const id = writtenId(node);
  const context = (): HookContext => ({ id, type: node.type, z: asText(definitionOf(RED, node).z) });
  return new OutsideValues(RED.settings, context, {
    clock: engineOf(RED).clock,
    stale: (variable, error) => node.warn(staleText(RED, error, variable)),
  });
}

/** The key of the warning about a last value that stays in use. */
const LAST_VALUE = 'config.last-value';

/** The warning that a new value cannot be read, or cannot be used. */
export function staleText(RED: NodeAPI, error: AuthError, variable: string): string {
  return textOf(RED, LAST_VALUE, { variable, why: sentenceOf(RED, error) });
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
