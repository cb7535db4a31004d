import { withMessageTimeout } from '../../core/timeout.ts';
import type { Challenge } from '../challenge/challenge.ts';
import type { ServerChallenges } from '../challenge/server-challenges.ts';
import type { ServerContext } from '../context.ts';
import { findMethod } from '../dialect/methods.ts';
import { saysWrongPassword, setsChallenge, type VisualGuardResponse } from '../dialect/reply.ts';
import type { Credentials, Grant, VisualGuardResult } from '../dialect/wire.ts';
import { type Outcome, type Refused, type Refusing, refusedAndTold, type SignedIn } from '../outcome.ts';
import type { Attempt } from './guard.ts';

/** What a flow asks for with a sign-in. */
export interface SignInWishes {
  /** `ask`, `first`, or a preference; a preference that is not offered falls back to asking. */
  method: string;
  /** Try a password again that is held back. */
  reset: boolean;
}

/** Who is signed in, and what happens around it while no other sign-in with the same user and password runs. */
export interface SignInScope {
  /** Whether it is the stored user of the config node. */
  stored: boolean;
  /** @returns what makes the sign-in needless */
  before?: () => Promise<Outcome | undefined>;
  after?: (outcome: Outcome) => Promise<void>;
}

/** The first request of a sign-in, and what its answer means. The guard sees to it that no account comes to harm. */
export class SignIn {
  readonly #context: ServerContext;
  readonly #challenges: ServerChallenges;
  readonly #begin: (grant: Grant, user: string, stored: boolean) => Promise<SignedIn>;

  /** @param begin begins a session */
  constructor(
    context: ServerContext,
    challenges: ServerChallenges,
    begin: (grant: Grant, user: string, stored: boolean) => Promise<SignedIn>,
  ) {
    this.#context = context;
    this.#challenges = challenges;
    this.#begin = begin;
  }

  /**
   * Puts a name and password to the server.
   *
   * @throws AuthError if the server gives no answer that makes sense
   */
  put(person: Credentials, wishes: SignInWishes, scope: SignInScope): Promise<Outcome> {
    const { user, password } = person;
    const { clock, guard, wire } = this.#context;
    const signingIn = guard.signIn(user, password, async (attempt) => {
      const settled = await scope.before?.();
      if (settled) return settled;
      const outcome = await this.#attempt(person, wishes, scope.stored, attempt);
      await scope.after?.(outcome);
      return outcome;
    });
    return withMessageTimeout(clock, signingIn, wire.transport.host);
  }

  async #attempt(person: Credentials, wishes: SignInWishes, stored: boolean, attempt: Attempt): Promise<Outcome> {
    const { wire } = this.#context;
    const { user } = person;
    if (wishes.reset) attempt.release();
    const { heldUntil } = attempt;
    if (heldUntil !== undefined) return { ...this.#refused({ reason: 'held-back' }, user), retryAt: heldUntil };
    const heard = await wire.login(person);
    // If there is no password, there is none to hold back.
    if (isWrongPassword(heard) && !wire.passwordless) attempt.refuse();
    return this.#settle(heard, person, wishes, { stored, attempt });
  }

  async #settle(
    heard: VisualGuardResult,
    person: Credentials,
    wishes: SignInWishes,
    { stored, attempt }: { stored: boolean; attempt: Attempt },
  ): Promise<Outcome> {
    const { user } = person;
    if (heard.grant) {
      const forgotten = this.#context.wrongCodes.forget(user);
      const [signedIn] = await Promise.all([this.#begin(heard.grant, user, stored), forgotten]);
      return signedIn;
    }
    if (heard.refusal) return this.#refused(heard.refusal, user);
    const { reading } = heard;
    if (!setsChallenge(reading)) return this.#refused({ reason: reading.reasons[0] ?? 'unknown' }, user, reading);
    if (reading.waiting) await attempt.deliver();
    const challenge = await this.#challenges.begin(reading, person, stored);
    return this.#chooseWished(challenge, wishes, reading.blocking.length > 0);
  }

  #chooseWished(challenge: Challenge, { method }: SignInWishes, notDelivered: boolean): Outcome | Promise<Outcome> {
    if (notDelivered) return challenge.where('mfa-delivery-failed');
    const wished = method !== 'ask' && challenge.state === 'mfa-required' && findMethod(challenge.methods, method);
    return wished ? challenge.choose(method) : challenge.where();
  }

  #refused(refusal: Refusing, user: string, reading?: VisualGuardResponse): Refused {
    return refusedAndTold(this.#context.metrics, refusal, user, reading);
  }
}

/** Whether the next refusal of this password may lock the account. */
function isWrongPassword({ grant, refusal, reading }: VisualGuardResult): boolean {
  if (grant) return false;
  if (refusal) return refusal.reason === 'credentials-invalid';
  return reading !== undefined && !setsChallenge(reading) && saysWrongPassword(reading);
}
