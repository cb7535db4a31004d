import type { Cancel, Clock } from '../../src/core/clock.ts';

/** The step of the clock, in ms. */
export const STEP = 10;

interface Timer {
  run: () => void;
}

/** A clock that runs as fast as the machine allows. Random numbers are the same in every run. */
export class SimulatedTime implements Clock {
  #now = Date.UTC(2026, 0, 2);
  #chance = 20_260_102;
  /** Timers, by the step in which they are due. */
  readonly #due = new Map<number, Set<Timer>>();

  now(): number {
    return this.#now;
  }

  random(): number {
    // mulberry32
    this.#chance = (this.#chance + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#chance ^ (this.#chance >>> 15), 1 | this.#chance);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  after(ms: number, run: () => void): Cancel {
    const step = Math.max(Math.ceil((this.#now + ms) / STEP), this.#now / STEP + 1);
    const timers = this.#due.get(step) ?? new Set<Timer>();
    const timer = { run };
    this.#due.set(step, timers.add(timer));
    return () => timers.delete(timer);
  }

  /** Advances the clock by this many ms. @param each called in every step, after the timers of the step */
  async run(ms: number, each: () => void): Promise<void> {
    for (const end = this.#now + ms; this.#now < end; this.#now += STEP) {
      const step = this.#now / STEP;
      const timers = this.#due.get(step);
      this.#due.delete(step);
      if (timers) {
        for (const { run } of timers) run();
        await settle();
      }
      each();
      await settle();
    }
  }
}

/** Waits until everything that waits for no timer has ended. */
function settle(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
