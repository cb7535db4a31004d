import { type AuthError, asAuthError } from '../../../src/core/errors.ts';
import { type Properties, readProperties, type Schema } from '../flow-node-properties.ts';
import type { StatusLine } from '../status.ts';

/**
 * The properties of a flow node, read when Node-RED creates it. If a property is missing or wrong, the node's
 * status shows that at once, and each message fails with the same error.
 */
export class NodeSetup<S extends Schema, T> {
  /** The properties. An invalid one has its default, so that the node can still remove a secret from a message. */
  readonly properties: Properties<S>;
  /** Undefined if a property is missing or wrong. */
  readonly value: T | undefined;
  readonly #problem: AuthError = asAuthError(undefined);
  readonly #status: StatusLine;

  /**
   * @param config the node's definition
   * @param schema the properties of this type of node
   * @param open creates the working parts of the node; it is not called if a property is invalid.
   *   An AuthError that it throws is kept for the messages
   */
  constructor(status: StatusLine, config: object, schema: S, open: (properties: Properties<S>) => T) {
    this.#status = status;
    const { properties, problem } = readProperties(config, schema);
    this.properties = properties;
    try {
      if (problem) throw problem;
      this.value = open(properties);
    } catch (thrown) {
      this.#problem = asAuthError(thrown);
      status.misconfigured(this.#problem);
    }
  }

  /** @throws AuthError if a property is missing or wrong */
  get(): T {
    if (this.value === undefined) throw this.#problem;
    return this.value;
  }

  /** Shows in the status why a message failed. */
  failed(error: AuthError): void {
    if (this.value === undefined) this.#status.misconfigured(error);
    else this.#status.failed(error);
  }
}
