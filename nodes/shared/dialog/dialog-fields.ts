import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import { checkPlain, isOptional, variableIn } from '../config/variables.ts';

/** What the editor shows, and sends, in place of a secret that is stored. */
const STORED = '__PWRD__';

/** A variable that stands in a dialog. */
export interface DialogVariable {
  property: string;
  variable: string;
  isSet: boolean;
}

type Values = Readonly<Record<string, unknown>>;

/** Reads what is in a dialog, as `Fields` reads what is deployed. */
export class DialogFields implements SettingsReader {
  /** The properties whose stored secret was read. */
  readonly stored = new Set<string>();
  readonly #RED: NodeAPI;
  readonly #node: Node | null;
  readonly #type: string;
  readonly #values: Values;
  readonly #secrets: Values;

  /**
   * @param node the deployed node, whose flow says what a variable is; null where there is none yet
   * @param type of the config node
   * @param secrets what is stored for it
   */
  constructor(RED: NodeAPI, node: Node | null, type: string, values: Values, secrets: Values) {
    this.#RED = RED;
    this.#node = node;
    this.#type = type;
    this.#values = values;
    this.#secrets = secrets;
  }

  text(property: string, otherwise = ''): string {
    return this.#resolve(property, asText(this.#values[property], otherwise));
  }

  flag(property: string): boolean {
    return this.#values[property] === true;
  }

  credential(property: string): string {
    const typed = asText(this.#values[property]);
    if (typed !== STORED) return this.#resolve(property, typed);
    this.stored.add(property);
    return this.#resolve(property, asText(this.#secrets[property]));
  }

  written(property: string): unknown {
    return this.#values[property];
  }

  writtenCredential(property: string): unknown {
    const typed = this.#values[property];
    return typed === STORED ? this.#secrets[property] : typed;
  }

  /** The variables that stand in the dialog, and whether each has a value here. Never the value. */
  variables(): DialogVariable[] {
    const found: DialogVariable[] = [];
    for (const [property, value] of Object.entries(this.#values)) {
      const variable = variableIn(value);
      if (variable !== undefined)
        found.push({ property, variable, isSet: this.#valueFor(property, variable) !== undefined });
    }
    return found;
  }

  #resolve(property: string, written: string): string {
    const variable = variableIn(written);
    const value = variable === undefined ? written : this.#valueFor(property, variable);
    if (value === undefined) throw new AuthError('variable-missing', { property, variable: variable ?? '' });
    // The address of a Redis from the environment may have a password in it.
    if (this.#type !== 'auth-store' || property !== 'url' || variable === undefined) checkPlain(property, value);
    return value;
  }

  /** What a property gets from a variable; undefined if that has no value which the property could have. */
  #valueFor(property: string, variable: string): string | undefined {
    const value = this.#valueOf(variable);
    if (value === undefined || value.trim() !== '') return value;
    return isOptional(this.#type, property) ? '' : undefined;
  }

  #valueOf(variable: string): string | undefined {
    // Without a flow, Node-RED's own list of what is kept from flows would not be asked.
    const { envVarExcludes } = this.#RED.settings as { envVarExcludes?: unknown };
    if (Array.isArray(envVarExcludes) && envVarExcludes.includes(variable)) return undefined;
    const found: unknown = this.#node ? this.#RED.util.getSetting(this.#node, variable) : process.env[variable];
    if (typeof found === 'number' || typeof found === 'boolean') return String(found);
    return typeof found === 'string' && variableIn(found) === undefined ? found : undefined;
  }
}

function asText(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}
