import assert from 'node:assert/strict';
import sinon from 'sinon';
import { systemClock } from '../../src/core/clock.ts';

interface Timer {
  at: number;
  run: () => void;
}

/** Pauses up to this time are not waited for. */
const SHORT = 4_000;

/**
 * The engine's time, controlled by a test. It does not advance until `pass` is called. Short timers, such as the pauses
 * between tries, run at once and advance the time; long ones wait for `pass`.
 */
export interface HeldTime {
  now(): number;
  /** Lets this many ms pass and runs the timers that are due. */
  pass(ms: number): Promise<void>;
  /** Sets the clock forward or back by this many ms. No timer runs. */
  set(by: number): void;
  /** Lets time pass, second by second, until something has happened. */
  until<T>(happening: Promise<T>): Promise<T>;
  /** The present, and what it was since time was last let pass or set, before short timers advanced it. */
  readonly moments: readonly number[];
  /** The number of waiting long timers. */
  readonly waiting: number;
}

/**
 * Asserts that a time is exactly `ms` after the present, or after a moment that was the present before short timers, such
 * as that of a status, advanced the time: on a busy machine they run sooner than the assertion.
 */
export function assertTimeAfter(actual: number | undefined, time: Pick<HeldTime, 'moments'>, ms: number): void {
  assert.ok(time.moments.includes((actual ?? Number.NaN) - ms), `${actual} is not ${ms} ms after ${time.moments}`);
}

/** Holds the time until the test is over (`reset` of runtime.ts gives it back). Call it before the flow is loaded. */
export function holdTime(): HeldTime {
  let now = Date.now();
  let moments = [now];
  const timers = new Set<Timer>();
  // Not stubs: a stub keeps each call with its stack, which is most of what a test with many messages costs.
  sinon.replace(systemClock, 'now', () => now);
  sinon.replace(systemClock, 'random', () => 0.5);
  sinon.replace(systemClock, 'after', (ms, run) => {
    const timer = { at: now + Math.max(0, ms), run };
    if (ms > SHORT) {
      timers.add(timer);
      return () => timers.delete(timer);
    }
    const immediate = setImmediate(() => {
      now = Math.max(now, timer.at);
      moments.push(now);
      run();
    });
    return () => clearImmediate(immediate);
  });
  const held: HeldTime = {
    now: () => now,
    get moments() {
      return moments;
    },
    set(by) {
      now += by;
      moments = [now];
      for (const timer of timers) timer.at += by;
    },
    get waiting() {
      return timers.size;
    },
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = Math.max(now, end);
      moments = [now];
    },
    async until(happening) {
      let done = false;
      const settled = happening.finally(() => {
        done = true;
      });
      settled.catch(() => undefined);
      while (!done) {
        // Requests over the network take real time.
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (!done) await held.pass(1_000);
      }
      return settled;
    },
  };
  return held;
}
