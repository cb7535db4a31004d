import { AuthError, asAuthError } from '../errors.ts';
import { randomId } from '../system.ts';
import type { ChallengeHome } from './challenge-home.ts';
import { findMethod, isDelivered, type Method } from './methods.ts';
import { type Challenged, type Outcome, type PendingLink, type Refused, refusedBy } from './outcome.ts';
import { requestIdOf, saysWrongPassword, type VisualGuardReading } from './reply.ts';
import type { Heard, Person } from './wire.ts';

/** A challenge is open this long, in ms: the longest that Visual Guard allows a code. */
export const CHALLENGE_LIFE = 300_000;
/** So many codes may be wrong before the person has to start again. */
export const MOST_ATTEMPTS = 5;

/** A multi-factor challenge of one person, from the ways offered to the token. */
export class Challenge {
  readonly id = randomId();
  readonly user: string;
  /** Whether it belongs to the stored user of the config node. */
  readonly stored: boolean;
  /** ms since 1970 */
  readonly expiresAt: number;
  state: Challenged['state'] = 'mfa-required';
  /** The way chosen. */
  method: Method | undefined;
  methods: readonly Method[];
  /** Whether any way was ever taken, also one that failed. */
  hasChosen = false;
  /** Codes refused so far. */
  attempts = 0;
  #requestId: string;
  #adopted = false;
  #isOver = false;
  #link: PendingLink | undefined;
  #openLinks = 0;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #person: Person;
  readonly #home: ChallengeHome;

  constructor(person: Person, stored: boolean, reading: VisualGuardReading, home: ChallengeHome) {
    this.user = person.user;
    this.stored = stored;
    this.#home = home;
    // What the next steps do not send is not kept.
    const { mfaCredentials } = home.wire;
    this.#person = { user: person.user, password: mfaCredentials === 'username+password' ? person.password : '' };
    this.methods = reading.methods;
    this.#requestId = requestIdOf(reading);
    this.expiresAt = home.system.now() + CHALLENGE_LIFE;
    if (!reading.challenged && reading.waiting) this.#awaitCode(reading);
  }

  /** The token endpoint that set it. */
  get tokenUrl(): string {
    return this.#home.wire.tokenUrl;
  }

  /** Whether a request for a link is still open. */
  get hasOpenLink(): boolean {
    return this.#openLinks > 0;
  }

  belongsTo(home: ChallengeHome): boolean {
    return this.#home === home;
  }

  /** Where the challenge stands, as a message tells it. */
  where(reason?: Challenged['reason'], extra: Pick<Challenged, 'retryAt' | 'status'> = {}): Challenged {
    return { state: this.state, challenge: this, reason, ...extra };
  }

