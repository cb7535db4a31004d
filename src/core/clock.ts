import { randomBytes } from 'node:crypto';

/** Ends a timer. Calling it twice, or after the timer has run, does nothing. */
export type Cancel = () => void;

/** Time and chance. Everything in the engine takes them from here, so that a test can hold both. */
export interface Clock {
  /** Milliseconds since 1970, as the wall clock tells them. */
  now(): number;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
  /**
   * Runs `run` once, after `ms` milliseconds.
   * A `background` timer does not keep the process alive.
   */
  after(ms: number, run: () => void, background?: boolean): Cancel;
}

/** The longest delay that a Node.js timer takes; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The real clock, timers and chance of this process. */
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

/** Resolves after `ms` milliseconds. It cannot be cancelled; use it for short waits. */
export function delay(time: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    time.after(ms, resolve);
  });
}

/** An id that cannot be guessed: 144 random bits, as 24 characters that are safe in a URL. */
export function randomId(): string {
  return randomBytes(18).toString('base64url');
}
