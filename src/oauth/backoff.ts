import type { Clock } from '../core/clock.ts';
import type { AuthError } from '../core/errors.ts';
import { isWithin, type TimeWindow, timeWindow } from '../core/time-window.ts';

const FIRST = 1_000;
const LONGEST = 30_000;
/** The longest pause that a server can ask for, in ms. Recovery must not need a deploy. */
const LONGEST_ASKED = 600_000;
/** A pause is shorter by up to this fraction, at random, so that many clients do not try again at the same moment. */
const SPREAD = 0.5;
/**
 * The first pause of the longest may have any length from a second on: clients that failed at the same moment are spread evenly
 * from then on. The later ones are shorter by up to this fraction only, because a shorter pause loads the server: with pauses of
 * 30 s each client asks once in 30 s, and with this spread 5 % more often.
 */
const LATER_SPREAD = 0.1;
/** A pause that the server asks for is longer by up to this fraction, at random, and never shorter. */
const ASKED_SPREAD = 0.1;
/** If a pause ends within this time, in ms, a message waits for it, so that the first message after a recovery succeeds. */
const NEAR = 25_000;

/**
 * The pause after a failure: 1 s, doubling to 16 s, less up to a half at random; then one from 1 s to 30 s at random; then 30 s, less
 * up to a tenth at random. Or a longer one that the server asks for.
 */
export class Backoff {
  #failures = 0;
  #pause: TimeWindow | undefined;
  #error: AuthError | undefined;
  /** Ends the wait of each who waits for the end of the pause. */
  readonly #waiting = new Set<() => void>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether there is a pause now. */
  get isOn(): boolean {
    return isWithin(this.#pause, this.#clock.now());
  }

  /** The last failure, if the pause is too long to wait for its end. */
  get tooLong(): AuthError | undefined {
    const now = this.#clock.now();
    if (!this.#error || !isWithin(this.#pause, now) || this.#pause.until - now <= NEAR) return undefined;
    return this.#error.withRetryAt(this.#pause.until);
  }

  failed(error: AuthError): void {
    const now = this.#clock.now();
    const chance = this.#clock.random();
    const own = ownPause(FIRST * 2 ** this.#failures, chance);
    const asked = Math.min(LONGEST_ASKED, ((error.retryAt ?? now) - now) * (1 + ASKED_SPREAD * chance));
    this.#failures += 1;
    this.#pause = timeWindow(now, Math.max(own, asked));
    this.#error = error;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pause = undefined;
    this.#error = undefined;
    this.wake();
  }

  /** Waits for the end of the pause, or until `wake`. @returns whether there was a pause */
  async wait(): Promise<boolean> {
    const now = this.#clock.now();
    if (!isWithin(this.#pause, now)) return false;
    const left = this.#pause.until - now;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(left, () => end());
      const end = (): void => {
        cancel();
        this.#waiting.delete(end);
        resolve();
      };
      this.#waiting.add(end);
    });
    return true;
  }

  /** Ends the wait of all callers for the end of the pause. */
  wake(): void {
    for (const end of [...this.#waiting]) end();
  }
}

/** @param doubled the first pause, doubled with each failure, in ms. @param chance from 0 to 1 */
function ownPause(doubled: number, chance: number): number {
  if (doubled < LONGEST) return doubled * (1 - SPREAD * chance);
  const spread = doubled < 2 * LONGEST ? LONGEST - FIRST : LONGEST * LATER_SPREAD;
  return LONGEST - spread * chance;
}
