import { type Clock, delay } from './clock.ts';

/** Limits how many operations begin in a second. The others wait, in the order of the calls. Waiting does not keep the process alive. */
export class Pace {
  readonly #clock: Clock;
  /** The time between two operations, in ms. */
  readonly #step: number;
  #waiting = 0;
  #next = 0;

  /** @param perSecond how many begin in a second at most */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#step = 1_000 / perSecond;
  }

  /** Resolves when the caller may begin. */
  async turn(): Promise<void> {
    const now = this.#clock.now();
    // If the clock was set back, nobody waits longer than the others in the queue take.
    const at = Math.min(Math.max(now, this.#next), now + (this.#waiting + 1) * this.#step);
    this.#next = at + this.#step;
    if (at <= now) return;
    this.#waiting += 1;
    await delay(this.#clock, at - now, true);
    this.#waiting -= 1;
  }
}
