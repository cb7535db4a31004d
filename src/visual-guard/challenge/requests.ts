import { SecretTrace } from '../../http/echoes.ts';
import type { SharedRecord } from '../../store/coordinator.ts';
import type { ServerContext } from '../context.ts';
import type { Method } from '../dialect/methods.ts';
import type { Credentials, VisualGuardResult } from '../dialect/wire.ts';
import { wasNotSent } from './link-requests.ts';

/** Sends the requests of a challenge with the credentials of its user, as far as the guard allows it. */
export class ChallengeRequests {
  readonly #credentials: Credentials;
  readonly #context: ServerContext;

  constructor({ user, password }: Credentials, context: ServerContext) {
    // A password that no step sends is not kept.
    const sent = context.wire.mfaCredentials === 'username+password' ? password : '';
    this.#credentials = { user, password: sent, trace: new SecretTrace(password) };
    this.#context = context;
  }

  /** Chooses a method. The request for a link stays open until the person has clicked. @throws AuthError */
  choose(method: Method, signal?: AbortSignal): Promise<VisualGuardResult> {
    return this.#context.wire.choose(method, this.#credentials, signal);
  }

  /** @throws AuthError */
  submit(method: Method, code: string): Promise<VisualGuardResult> {
    return this.#context.wire.submit(method, this.#credentials, code);
  }

  /** @returns until when the password of the steps is held back, in ms since 1970; undefined if it may be sent, or no step sends one */
  get heldUntil(): number | undefined {
    const { user, password } = this.#credentials;
    return password === '' ? undefined : this.#context.guard.heldUntil(user, password);
  }

  /** The server refused the password, if the step sent one. */
  refusePassword(): void {
    const { user, password } = this.#credentials;
    if (password !== '') void this.#context.guard.refuse(user, password);
  }

  forgetPassword(): void {
    this.#credentials.password = '';
  }

  /** The record that `claimDelivery` updates. */
  get delivery(): SharedRecord<object> {
    return this.#context.guard.delivery(this.#credentials.user);
  }

  /** @returns when the next code or link may be sent, in ms since 1970; undefined if it may be sent now, and then it counts as sent */
  claimDelivery(): Promise<number | undefined> {
    return this.#context.guard.claimDelivery(this.#credentials.user);
  }

  /** Nothing was sent, so the next try need not wait. */
  releaseDelivery(): void {
    void this.#context.guard.releaseDelivery(this.#credentials.user);
  }

  /** As `releaseDelivery`, if the error proves that nothing was sent. @returns whether it does */
  releaseDeliveryAfter(error: unknown): boolean {
    const isCertain = wasNotSent(error);
    if (isCertain) this.releaseDelivery();
    return isCertain;
  }
}
