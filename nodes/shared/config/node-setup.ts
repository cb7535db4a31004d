import { type AuthError, asAuthError } from '../../../src/core/errors.ts';
import type { StatusLine } from '../status.ts';

/** What a node reads from its properties when it is made. An error is shown at once, and thrown for every message. */
export class NodeSetup<T> {
  /** Undefined if the properties are missing or wrong. */
  readonly value: T | undefined;
  readonly #problem: AuthError = asAuthError(undefined);
  readonly #status: StatusLine;

  /** @param read reads the properties. An AuthError that it throws is kept for the messages */
  constructor(status: StatusLine, read: () => T) {
    this.#status = status;
    try {
      this.value = read();
    } catch (thrown) {
      this.#problem = asAuthError(thrown);
      status.misconfigured(this.#problem);
    }
  }

  /** @throws AuthError if the properties are missing or wrong */
  get(): T {
    if (this.value === undefined) throw this.#problem;
    return this.value;
  }

  /** Shows why a message failed. */
  failed(error: AuthError): void {
    if (this.value === undefined) this.#status.misconfigured(error);
    else this.#status.failed(error);
  }
}
