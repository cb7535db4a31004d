import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/errors.ts';
import type { FieldReader } from '../../../src/fields.ts';
import { variableIn } from '../config/fields.ts';

/** What the editor shows, and sends, in place of a secret that is stored. */
const STORED = '__PWRD__';

/** A variable that stands in a dialog. */
export interface DialogVariable {
  property: string;
  variable: string;
  isSet: boolean;
}

type Values = Readonly<Record<string, unknown>>;

/** Reads what stands in a dialog, or in a flow file, as `Fields` reads what is deployed. */
export class DialogFields implements FieldReader {
  /** The properties whose stored secret was read. */
  readonly stored = new Set<string>();
  readonly #RED: NodeAPI;
  readonly #node: Node | null;
  readonly #values: Values;
  readonly #secrets: Values;

  /**
   * @param node the deployed node, whose flow says what a variable is; null where there is none yet
   * @param secrets what is stored for it
   */
  constructor(RED: NodeAPI, node: Node | null, values: Values, secrets: Values) {
    this.#RED = RED;
    this.#node = node;
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
      if (variable !== undefined) found.push({ property, variable, isSet: this.#valueOf(variable) !== '' });
    }
    return found;
  }

  #resolve(property: string, written: string): string {
    const variable = variableIn(written);
    if (variable === undefined) return written;
    const value = this.#valueOf(variable);
    if (value === '') throw new AuthError('variable-missing', { property, variable });
    return value;
  }

  #valueOf(variable: string): string {
    // Without a flow, Node-RED's own list of what is kept from flows would not be asked.
    const { envVarExcludes } = this.#RED.settings as { envVarExcludes?: unknown };
    if (Array.isArray(envVarExcludes) && envVarExcludes.includes(variable)) return '';
    const found: unknown = this.#node
      ? this.#RED.util.evaluateNodeProperty(`\${${variable}}`, 'env', this.#node, {})
      : process.env[variable];
    const text = typeof found === 'number' || typeof found === 'boolean' ? String(found) : asText(found);
    return variableIn(text) === undefined ? text.trim() && text : '';
  }
}

function asText(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}
