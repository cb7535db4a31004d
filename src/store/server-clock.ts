import type { Clock } from '../core/clock.ts';

/** The clock of a server, as last seen. Between two answers it advances with the clock of this machine. */
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

  /** @param time the server's time, in ms since 1970; anything that is no number is ignored */
  saw(time: unknown): void {
    const moment = Number(time);
    if (Number.isSafeInteger(moment) && moment > 0) this.#offset = moment - this.#clock.now();
  }
}
