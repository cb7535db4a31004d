import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/errors.ts';
import type { FieldReader } from '../../../src/fields.ts';

/** A property whose whole value is this was meant to come from the environment. */
const VARIABLE = /^\$(?:\{([^}]+)\}|\(([^)]+)\))$/;

/** The name of the variable in `${NAME}` or `$(NAME)`. */
export function variableIn(value: unknown): string | undefined {
  const found = typeof value === 'string' ? VARIABLE.exec(value.trim()) : null;
  return found ? (found[1] ?? found[2]) : undefined;
}

/** A node as it stands in the flow file, before variables were put in; undefined where it is not deployed. */
export function nodeAsWritten(RED: NodeAPI, id: string): Readonly<Record<string, unknown>> | undefined {
  let found: Record<string, unknown> | undefined;
  RED.nodes.eachNode((each) => {
    if (each.id === id) found = each as unknown as Record<string, unknown>;
  });
  return found;
}

/** The id that a node has in the flow file. In a subflow instance it runs with another one. */
function writtenId(node: Node): string {
  return node._alias ?? node.id;
}

/** Reads what stands in a config node, and finds the variables that have no value. */
export class Fields implements FieldReader {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #config: object;

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

  flag(property: string): boolean {
    return (this.#config as Record<string, unknown>)[property] === true;
  }

  /** A credential; empty where there is none. @throws as `text` */
  credential(property: string): string {
    const value = (this.#node.credentials as Record<string, unknown> | undefined)?.[property];
    return this.#check(property, typeof value === 'string' ? value : '', () => this.writtenCredential(property));
  }

  written(property: string): unknown {
    return nodeAsWritten(this.#RED, writtenId(this.#node))?.[property];
  }

  writtenCredential(property: string): unknown {
    const stored = this.#RED.nodes.getCredentials(writtenId(this.#node)) as Record<string, unknown> | undefined;
    return stored?.[property];
  }

  /** @param written the value before variables were put in, looked for only where it is needed */
  #check(property: string, value: string, written: () => unknown): string {
    const variable = variableIn(value) ?? (value.trim() === '' ? variableIn(written()) : undefined);
    if (variable !== undefined) throw new AuthError('variable-missing', { property, variable });
    return value;
  }
}
