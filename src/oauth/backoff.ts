import { type Clock, delay } from '../core/clock.ts';
import type { AuthError } from '../core/errors.ts';
import { isWithin, type TimeWindow, timeWindow } from '../core/time-window.ts';

const FIRST = 1_000;
const LONGEST = 30_000;
/** A server may ask for more than the longest pause, but not for ever: recovery must need no deploy. */
const LONGEST_ASKED = 600_000;
/** A pause is shorter by up to this part, by chance: many that failed at one moment do not come back at one. */
const SPREAD = 0.5;
/** What a server asks for is never cut short, so that it is longer by chance. */
const ASKED_SPREAD = 0.1;
/** Who comes in a pause waits for its end when that is so near, so that the first message after a recovery succeeds. */
const NEAR = 25_000;

/** The pause after a failure: 1 s, doubling to 30 s, less up to a half by chance; or what the server asks for, where that is longer. */
export class Backoff {
  #failures = 0;
  #pause: TimeWindow | undefined;
  #error: AuthError | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the next try has to wait. */
  get isOn(): boolean {
    return isWithin(this.#pause, this.#clock.now());
  }

  /** The last failure, where waiting for the end of the pause would take too long. */
  get tooLong(): AuthError | undefined {
    const now = this.#clock.now();
    if (!this.#error || !isWithin(this.#pause, now) || this.#pause.until - now <= NEAR) return undefined;
    return this.#error.withRetryAt(this.#pause.until);
  }

  failed(error: AuthError): void {
    const now = this.#clock.now();
    const chance = this.#clock.random();
    const own = Math.min(LONGEST, FIRST * 2 ** this.#failures) * (1 - SPREAD * chance);
    const asked = Math.min(LONGEST_ASKED, ((error.retryAt ?? now) - now) * (1 + ASKED_SPREAD * chance));
    this.#failures += 1;
    this.#pause = timeWindow(now, Math.max(own, asked));
    this.#error = error;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pause = undefined;
    this.#error = undefined;
  }

  /** Resolves when the pause is over. */
  async over(): Promise<void> {
    const now = this.#clock.now();
    if (isWithin(this.#pause, now)) await delay(this.#clock, this.#pause.until - now);
  }
}
