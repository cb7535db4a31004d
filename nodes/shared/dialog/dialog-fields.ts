import type { NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import type { OutsideValue } from '../config/outside-value.ts';
import { mayComeFromOutside, type OutsideValues } from '../config/outside-values.ts';
import type { Placed } from '../config/running-flow.ts';
import { checkPlain, isOptional, readFlag, readText, variableIn } from '../config/variables.ts';
import { DialogEnvironment } from './dialog-environment.ts';

/** The text that the editor shows and sends in place of a stored secret. */
export const STORED = '__PWRD__';

/** The properties whose host a test shows. */
const ADDRESSES: ReadonlySet<string> = new Set(['tokenUrl', 'url', 'testUrl']);

/** A variable in a dialog. */
export interface DialogVariable {
  property: string;
  variable: string;
  /** Whether it has a value that the property can have. */
  isSet: boolean;
  /** Whether its value is known only inside a flow or subflow instance. */
  isInside?: true;
}

type Values = Readonly<Record<string, unknown>>;

/** Reads the properties and credentials in a dialog, as `ConfigNodeProperties` reads those of a deployed node. */
export class DialogFields implements SettingsReader {
  /** The properties whose stored secret was read. */
  readonly stored = new Set<string>();
  /** The values of variables that were read, by the names of the variables. Those of addresses are not in it. */
  readonly resolved = new Map<string, string>();
  readonly #environment: DialogEnvironment;
  readonly #type: string;
  readonly #values: Values;
  readonly #secrets: Values;
  readonly #outside: OutsideValues;

  /**
   * @param user the deployed node, or the place of one that does not run: it decides the values of variables
   * @param type of the config node
   * @param secrets its stored credentials
   * @param outside the values from files and `vgAuthSecret`
   */
  constructor(
    RED: NodeAPI,
    user: Placed,
    type: string,
    { values, secrets, outside }: { values: Values; secrets: Values; outside: OutsideValues },
  ) {
    this.#environment = new DialogEnvironment(RED, user);
    this.#type = type;
    this.#values = values;
    this.#secrets = secrets;
    this.#outside = outside;
  }

  /** Reads files and calls `vgAuthSecret` for the values of all variables that need them. It never throws. */
  async askOutside(): Promise<void> {
    const asked = Object.keys(this.#values).map((property) => {
      const variable = variableIn(this.writtenCredential(property));
      return variable === undefined ? undefined : this.#find(property, variable)?.ask(false);
    });
    await Promise.allSettled(asked);
  }

  /** @throws AuthError `AUTH_CONFIG` if it is a variable without a value, or has a variable inside other text */
  text(property: string, otherwise = ''): string {
    return this.#resolve(property, readText(property, this.#values[property], otherwise));
  }

  flag(property: string): boolean {
    const written = this.#values[property];
    const variable = variableIn(written);
    return readFlag(property, variable === undefined ? written : (this.#environment.find(variable).value ?? written));
  }

  /** A credential: the one in the dialog, or the stored one. @throws as `text` */
  credential(property: string): string {
    const typed = readText(property, this.#values[property]);
    if (typed !== STORED) return this.#resolve(property, typed);
    this.stored.add(property);
    return this.#resolve(property, readText(property, this.#secrets[property]));
  }

  written(property: string): unknown {
    return this.#values[property];
  }

  writtenCredential(property: string): unknown {
    const typed = this.#values[property];
    return typed === STORED ? this.#secrets[property] : typed;
  }

  /** The variables in the dialog, without their values. */
  variables(): DialogVariable[] {
    const found: DialogVariable[] = [];
    for (const [property, value] of Object.entries(this.#values)) {
      const variable = variableIn(value);
      if (variable === undefined) continue;
      const isSet = this.#valueFor(property, variable) !== undefined;
      found.push({ property, variable, isSet, ...(!isSet && this.isInside(variable) ? { isInside: true } : {}) });
    }
    return found;
  }

  /** Whether the value of a variable is known only inside a flow or subflow instance. */
  isInside(variable: string): boolean {
    return this.#environment.find(variable).isInside === true;
  }

  #resolve(property: string, written: string): string {
    const variable = variableIn(written);
    if (variable === undefined) {
      checkPlain(property, written);
      return written;
    }
    const value = this.#valueFor(property, variable);
    if (value === undefined) {
      throw this.#find(property, variable)?.problem ?? new AuthError('variable-missing', { property, variable });
    }
    if (value !== '' && !ADDRESSES.has(property)) this.resolved.set(variable, value);
    // The address of a Redis from the environment may contain a password.
    if (this.#type !== 'auth-store' || property !== 'url') checkPlain(property, value);
    return value;
  }

  /** The value of a variable for a property. Undefined if it has none that the property can have. */
  #valueFor(property: string, variable: string): string | undefined {
    const value = this.#environment.find(variable).value ?? this.#find(property, variable)?.value;
    if (value === undefined || value.trim() !== '') return value;
    return isOptional(this.#type, property) ? '' : undefined;
  }

  /** The value from a file or `vgAuthSecret`, if Node-RED's environment has none. */
  #find(property: string, variable: string): OutsideValue | undefined {
    const isOutside = mayComeFromOutside(property) && this.#environment.find(variable).value === undefined;
    return isOutside ? this.#outside.find(property, variable) : undefined;
  }
}
