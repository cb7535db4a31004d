import { AuthError } from './errors.ts';
import { delay, type System } from './system.ts';

const FIRST = 1_000;
const LONGEST = 30_000;
/** A server may ask for more than the longest pause, but not for ever: recovery must need no deploy. */
const LONGEST_ASKED = 600_000;
/** Who comes in a pause waits for its end when that is so near, so that the first message after a recovery succeeds. */
const NEAR = 15_000;

/** The pause after a failure: 1 s, doubling to 30 s, or what the server asks for. */
export class CoolDown {
  #failures = 0;
  #until = 0;
  #error: AuthError | undefined;
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  /** Whether the next try has to wait. */
  get isOn(): boolean {
    return this.#system.now() < this.#until;
  }

  /** The last failure, where waiting for the end of the pause would take too long. */
  get tooLong(): AuthError | undefined {
    if (!this.#error || this.#until - this.#system.now() <= NEAR) return undefined;
    return new AuthError(this.#error.fault, { ...this.#error.values }, this.#until);
  }

  failed(error: AuthError): void {
    const now = this.#system.now();
    const own = Math.min(LONGEST, FIRST * 2 ** this.#failures);
    const asked = Math.min(LONGEST_ASKED, (error.retryAt ?? now) - now);
    this.#failures += 1;
    this.#until = now + Math.max(own, asked);
    this.#error = error;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#until = 0;
    this.#error = undefined;
  }

  /** Resolves when the pause is over. */
  async over(): Promise<void> {
    const left = this.#until - this.#system.now();
    if (left > 0) await delay(this.#system, left);
  }
}
