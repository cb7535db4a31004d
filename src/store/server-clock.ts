import type { Clock } from '../core/clock.ts';

/** The clock of a server, as it was last seen there. Between two answers it runs with this machine's. */
export class ServerClock {
  readonly #clock: Clock;
  #offset = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** ms since 1970 */
  now(): number {
    return Math.max(0, Math.round(this.#clock.now() + this.#offset));
  }

  /** @param time what the server said, in ms since 1970; anything that is no number is left alone */
  saw(time: unknown): void {
    const moment = Number(time);
    if (Number.isSafeInteger(moment) && moment > 0) this.#offset = moment - this.#clock.now();
  }
}
