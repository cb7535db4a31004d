import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import type { OutsideValue } from './outside-value.ts';
import { mayComeFromOutside, type OutsideValues } from './outside-values.ts';
import { type Definition, definitionOf, writtenId } from './running-flow.ts';
import { checkPlain, isOptional, readFlag, readText, variableIn } from './variables.ts';

/** The stored credentials of a running config node, before variables are replaced. */
export function storedCredentials(RED: NodeAPI, node: Node): Readonly<Record<string, unknown>> | undefined {
  return RED.nodes.getCredentials(writtenId(node)) as Record<string, unknown> | undefined;
}

/** Whether anything is stored for a node. */
export function hasCredentials(RED: NodeAPI, node: Node): boolean {
  return Object.values(storedCredentials(RED, node) ?? {}).some((value) => value !== '' && value !== undefined);
}

/** Reads the properties and credentials of a running config node, and finds the variables that have no value. */
export class ConfigNodeProperties implements SettingsReader {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #config: object;
  /** Whether a name is read in place of each value from outside. */
  readonly #isNaming: boolean;
  /** The values that come from files or settings.js. Undefined if none may. */
  readonly outside: OutsideValues | undefined;
  /** Set by the first `written`. */
  #definition: Definition | undefined;

  /** @param config the properties as Node-RED passed them to the constructor of the node: variables are replaced */
  constructor(RED: NodeAPI, node: Node, config: object, outside?: OutsideValues, isNaming = false) {
    this.#RED = RED;
    this.#node = node;
    this.#config = config;
    this.outside = outside;
    this.#isNaming = isNaming;
  }

  /** The same with a name in place of each value from outside, which need not be known. */
  get names(): ConfigNodeProperties {
    return new ConfigNodeProperties(this.#RED, this.#node, this.#config, this.outside, true);
  }

  /**
   * A text property, or the default if it is absent.
   *
   * @throws AuthError `AUTH_CONFIG` if it is a list or an object, a variable without a value, or has a variable inside
   *   other text
   */
  text(property: string, otherwise = ''): string {
    const value = readText(property, (this.#config as Record<string, unknown>)[property], otherwise);
    const outside = mayComeFromOutside(property) ? this.#find(property, value) : undefined;
    return outside ? this.#take(property, outside) : this.#check(property, value, () => this.written(property));
  }

  /** @param otherwise the value of an absent property. @throws AuthError `AUTH_CONFIG` if it is neither true nor false */
  flag(property: string, otherwise = false): boolean {
    const value = (this.#config as Record<string, unknown>)[property];
    if (value === undefined || value === null) return otherwise;
    return readFlag(property, value === '' ? this.written(property) : value);
  }

  /** A credential. Empty if there is none. @throws as `text` */
  credential(property: string): string {
    const value = readText(property, (this.#node.credentials as Record<string, unknown> | undefined)?.[property]);
    const outside = this.#find(property, value);
    return outside
      ? this.#take(property, outside)
      : this.#check(property, value, () => this.writtenCredential(property));
  }

  isStandIn(property: string): boolean {
    return this.#isNaming && this.#find(property, (this.#config as Record<string, unknown>)[property]) !== undefined;
  }

  written(property: string): unknown {
    this.#definition ??= definitionOf(this.#RED, this.#node);
    return this.#definition[property];
  }

  writtenCredential(property: string): unknown {
    return storedCredentials(this.#RED, this.#node)?.[property];
  }

  /** @param written returns the value before variables were replaced. It is called only if it is needed */
  #check(property: string, value: string, written: () => unknown): string {
    let variable = variableIn(value);
    if (variable === undefined && value.trim() === '') {
      if (isOptional(this.#node.type, property)) return '';
      variable = variableIn(written());
    }
    if (variable !== undefined) throw new AuthError('variable-missing', { property, variable });
    // The address of a Redis from the environment may contain a password.
    if (this.#node.type !== 'auth-store' || property !== 'url' || variableIn(written()) === undefined) {
      checkPlain(property, value);
    }
    return value;
  }

  /** @param value as Node-RED returns it: it still contains a variable that has no value */
  #find(property: string, value: unknown): OutsideValue | undefined {
    const variable = variableIn(value);
    return variable === undefined ? undefined : this.outside?.find(property, variable);
  }

  #take(property: string, { standIn, variable, value = '' }: OutsideValue): string {
    // The address of a store is parsed. A variable is a host name for a URL whose scheme is not http.
    if (this.#isNaming) return this.#isStoreAddress(property) ? `rediss://\${${variable}}` : standIn;
    if (value.trim() === '') {
      if (isOptional(this.#node.type, property)) return '';
      throw new AuthError('variable-missing', { property, variable });
    }
    // The address of a Redis may have a password in it.
    if (!this.#isStoreAddress(property)) checkPlain(property, value);
    return value;
  }

  #isStoreAddress(property: string): boolean {
    return this.#node.type === 'auth-store' && property === 'url';
  }
}
