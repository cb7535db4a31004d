import type { System } from '../system.ts';

/** The clock of a server, as it was last seen there. Between two answers it runs with this machine's. */
export class ServerClock {
  readonly #system: System;
  #offset = 0;

  constructor(system: System) {
    this.#system = system;
  }

  /** ms since 1970 */
  now(): number {
    return Math.max(0, Math.round(this.#system.now() + this.#offset));
  }

  /** @param time what the server said, in ms since 1970; anything that is no number is left alone */
  saw(time: unknown): void {
    const moment = Number(time);
    if (Number.isSafeInteger(moment) && moment > 0) this.#offset = moment - this.#system.now();
  }
}
