import { AuthError } from './errors.ts';
import { lasts, type Pause, pauseFrom } from './pause.ts';
import { delay, type System } from './system.ts';

const FIRST = 1_000;
const LONGEST = 30_000;
/** A server may ask for more than the longest pause, but not for ever: recovery must need no deploy. */
const LONGEST_ASKED = 600_000;
/** Who comes in a pause waits for its end when that is so near, so that the first message after a recovery succeeds. */
const NEAR = 25_000;

/** The pause after a failure: 1 s, doubling to 30 s, or what the server asks for. */
export class CoolDown {
  #failures = 0;
  #pause: Pause | undefined;
  #error: AuthError | undefined;
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  /** Whether the next try has to wait. */
  get isOn(): boolean {
    return lasts(this.#pause, this.#system.now());
  }

  /** The last failure, where waiting for the end of the pause would take too long. */
  get tooLong(): AuthError | undefined {
    const now = this.#system.now();
    if (!this.#error || !lasts(this.#pause, now) || this.#pause.until - now <= NEAR) return undefined;
    return new AuthError(this.#error.fault, { ...this.#error.values }, this.#pause.until);
  }

  failed(error: AuthError): void {
    const now = this.#system.now();
    const own = Math.min(LONGEST, FIRST * 2 ** this.#failures);
    const asked = Math.min(LONGEST_ASKED, (error.retryAt ?? now) - now);
    this.#failures += 1;
    this.#pause = pauseFrom(now, Math.max(own, asked));
    this.#error = error;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pause = undefined;
    this.#error = undefined;
  }

  /** Resolves when the pause is over. */
  async over(): Promise<void> {
    const now = this.#system.now();
    if (lasts(this.#pause, now)) await delay(this.#system, this.#pause.until - now);
  }
}
