import { CoolDown } from '../cool-down.ts';
import { asAuthError } from '../errors.ts';
import { lasts, type Pause, pauseFrom } from '../pause.ts';
import type { System } from '../system.ts';
import type { Token } from '../token.ts';
import type { Challenge } from './challenge.ts';
import type { Challenged, Outcome, Refused } from './outcome.ts';

/** `attach-bearer` does not try again by itself for this long after a sign-in that did not succeed, in ms. */
export const AUTOMATIC_PAUSE = 15 * 60_000;

/** What `attach-bearer` gets for the stored user. */
export type AutomaticAnswer =
  | { token: Token; outcome?: never; needed?: never }
  | { outcome: Refused | Challenged; token?: never; needed?: never }
  /** A person is needed: none came (and it is not tried again before `retryAt`, in ms since 1970), or none was asked. */
  | {
      needed: { reason: 'held-back' | 'no-session' | 'session-expired'; retryAt?: number };
      token?: never;
      outcome?: never;
    };

/**
 * Signs the stored user in when a message needs a token. A service user needs no human; for any other,
 * one try must not become a try per message: no code is sent, and the next try waits 15 minutes.
 */
export class AutomaticSignIn {
  #held: { outcome: Refused | Challenged; pause: Pause } | undefined;
  #flight: Promise<AutomaticAnswer> | undefined;
  readonly #coolDown: CoolDown;
  readonly #system: System;
  readonly #signIn: () => Promise<Outcome>;

  constructor(system: System, signIn: () => Promise<Outcome>) {
    this.#system = system;
    this.#signIn = signIn;
    this.#coolDown = new CoolDown(system);
  }

  /**
   * @param isOpen whether a challenge can still be answered
   * @throws AuthError where the server gives no answer that makes sense
   */
  ask(isOpen: (challenge: Challenge) => boolean): Promise<AutomaticAnswer> {
    const held = this.#held;
    if (held && lasts(held.pause, this.#system.now())) return Promise.resolve(this.#repeat(held, isOpen));
    const failed = this.#coolDown.tooLong;
    if (failed) return Promise.reject(failed);
    this.#flight ??= this.#fly().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /** A sign-in succeeded, or the flow wants a new try. */
  release(): void {
    this.#held = undefined;
    this.#coolDown.succeeded();
  }

  #repeat(
    { outcome, pause }: { outcome: Refused | Challenged; pause: Pause },
    isOpen: (challenge: Challenge) => boolean,
  ): AutomaticAnswer {
    if (outcome.state === 'refused') return { outcome: { ...outcome, retryAt: pause.until } };
    return isOpen(outcome.challenge)
      ? { outcome: outcome.challenge.where() }
      : { needed: { reason: 'held-back', retryAt: pause.until } };
  }

  /** What was held back was no try: it is over when the hold is. */
  #pauseAfter(outcome: Refused | Challenged): Pause {
    const now = this.#system.now();
    const isHold = outcome.reason === 'held-back' && outcome.retryAt !== undefined;
    return pauseFrom(now, isHold ? Math.max(0, (outcome.retryAt ?? now) - now) : AUTOMATIC_PAUSE);
  }

  async #fly(): Promise<AutomaticAnswer> {
    await this.#coolDown.over();
    try {
      const outcome = await this.#signIn();
      if (outcome.state === 'signed-in') return { token: outcome.token };
      this.#held = { outcome, pause: this.#pauseAfter(outcome) };
      return { outcome };
    } catch (thrown) {
      const error = asAuthError(thrown);
      this.#coolDown.failed(error);
      throw error;
    }
  }
}
