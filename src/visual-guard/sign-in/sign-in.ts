import { withMessageTimeout } from '../../core/timeout.ts';
import type { OAuthError } from '../../oauth/oauth-error.ts';
import type { Challenge } from '../challenge/challenge.ts';
import type { ServerChallenges } from '../challenge/server-challenges.ts';
import type { ServerContext } from '../context.ts';
import { findMethod } from '../dialect/methods.ts';
import { saysWrongPassword, setsChallenge, type VisualGuardResponse } from '../dialect/reply.ts';
import type { Credentials, Grant, VisualGuardResult } from '../dialect/wire.ts';
import { type Outcome, type Refused, reportRefusal, type SignedIn } from '../outcome.ts';
import type { Attempt } from './guard.ts';

/** The options of a sign-in in a flow. */
export interface SignInOptions {
  /** `ask`, `first`, or a preference. If the server does not offer the preferred method, no method is chosen. */
  method: string;
  /** Whether a password that is held back is sent nevertheless (`msg.reset`). */
  reset: boolean;
}

/** The user of a sign-in, and what else is done while no other sign-in with the same user and password runs. */
export interface SignInScope {
  /** Whether it is the stored user of the config node. */
  stored: boolean;
  /** @returns an outcome that makes the sign-in unnecessary */
  before?: () => Promise<Outcome | undefined>;
  /** @returns the present credentials, if they differ from those that were sent: then they are sent before a refusal counts */
  changed?: (sent: Credentials) => Promise<Credentials | undefined>;
  after?: ((outcome: Outcome) => Promise<void>) | undefined;
}

/** The result of one attempt: an outcome, or changed credentials for another attempt. */
type AttemptResult = { outcome: Outcome; changed?: never } | { changed: Credentials; outcome?: never };

/** Sends user and password to the server, as far as the guard allows it. */
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

  /** @throws AuthError if the server gives no usable answer, or not within the wait of a message */
  run(credentials: Credentials, options: SignInOptions, scope: SignInScope): Promise<Outcome> {
    const { clock, wire } = this.#context;
    return withMessageTimeout(clock, this.#run(credentials, options, scope), wire.transport.host);
  }

  async #run(credentials: Credentials, options: SignInOptions, scope: SignInScope): Promise<Outcome> {
    const first = await this.#exclusive(credentials, options, scope);
    if (first.outcome) return first.outcome;
    const second = await this.#exclusive(first.changed, options, { ...scope, changed: async () => undefined });
    // The second attempt has no other credentials to return.
    return second.outcome as Outcome;
  }

  #exclusive(credentials: Credentials, options: SignInOptions, scope: SignInScope): Promise<AttemptResult> {
    return this.#context.guard.signIn<AttemptResult>(credentials.user, credentials.password, async (attempt) => {
      const known = await scope.before?.();
      if (known) return { outcome: known };
      const result = await this.#attempt(credentials, options, scope, attempt);
      if (result.outcome) await scope.after?.(result.outcome);
      return result;
    });
  }

  async #attempt(
    credentials: Credentials,
    options: SignInOptions,
    { stored, changed, after }: SignInScope,
    attempt: Attempt,
  ): Promise<AttemptResult> {
    const { wire } = this.#context;
    const { user } = credentials;
    if (options.reset) attempt.release();
    const { heldUntil } = attempt;
    if (heldUntil !== undefined) {
      const present = await changed?.(credentials);
      if (present) return { changed: present };
      return { outcome: { ...this.#refuse({ reason: 'held-back' }, user), retryAt: heldUntil } };
    }
    const result = await wire.login(credentials);
    // Without a password there is none to hold back.
    if (isWrongPassword(result) && !wire.passwordless) attempt.refuse();
    const present = isFinal(result) ? undefined : await changed?.(credentials);
    if (present) return { changed: present };
    return { outcome: await this.#settle(result, credentials, options, { stored, attempt, after }) };
  }

  async #settle(
    result: VisualGuardResult,
    credentials: Credentials,
    options: SignInOptions,
    { stored, attempt, after }: Pick<SignInScope, 'stored' | 'after'> & { attempt: Attempt },
  ): Promise<Outcome> {
    const { user } = credentials;
    if (result.grant) {
      const cleared = this.#context.wrongCodes.clear(user);
      const [signedIn] = await Promise.all([this.#begin(result.grant, user, stored), cleared]);
      return signedIn;
    }
    if (result.refusal) return this.#refuse(result.refusal, user);
    const { reading: response } = result;
    if (!setsChallenge(response)) return this.#refuse({ reason: response.reasons[0] ?? 'unknown' }, user, response);
    if (response.waiting) await attempt.deliver();
    if (response.waiting && response.blocking.length === 0) this.#context.metrics.tell({ what: 'code-sent', user });
    const hasDeliveryFailed = response.blocking.length > 0;
    if (hasDeliveryFailed) this.#context.metrics.tell({ what: 'refused', user, reason: 'mfa-delivery-failed' });
    const { challenge, record } = this.#challenges.begin(response, credentials, stored);
    const chooses = !hasDeliveryFailed && isPreferred(challenge, options);
    // A next step, and the record of the stored user that names the challenge, come after its record.
    if (record && (stored || chooses)) await record.record.write(record.content);
    else if (record) attempt.writeAlso(record);
    if (!chooses) return challenge.where(hasDeliveryFailed ? 'mfa-delivery-failed' : undefined);
    try {
      return await challenge.choose(options.method);
    } catch (thrown) {
      // The challenge stays open, and the code may have been sent.
      await after?.(challenge.where());
      throw thrown;
    }
  }

  #refuse(refusal: OAuthError, user: string, response?: VisualGuardResponse): Refused {
    return reportRefusal(this.#context.metrics, refusal, user, response);
  }
}

/** Whether the server offers the method that the flow prefers, and waits for a choice. */
function isPreferred({ state, methods }: Challenge, { method }: SignInOptions): boolean {
  return method !== 'ask' && state === 'mfa-required' && findMethod(methods, method) !== undefined;
}

/** Whether no other credentials may be sent after this result: it is no refusal, or the next refusal may lock the account. */
function isFinal({ grant, reading: response }: VisualGuardResult): boolean {
  if (grant) return true;
  return response !== undefined && (setsChallenge(response) || response.reasons.includes('last-attempt'));
}

/** Whether the server refused the password. Its next refusal may lock the account. */
function isWrongPassword({ grant, refusal, reading: response }: VisualGuardResult): boolean {
  if (grant) return false;
  if (refusal) return refusal.reason === 'credentials-invalid';
  return response !== undefined && !setsChallenge(response) && saysWrongPassword(response);
}
