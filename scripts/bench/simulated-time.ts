import type { Cancel, Clock } from '../../src/core/clock.ts';

/** The clock moves in steps of this many ms. */
export const STEP = 10;

interface Timer {
  run: () => void;
}

/** A clock that runs as fast as it can. Chance is real, but the same in every run. */
export class SimulatedTime implements Clock {
  #now = Date.UTC(2026, 0, 2);
  #chance = 20_260_102;
  /** Timers by the step in which they fall due. */
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

  /** Lets so many ms pass. @param each called in every step, when what was due has settled */
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

/** Lets everything that waits for no timer come to its end. */
function settle(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
