import { randomBytes } from 'node:crypto';

/** Ends a timer. Calling it twice, or after the timer has run, does nothing. */
export type Cancel = () => void;

/** Time and randomness. The engine takes both from here, so that a test can control them. */
export interface Clock {
  /** The time of the system clock, in ms since 1970. Somebody may set it. */
  now(): number;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
  /**
   * Runs `run` once, after `ms` milliseconds.
   * A `background` timer does not keep the process alive.
   */
  after(ms: number, run: () => void, background?: boolean): Cancel;
}

/** The longest delay of a Node.js timer, in ms. A longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The real clock, timers and random numbers of this process. */
export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(ms, run, background = false) {
    let timer: NodeJS.Timeout;
    const arm = (left: number): void => {
      timer = left > LONGEST_TIMER ? setTimeout(() => arm(left - LONGEST_TIMER), LONGEST_TIMER) : setTimeout(run, left);
      if (background) timer.unref();
    };
    arm(Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};

/**
 * Resolves after `ms` milliseconds. It cannot be canceled; use it for short waits.
 * A `background` wait does not keep the process alive.
 */
export function delay(time: Clock, ms: number, background = false): Promise<void> {
  return new Promise((resolve) => {
    time.after(ms, resolve, background);
  });
}

/** An id that cannot be guessed: 144 random bits, as 24 characters that are safe in a URL. */
export function randomId(): string {
  return randomBytes(18).toString('base64url');
}
