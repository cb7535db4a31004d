import type { Clock } from '../../core/clock.ts';
import { asAuthError } from '../../core/errors.ts';
import { isWithin, type TimeWindow, timeWindow } from '../../core/time-window.ts';
import { Backoff } from '../../oauth/backoff.ts';
import type { Token } from '../../oauth/token.ts';
import type { Challenged, OpenChallenge, Outcome, Refused } from '../outcome.ts';

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

/** A try that did not succeed. Its outcome is undefined if another replica was set a challenge. */
export interface FailedTry {
  outcome: Refused | Challenged | undefined;
  pause: TimeWindow;
}

/**
 * Signs the stored user in when a message needs a token. A service user needs no human; for any other,
 * one try must not become a try per message: no code is sent, and the next try waits 15 minutes.
 */
export class AutomaticSignIn {
  #failed: FailedTry | undefined;
  #flight: Promise<AutomaticAnswer> | undefined;
  readonly #coolDown: Backoff;
  readonly #clock: Clock;
  readonly #signIn: (reset: boolean) => Promise<Outcome>;

  /** @param signIn one try. `reset`: in spite of an earlier refusal */
  constructor(clock: Clock, signIn: (reset: boolean) => Promise<Outcome>) {
    this.#clock = clock;
    this.#signIn = signIn;
    this.#coolDown = new Backoff(clock);
  }

  /**
   * @param elsewhere a try of another replica that did not succeed
   * @param isOpen whether a challenge can still be answered
   * @throws AuthError if the server gives no answer that makes sense
   */
  ask(
    reset: boolean,
    elsewhere: FailedTry | undefined,
    isOpen: (challenge: OpenChallenge) => boolean,
  ): Promise<AutomaticAnswer> {
    if (reset) this.release();
    const failed = [this.#failed, reset ? undefined : elsewhere].find((each) =>
      isWithin(each?.pause, this.#clock.now()),
    );
    if (failed) {
      this.#failed = failed;
      return Promise.resolve(repeat(failed, isOpen));
    }
    const tooLong = this.#coolDown.tooLong;
    if (tooLong) return Promise.reject(tooLong);
    this.#flight ??= this.#fly(reset).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /** Whether a sign-in is being waited for. */
  get isUnderWay(): boolean {
    return this.#flight !== undefined;
  }

  /** A sign-in succeeded, or the flow wants a new try. */
  release(): void {
    this.#failed = undefined;
    this.#coolDown.succeeded();
  }

  async #fly(reset: boolean): Promise<AutomaticAnswer> {
    await this.#coolDown.over();
    try {
      const outcome = await this.#signIn(reset);
      if (outcome.state === 'signed-in') return { token: outcome.token };
      this.#failed = { outcome, pause: pauseAfter(outcome, this.#clock.now()) };
      return { outcome };
    } catch (thrown) {
      const error = asAuthError(thrown);
      this.#coolDown.failed(error);
      throw error;
    }
  }
}

function repeat({ outcome, pause }: FailedTry, isOpen: (challenge: OpenChallenge) => boolean): AutomaticAnswer {
  if (outcome?.state === 'refused') return { outcome: { ...outcome, retryAt: pause.until } };
  return outcome && isOpen(outcome.challenge)
    ? { outcome: outcome.challenge.where() }
    : { needed: { reason: 'held-back', retryAt: pause.until } };
}

/** How long it is not tried again by itself. What was held back was no try: it is over when the hold is. */
export function pauseAfter({ reason, retryAt }: Refused | Challenged, now: number): TimeWindow {
  const isHold = reason === 'held-back' && retryAt !== undefined;
  return timeWindow(now, isHold ? Math.max(0, retryAt - now) : AUTOMATIC_PAUSE);
}
