import type { Clock } from '../../core/clock.ts';
import { AuthError, asAuthError } from '../../core/errors.ts';
import { isWithin, type TimeWindow, timeWindow } from '../../core/time-window.ts';
import { Backoff } from '../../oauth/backoff.ts';
import type { Token } from '../../oauth/token.ts';
import type { Challenged, OpenChallenge, Outcome, Refused } from '../outcome.ts';

/** The pause after an automatic sign-in that did not succeed, in ms. */
const AUTOMATIC_PAUSE = 15 * 60_000;

/** The result for `attach-bearer` and the stored user. */
export type AutomaticAnswer = {
  /** Whether it is the result of an earlier sign-in, which was returned before. */
  isRepeated?: boolean;
} & (
  | { token: Token; outcome?: never; needed?: never }
  | { outcome: Refused | Challenged; token?: never; needed?: never }
  /** A person has to sign in. `held-back`: the next automatic sign-in is at `retryAt`, in ms since 1970. */
  | {
      needed: { reason: 'held-back' | 'no-session' | 'session-expired'; retryAt?: number };
      token?: never;
      outcome?: never;
    }
);

/** An automatic sign-in that did not succeed. */
export interface FailedSignIn {
  /** Undefined if it led to a challenge at another replica. */
  outcome: Refused | Challenged | undefined;
  pause: TimeWindow;
  /** The version of the settings (`ServerSettings.version`). With other settings the failure does not count. */
  version: string | undefined;
}

/**
 * Signs the stored user in when a message needs a token. For a service user this needs no person. For any other user it must
 * not happen for each message: no method is chosen, so no code is sent, and the next sign-in waits 15 minutes.
 */
export class AutomaticSignIn {
  #failed: FailedSignIn | undefined;
  /** The sign-in that is under way, and its user. */
  #pending: { user: string; answer: Promise<AutomaticAnswer> } | undefined;
  #isClosed = false;
  readonly #backoff: Backoff;
  readonly #clock: Clock;
  readonly #host: string;
  readonly #signIn: (reset: boolean) => Promise<Outcome>;

  /**
   * @param host the server, for errors
   * @param signIn signs in once. `reset`: although it was refused before
   */
  constructor(clock: Clock, host: string, signIn: (reset: boolean) => Promise<Outcome>) {
    this.#clock = clock;
    this.#host = host;
    this.#signIn = signIn;
    this.#backoff = new Backoff(clock);
  }

  /**
   * @param elsewhere the last sign-in of another replica, if it did not succeed
   * @param isOpen whether a challenge can still be answered
   * @param settings the user who is signed in, and the version of the settings
   * @throws AuthError if the server gives no usable answer
   */
  ask(
    reset: boolean,
    elsewhere: FailedSignIn | undefined,
    isOpen: (challenge: OpenChallenge) => boolean,
    { user, version }: { readonly user: string; readonly version: string | undefined },
  ): Promise<AutomaticAnswer> {
    if (reset) this.release();
    const failed = [this.#failed, reset ? undefined : elsewhere].find(
      (each) => isWithin(each?.pause, this.#clock.now()) && isOfVersion(each, version),
    );
    if (failed) {
      const isRepeated = failed === this.#failed;
      this.#failed = failed;
      return Promise.resolve({ ...answerAfter(failed, isOpen), isRepeated });
    }
    const tooLong = this.#backoff.tooLong;
    if (tooLong) return Promise.reject(tooLong);
    if (this.#pending?.user === user) return this.#pending.answer;
    const answer = this.#start(reset, version).finally(() => {
      if (this.#pending?.answer === answer) this.#pending = undefined;
    });
    this.#pending = { user, answer };
    return answer;
  }

  get isUnderWay(): boolean {
    return this.#pending !== undefined;
  }

  /** The next `ask` signs in: a sign-in has succeeded, or the flow asks for another one. */
  release(): void {
    this.#failed = undefined;
    this.#backoff.succeeded();
  }

  /** Starts no more sign-ins. One that is under way finishes. */
  close(): void {
    this.#isClosed = true;
    this.#backoff.wake();
  }

  async #start(reset: boolean, version: string | undefined): Promise<AutomaticAnswer> {
    await this.#backoff.wait();
    if (this.#isClosed) throw new AuthError('connection-closed', { host: this.#host });
    try {
      const outcome = await this.#signIn(reset);
      if (outcome.state === 'signed-in') return { token: outcome.token };
      this.#failed = { outcome, pause: pauseAfter(outcome, this.#clock.now()), version };
      return { outcome };
    } catch (thrown) {
      const error = asAuthError(thrown);
      this.#backoff.failed(error);
      throw error;
    }
  }
}

/** Whether a failure counts for settings of this version. One from an earlier release has no version, and counts for all. */
export function isOfVersion(failed: FailedSignIn | undefined, version: string | undefined): boolean {
  return failed?.version === undefined || failed.version === version;
}

/** The answer while the next sign-in waits. */
function answerAfter({ outcome, pause }: FailedSignIn, isOpen: (challenge: OpenChallenge) => boolean): AutomaticAnswer {
  if (outcome?.state === 'refused') return { outcome: { ...outcome, retryAt: pause.until } };
  return outcome && isOpen(outcome.challenge)
    ? { outcome: outcome.challenge.where() }
    : { needed: { reason: 'held-back', retryAt: pause.until } };
}

/** How long the next automatic sign-in waits. If the guard held this one back, it waits as long as the guard does. */
export function pauseAfter({ reason, retryAt }: Refused | Challenged, now: number): TimeWindow {
  const isHeldBack = reason === 'held-back' && retryAt !== undefined;
  return timeWindow(now, isHeldBack ? Math.max(0, retryAt - now) : AUTOMATIC_PAUSE);
}
