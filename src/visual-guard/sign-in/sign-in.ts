import type { System } from '../../system.ts';
import { MESSAGE_WAIT } from '../../token-endpoint.ts';
import { waitIsOver, within } from '../../waiting.ts';
import { Challenge } from '../challenge/challenge.ts';
import type { ChallengeHome } from '../challenge/home.ts';
import { findMethod } from '../dialect/methods.ts';
import { saysWrongPassword, setsChallenge, type VisualGuardReading } from '../dialect/reply.ts';
import type { Grant, Heard, Person } from '../dialect/wire.ts';
import { type Outcome, type Refused, refusedAndTold, type SignedIn } from '../outcome.ts';

/** What a flow asks for with a sign-in. */
export interface SignInWishes {
  /** `ask`, `first`, or a preference; a preference that is not offered falls back to asking. */
  method: string;
  /** Try a password again that is held back. */
  reset: boolean;
}

/** Where people are signed in. */
export interface SignInHome extends ChallengeHome {
  readonly system: System;
  readonly host: string;
  /** A session begins. */
  begin(grant: Grant, user: string, stored: boolean): Promise<SignedIn>;
  /** A challenge is open from now on. */
  open(challenge: Challenge): Promise<void>;
}

/** The first request of a sign-in, and what its answer means. The guard sees to it that no account comes to harm. */
export class SignIn {
  readonly #home: SignInHome;

  constructor(home: SignInHome) {
    this.#home = home;
  }

  /**
   * Puts a name and password to the server.
   *
   * @param stored whether it is the stored user of the config node
   * @throws AuthError where the server gives no answer that makes sense
   */
  put(person: Person, wishes: SignInWishes, stored: boolean): Promise<Outcome> {
    const { user, password } = person;
    const { system, host, guard, wire } = this.#home;
    const name = this.#home.guardName(user);
    const askedAt = system.now();
    const turn = guard.inTurn(name, password, async (): Promise<Outcome> => {
      // Who waited so long has given up: nothing is sent for them any more.
      if (system.now() - askedAt >= MESSAGE_WAIT) throw waitIsOver(host);
      if (wishes.reset) await guard.release(name, password);
      const heldUntil = guard.heldUntil(name, password) ?? (await guard.deliveryHeldUntil(deliveryOf(name)));
      if (heldUntil !== undefined) return { ...this.#refused({ reason: 'held-back' }, user), retryAt: heldUntil };
      return this.#settle(await wire.login(person), person, wishes, stored);
    });
    return within(system, turn, host);
  }

  async #settle(heard: Heard, person: Person, wishes: SignInWishes, stored: boolean): Promise<Outcome> {
    const { user, password } = person;
    const { guard } = this.#home;
    const name = this.#home.guardName(user);
    if (heard.grant) return this.#home.begin(heard.grant, user, stored);
    if (heard.refusal) {
      if (heard.refusal.reason === 'credentials-invalid') await this.#refuse(name, password);
      return this.#refused(heard.refusal, user);
    }
    const { reading } = heard;
    if (setsChallenge(reading)) {
      if (reading.waiting) await Promise.all([guard.deliver(name), guard.deliver(deliveryOf(name))]);
      return this.#challenge(Challenge.of(reading, person, stored, this.#home), wishes, reading.blocking.length > 0);
    }
    if (saysWrongPassword(reading)) await this.#refuse(name, password);
    return this.#refused({ reason: reading.reasons[0] ?? 'unknown' }, user, reading);
  }

  #refused(refusal: Pick<Refused, 'reason' | 'error'>, user: string, reading?: VisualGuardReading): Refused {
    return refusedAndTold(this.#home.meter, refusal, user, reading);
  }

  /** Where there is no password, there is none to hold back. */
  async #refuse(name: string, password: string): Promise<void> {
    const { wire, guard } = this.#home;
    if (!wire.passwordless) await guard.refuse(name, password);
  }

  async #challenge(challenge: Challenge, { method }: SignInWishes, notDelivered: boolean): Promise<Outcome> {
    await this.#home.open(challenge);
    if (notDelivered) return challenge.where('mfa-delivery-failed');
    const wished = method !== 'ask' && challenge.state === 'mfa-required' && findMethod(challenge.methods, method);
    return wished ? challenge.choose(method) : challenge.where();
  }
}

/**
 * What a login without a password sends counts by itself: a way that is chosen later sends something else.
 * The word stands in front, because a user's name may end in anything.
 */
function deliveryOf(guardName: string): string {
  return `login ${guardName}`;
}
