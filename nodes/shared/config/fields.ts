import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import { checkPlain, isOptional, readFlag, variableIn } from './variables.ts';

/** A node as it stands in the flow file, before variables were put in; undefined where it is not deployed. */
export function nodeAsWritten(RED: NodeAPI, id: string): Readonly<Record<string, unknown>> | undefined {
  let found: Record<string, unknown> | undefined;
  RED.nodes.eachNode((each) => {
    if (each.id === id) found = each as unknown as Record<string, unknown>;
  });
  return found;
}

/** Whether anything is stored for a node. */
export function hasCredentials(RED: NodeAPI, node: Node): boolean {
  const stored = RED.nodes.getCredentials(writtenId(node)) as Record<string, unknown> | undefined;
  return Object.values(stored ?? {}).some((value) => value !== '' && value !== undefined);
}

/** The id that a node has in the flow file. In a subflow instance it runs with another one. */
export function writtenId(node: Node): string {
  return node._alias ?? node.id;
}

/** Reads what stands in a config node, and finds the variables that have no value. */
export class Fields implements SettingsReader {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #config: object;
  /** Looked for among all nodes, at most once. */
  #written: Readonly<Record<string, unknown>> | undefined;

  constructor(RED: NodeAPI, node: Node, config: object) {
    this.#RED = RED;
    this.#node = node;
    this.#config = config;
  }

  /**
   * A text property, with the default where it is absent.
   *
   * @throws AuthError `AUTH_CONFIG` where it is a variable without a value
   */
  text(property: string, otherwise = ''): string {
    const value = (this.#config as Record<string, unknown>)[property];
    return this.#check(property, value === undefined || value === null ? otherwise : String(value), () =>
      this.written(property),
    );
  }

  /** @throws AuthError `AUTH_CONFIG` if it is neither true nor false */
  flag(property: string): boolean {
    const value = (this.#config as Record<string, unknown>)[property];
    return readFlag(property, value === '' ? this.written(property) : value);
  }

  /** A credential; empty where there is none. @throws as `text` */
  credential(property: string): string {
    const value = (this.#node.credentials as Record<string, unknown> | undefined)?.[property];
    return this.#check(property, typeof value === 'string' ? value : '', () => this.writtenCredential(property));
  }

  written(property: string): unknown {
    this.#written ??= nodeAsWritten(this.#RED, writtenId(this.#node)) ?? {};
    return this.#written[property];
  }

  writtenCredential(property: string): unknown {
    const stored = this.#RED.nodes.getCredentials(writtenId(this.#node)) as Record<string, unknown> | undefined;
    return stored?.[property];
  }

  /** @param written the value before variables were put in, looked for only where it is needed */
  #check(property: string, value: string, written: () => unknown): string {
    let variable = variableIn(value);
    if (variable === undefined && value.trim() === '') {
      if (isOptional(this.#node.type, property)) return '';
      variable = variableIn(written());
    }
    if (variable !== undefined) throw new AuthError('variable-missing', { property, variable });
    // The address of a Redis from the environment may have a password in it.
    if (this.#node.type !== 'auth-store' || property !== 'url' || variableIn(written()) === undefined) {
      checkPlain(property, value);
    }
    return value;
  }
}