  /**
   * Takes a way. A code or a link is sent by the server; an authenticator app needs nothing sent.
   *
   * @param word `first`, a preference, or a method's id; empty takes a single method
   * @throws AuthError where the server gives no answer that makes sense; the challenge stays
   */
  choose(word: string): Promise<Outcome> {
    return this.#inTurn(async () => {
      const method = findMethod(this.methods, word);
      if (!method) return { ...this.where('method-not-offered'), state: 'mfa-required' };
      if (!isDelivered(method)) {
        this.#link?.end();
        return this.#set('code-required', method);
      }
      const { guard } = this.#home;
      const name = this.#home.guardName(this.user);
      const heldUntil = guard.deliveryHeldUntil(name);
      if (heldUntil !== undefined) return this.where('held-back', { retryAt: heldUntil });
      guard.deliver(name);
      this.#link?.end();
      // Kept even if no answer comes: the code may arrive all the same.
      this.method = method;
      this.hasChosen = true;
      return method.kind === 'link' ? this.#sendLink(method) : this.#sendCode(method);
    });
  }

  /**
   * Answers with a code.
   *
   * @throws AuthError where the server gives no answer that makes sense; the challenge stays
   */
  async submit(code: string): Promise<Outcome> {
    if (this.state === 'link-sent') return this.where();
    return this.#inTurn(async () => {
      const method = this.method ?? findMethod(this.methods, '');
      if (!method) return { ...this.where('method-not-offered'), state: 'mfa-required' };
      const heard = await this.#home.wire.submit(method, this.#person, code);
      if (!heard.grant && heard.reading?.reasons.includes('code-invalid'))
        return this.#refuseCode(heard.reading, method);
      return this.#settle(heard, method);
    });
  }

  /** Ends everything: the challenge was answered, or is not wanted any more. */
  close(): void {
    this.expire();
    this.#link?.end();
  }

  /** Takes no step any more. A link that is open may still be clicked: the server knows how long it lives. */
  expire(): void {
    this.#isOver = true;
    this.#person.password = '';
  }

  /** One step after another: two codes at once must not both be the fifth. */
  #inTurn(step: () => Promise<Outcome>): Promise<Outcome> {
    const turn = this.#turn.then(() => (this.#isOver ? this.#tooLate() : (this.#heldBack() ?? step())));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** A password that goes along with the steps, and was refused meanwhile. */
  #heldBack(): Challenged | undefined {
    const { guard } = this.#home;
    const { password } = this.#person;
    const heldUntil = password === '' ? undefined : guard.heldUntil(this.#home.guardName(this.user), password);
    return heldUntil === undefined ? undefined : this.where('held-back', { retryAt: heldUntil });
  }

  #tooLate(): Refused {
    const hasExpired = this.#home.system.now() >= this.expiresAt;
    return refusedBy({ reason: hasExpired ? 'challenge-expired' : 'challenge-unknown' }, this.user);
  }

  #set(state: Challenged['state'], method: Method | undefined): Challenged {
    this.state = state;
    this.method = method;
    return this.where();
  }

  async #sendCode(method: Method): Promise<Outcome> {
    try {
      return this.#settle(await this.#home.wire.choose(method, this.#person), method);
    } catch (failure) {
      this.#wasNotSent(failure);
      throw failure;
    }
  }

  /** The request stays open until the person has clicked, so what comes of it is told later. */
  #sendLink(method: Method): Challenged {
    const abort = new AbortController();
    this.#openLinks += 1;
    const link: PendingLink = {
      later: this.#awaitLink(method, abort.signal),
      end: () => abort.abort(new AuthError('connection-cut')),
    };
    // Whoever chose may be gone by then.
    link.later.catch(() => undefined);
    this.#link = link;
    return { ...this.#set('link-sent', method), link };
  }

  async #awaitLink(method: Method, signal: AbortSignal): Promise<Outcome | undefined> {
    try {
      const heard = await this.#home.wire.choose(method, this.#person, signal);
      if (signal.aborted && !heard.grant) return undefined;
      const outcome = this.#settle(heard, method);
      // The server did not keep the request open. There is nothing to tell that was not told when the link was sent.
      return outcome.state === 'link-sent' && !outcome.reason ? undefined : outcome;
    } catch (thrown) {
      if (signal.aborted) return undefined;
      const failure = asAuthError(thrown);
      if (failure.fault === 'no-answer') return this.#end({ reason: 'mfa-timeout' });
      const isUnknown =
        ['connection-cut', 'reply-cut'].includes(failure.fault) ||
        (failure.code === 'AUTH_UNAVAILABLE' && (failure.status === 502 || failure.status === 504));
      if (isUnknown) return this.where('outcome-unknown');
      if (this.#wasNotSent(failure)) this.#set('mfa-required', undefined);
      throw failure;
    } finally {
      this.#openLinks -= 1;
      // Its time was over, and only the link was still waited for.
      if (this.#isOver) this.#home.forgetChallenge(this);
    }
  }

  /** What a reply to a step means. A wrong code is read before. */
  #settle(heard: Heard, method: Method): Outcome {
    if (heard.grant) {
      this.#home.forgetChallenge(this);
      return this.#home.challengeAnswered(heard.grant, this);
    }
    if (heard.refusal) {
      if (heard.refusal.reason === 'credentials-invalid') this.#holdPasswordBack();
      return this.#end(heard.refusal);
    }
    const { reading } = heard;
    if (saysWrongPassword(reading)) this.#holdPasswordBack();
    if (reading.blocking.includes('mfa-delivery-failed') && reading.blocking.length === 1) {
      this.#home.guard.undeliver(this.#home.guardName(this.user));
      this.#set('mfa-required', undefined);
      return this.where('mfa-delivery-failed', { status: reading.status });
    }
    if (reading.blocking.length > 0) return this.#end({ reason: reading.reasons[0] ?? 'unknown' }, reading);
    if (reading.challenged && !this.#isSameRequest(reading)) return this.#adopt(reading);
    if (reading.challenged || reading.waiting) {
      this.#set(method.kind === 'link' ? 'link-sent' : 'code-required', method);
      return this.where(undefined, { status: reading.status });
    }
    return this.#end({ reason: reading.reasons[0] ?? 'unknown' }, reading);
  }

  /** Only where the password was sent along with the step. */
  #holdPasswordBack(): void {
    const { password } = this.#person;
    if (password !== '') this.#home.guard.refuse(this.#home.guardName(this.user), password);
  }

  #refuseCode(reading: VisualGuardReading, method: Method): Outcome {
    this.attempts += 1;
    const kept = reading.blocking.every((reason) => reason === 'code-invalid') && reading.reasons[0] === 'code-invalid';
    if (!kept || this.attempts >= MOST_ATTEMPTS || this.#home.system.now() >= this.expiresAt) {
      return this.#end({ reason: reading.reasons[0] ?? 'code-invalid' }, reading);
    }
    if (reading.challenged && !this.#isSameRequest(reading)) {
      const adopted = this.#adopt(reading);
      return adopted.state === 'refused' ? adopted : this.where('code-invalid', { status: reading.status });
    }
    this.#set('code-required', method);
    return this.where('code-invalid', { status: reading.status });
  }

  #isSameRequest(reading: VisualGuardReading): boolean {
    const requestId = requestIdOf(reading);
    return requestId === '' || requestId === this.#requestId;
  }

  /** The server began anew with another request id: its ways are offered, once. Nothing is chosen by itself, so there is no loop. */
  #adopt(reading: VisualGuardReading): Outcome {
    if (this.#adopted || reading.methods.length === 0)
      return this.#end({ reason: reading.reasons[0] ?? 'unknown' }, reading);
    this.#adopted = true;
    this.#requestId = requestIdOf(reading);
    this.methods = reading.methods;
    this.#set('mfa-required', undefined);
    return this.where(undefined, { status: reading.status });
  }

  /** A server that has sent a code without asking for a way: the code alone is missing. */
  #awaitCode(reading: VisualGuardReading): void {
    this.method = reading.methods[0] ?? {
      id: randomId(),
      kind: 'code',
      transport: 'other',
      destination: '',
      label: '',
      requestId: reading.requestId,
      availableId: '',
    };
    if (reading.methods.length === 0) this.methods = [this.method];
    this.state = this.method.kind === 'link' ? 'link-sent' : 'code-required';
  }

  #end(refusal: Pick<Refused, 'reason' | 'error'>, reading?: VisualGuardReading): Refused {
    this.#home.forgetChallenge(this);
    return refusedBy(refusal, this.user, reading);
  }

  /** Certain failures tell that nothing can have been sent: then the next try need not wait. */
  #wasNotSent(thrown: unknown): boolean {
    const { code, fault } = asAuthError(thrown);
    const isCertain =
      code === 'AUTH_TLS' ||
      code === 'AUTH_PROXY' ||
      ['host-unknown', 'connection-refused', 'no-connection'].includes(fault);
    if (isCertain) this.#home.guard.undeliver(this.#home.guardName(this.user));
    return isCertain;
  }
}
