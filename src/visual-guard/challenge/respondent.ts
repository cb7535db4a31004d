import { SecretTrace } from '../../http/echoes.ts';
import type { ServerContext } from '../context.ts';
import type { Method } from '../dialect/methods.ts';
import type { Credentials, VisualGuardResult } from '../dialect/wire.ts';
import { wasNotSent } from './link.ts';

/** Who answers a challenge: sends its steps to the server, under the eyes of the guard. */
export class Respondent {
  readonly #person: Credentials;
  readonly #context: ServerContext;

  constructor({ user, password }: Credentials, context: ServerContext) {
    // What the steps do not send is not kept.
    const sent = context.wire.mfaCredentials === 'username+password' ? password : '';
    this.#person = { user, password: sent, trace: new SecretTrace(password) };
    this.#context = context;
  }

  /** Chooses a method. For a link it stays open until the person has clicked. */
  choose(method: Method, signal?: AbortSignal): Promise<VisualGuardResult> {
    return this.#context.wire.choose(method, this.#person, signal);
  }

  submit(method: Method, code: string): Promise<VisualGuardResult> {
    return this.#context.wire.submit(method, this.#person, code);
  }

  /** @returns until when the password that goes along with the steps is held back, in ms since 1970; undefined if it may be sent */
  get heldUntil(): number | undefined {
    const { user, password } = this.#person;
    return password === '' ? undefined : this.#context.guard.heldUntil(user, password);
  }

  /** The server refused the password, if it was sent along with the step. */
  refusePassword(): void {
    const { user, password } = this.#person;
    if (password !== '') void this.#context.guard.refuse(user, password);
  }

  forgetPassword(): void {
    this.#person.password = '';
  }

  /** @returns when the next code or link may be sent, in ms since 1970; undefined if it may now, and then it counts as sent */
  claimDelivery(): Promise<number | undefined> {
    return this.#context.guard.claimDelivery(this.#person.user);
  }

  /** Nothing was sent after all, so the next try need not wait. */
  undeliver(): void {
    void this.#context.guard.undeliver(this.#person.user);
  }

  /** @returns whether a failure tells that nothing was sent */
  undeliverAfter(failure: unknown): boolean {
    const isCertain = wasNotSent(failure);
    if (isCertain) this.undeliver();
    return isCertain;
  }
}
