import type { Cancel, Clock } from '../../src/core/clock.ts';

/** The step of the clock, in ms. */
const STEP = 250;

interface Timer {
  run: () => void;
}

/** A clock that runs through a year as fast as the machine allows. Random numbers are the same in every run. */
export class YearClock implements Clock {
  readonly start = Date.UTC(2026, 0, 1);
  #step = 0;
  #chance = 20_260_101;
  /** Timers, by the step in which they are due. */
  readonly #due = new Map<number, Set<Timer>>();

  now(): number {
    return this.start + this.#step * STEP;
  }

  random(): number {
    // mulberry32
    this.#chance = (this.#chance + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#chance ^ (this.#chance >>> 15), 1 | this.#chance);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  after(ms: number, run: () => void): Cancel {
    const step = this.#step + Math.max(1, Math.ceil(ms / STEP));
    const timers = this.#due.get(step) ?? new Set<Timer>();
    const timer = { run };
    this.#due.set(step, timers.add(timer));
    return () => {
      timers.delete(timer);
      if (timers.size === 0 && this.#due.get(step) === timers) this.#due.delete(step);
    };
  }

  /** Advances the clock by this many ms. Timers run at their steps, and their effects settle before the next step. */
  async pass(ms: number): Promise<void> {
    for (const end = this.#step + ms / STEP; this.#step < end; ) {
      this.#step += 1;
      const timers = this.#due.get(this.#step);
      if (!timers) continue;
      this.#due.delete(this.#step);
      for (const { run } of timers) run();
      await settled();
    }
  }
}

/** Waits until everything that waits for no timer has ended. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((done) => setImmediate(done));
}
