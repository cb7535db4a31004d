import sinon from 'sinon';
import { systemClock } from '../../src/core/clock.ts';

interface Timer {
  at: number;
  run: () => void;
}

/** Retries and short pauses are not waited for. */
const SHORT = 4_000;

/**
 * The time of the engine in the hands of a test. It stands still, and `pass` moves it. Short timers, as the pauses
 * between tries, run at once and take their time with them; long ones wait for `pass`.
 */
export interface HeldTime {
  now(): number;
  /** Lets so many ms pass and runs what becomes due. */
  pass(ms: number): Promise<void>;
  /** Sets the clock by so many ms, forward or back. No timer runs. */
  set(by: number): void;
  /** Lets time pass, second by second, until something has happened. */
  until<T>(happening: Promise<T>): Promise<T>;
  /** How many long timers are waiting. */
  readonly waiting: number;
}

/** Holds the time until the test is over (`reset` of runtime.ts gives it back). Call it before the flow is loaded. */
export function holdTime(): HeldTime {
  let now = Date.now();
  const timers = new Set<Timer>();
  sinon.stub(systemClock, 'now').callsFake(() => now);
  sinon.stub(systemClock, 'random').callsFake(() => 0.5);
  sinon.stub(systemClock, 'after').callsFake((ms, run) => {
    const timer = { at: now + Math.max(0, ms), run };
    if (ms > SHORT) {
      timers.add(timer);
      return () => timers.delete(timer);
    }
    const immediate = setImmediate(() => {
      now = Math.max(now, timer.at);
      run();
    });
    return () => clearImmediate(immediate);
  });
  const held: HeldTime = {
    now: () => now,
    set(by) {
      now += by;
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
    },
    async until(happening) {
      let done = false;
      const settled = happening.finally(() => {
        done = true;
      });
      settled.catch(() => undefined);
      while (!done) {
        // What goes over the network takes real time.
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (!done) await held.pass(1_000);
      }
      return settled;
    },
  };
  return held;
}
