import { CoolDown } from '../../cool-down.ts';
import { asAuthError } from '../../errors.ts';
import { lasts, type Pause, pauseFrom } from '../../pause.ts';
import type { System } from '../../system.ts';
import type { Token } from '../../token.ts';
import type { Challenge } from '../challenge/challenge.ts';
import type { Challenged, Outcome, Refused } from '../outcome.ts';
import type { SharedHold } from './shared-hold.ts';

/** `attach-bearer` does not try again by itself for this long after a sign-in that did not succeed, in ms. */
const AUTOMATIC_PAUSE = 15 * 60_000;

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

/** A try that did not succeed. Its outcome is undefined where another replica was set a challenge. */
interface Held {
  outcome: Refused | Challenged | undefined;
  pause: Pause;
}

/**
 * Signs the stored user in when a message needs a token. A service user needs no human; for any other,
 * one try must not become a try per message: no code is sent, and the next try waits 15 minutes.
 */
export class AutomaticSignIn {
  #held: Held | undefined;
  #flight: Promise<AutomaticAnswer> | undefined;
  readonly #coolDown: CoolDown;
  readonly #system: System;
  readonly #signIn: () => Promise<Outcome>;
  readonly #shared: SharedHold | undefined;

  /** @param shared where other replicas tell of their tries */
  constructor(system: System, signIn: () => Promise<Outcome>, shared: SharedHold | undefined) {
    this.#system = system;
    this.#signIn = signIn;
    this.#shared = shared;
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
    this.#flight ??= this.#fly(isOpen).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /** Whether a sign-in is being waited for. */
  get isUnderWay(): boolean {
    return this.#flight !== undefined;
  }

  /** A sign-in succeeded, or the flow wants a new try. */
  async release(): Promise<void> {
    this.#held = undefined;
    this.#coolDown.succeeded();
    await this.#shared?.release();
  }

  #repeat({ outcome, pause }: Held, isOpen: (challenge: Challenge) => boolean): AutomaticAnswer {
    if (outcome?.state === 'refused') return { outcome: { ...outcome, retryAt: pause.until } };
    return outcome && isOpen(outcome.challenge)
      ? { outcome: outcome.challenge.where() }
      : { needed: { reason: 'held-back', retryAt: pause.until } };
  }

  async #fly(isOpen: (challenge: Challenge) => boolean): Promise<AutomaticAnswer> {
    await this.#coolDown.over();
    const hold = await this.#shared?.read();
    if (hold) {
      this.#held = { outcome: hold.refused, pause: pauseFrom(this.#system.now(), hold.left) };
      return this.#repeat(this.#held, isOpen);
    }
    try {
      const outcome = await this.#signIn();
      if (outcome.state === 'signed-in') return { token: outcome.token };
      const pause = pauseAfter(outcome, this.#system.now());
      this.#held = { outcome, pause };
      const refused = outcome.state === 'refused' ? outcome : undefined;
      await this.#shared?.write({ refused, left: pause.until - pause.since });
      return { outcome };
    } catch (thrown) {
      const error = asAuthError(thrown);
      this.#coolDown.failed(error);
      throw error;
    }
  }
}

/** How long it is not tried again by itself. What was held back was no try: it is over when the hold is. */
export function pauseAfter({ reason, retryAt }: Refused | Challenged, now: number): Pause {
  const isHold = reason === 'held-back' && retryAt !== undefined;
  return pauseFrom(now, isHold ? Math.max(0, retryAt - now) : AUTOMATIC_PAUSE);
}
