import { type AuthError, asAuthError } from '../../../src/errors.ts';
import type { StatusLine } from '../status.ts';

/** What a node works with, opened when the node is made. What keeps it from that is shown at once, and told by every message. */
export class Opened<T> {
  /** Undefined where it could not be opened. */
  readonly value: T | undefined;
  readonly #problem: AuthError = asAuthError(undefined);
  readonly #status: StatusLine;

  /** @param open an AuthError that it throws is kept for the messages */
  constructor(status: StatusLine, open: () => T) {
    this.#status = status;
    try {
      this.value = open();
    } catch (thrown) {
      this.#problem = asAuthError(thrown);
      status.misconfigured(this.#problem);
    }
  }

  /** @throws AuthError where it could not be opened */
  get(): T {
    if (this.value === undefined) throw this.#problem;
    return this.value;
  }

  /** Shows why a message failed: where nothing could be opened, it is the configuration. */
  failed(error: AuthError): void {
    if (this.value === undefined) this.#status.misconfigured(error);
    else this.#status.failed(error);
  }
}
