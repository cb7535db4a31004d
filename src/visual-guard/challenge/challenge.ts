import { asAuthError } from '../../errors.ts';
import { SecretTrace } from '../../hiding.ts';
import { randomId } from '../../system.ts';
import { findMethod, isDelivered, type Method } from '../dialect/methods.ts';
import { saysWrongPassword, type VisualGuardReading } from '../dialect/reply.ts';
import type { Heard, Person } from '../dialect/wire.ts';
import { type Challenged, type Outcome, type Refused, refusedAndTold } from '../outcome.ts';
import { type ChallengeContent, contentOfReading } from './content.ts';
import type { ChallengeHome } from './home.ts';
import { type Judgement, judge, judgeWrongCode } from './judgement.ts';
import { type LinkHome, OpenLink } from './link.ts';
import type { SharedChallenge } from './shared-challenge.ts';

/** A multi-factor challenge of one person, from the ways offered to the token. */
export class Challenge implements LinkHome {
  readonly id: string;
  #at: ChallengeContent;
  /** It takes no step any more. */
  #isOver = false;
  #hasEnded = false;
  #link: OpenLink | undefined;
  readonly #openLinks = new Set<OpenLink>();
  #turn: Promise<unknown> = Promise.resolve();
  #shared: SharedChallenge | undefined;
  readonly #person: Person;
  readonly #home: ChallengeHome;

  /** @param id of a challenge that was set elsewhere */
  constructor(content: ChallengeContent, person: Person, home: ChallengeHome, id: string = randomId()) {
    this.id = id;
    this.#at = content;
    this.#home = home;
    // What the next steps do not send is not kept.
    const sent = home.wire.mfaCredentials === 'username+password' ? person.password : '';
    this.#person = { user: person.user, password: sent, trace: new SecretTrace(person.password) };
  }

  /** The challenge that a reply to a login sets. */
  static of(reading: VisualGuardReading, person: Person, stored: boolean, home: ChallengeHome): Challenge {
    const content = contentOfReading(reading, { user: person.user, stored, now: home.system.now() });
    return new Challenge(content, person, home);
  }

  get user(): string {
    return this.#at.user;
  }

  /** Whether it belongs to the stored user of the config node. */
  get stored(): boolean {
    return this.#at.stored;
  }

  /** ms since 1970 */
  get expiresAt(): number {
    return this.#at.expiresAt;
  }

  get state(): Challenged['state'] {
    return this.#at.state;
  }

  /** The way chosen. */
  get method(): Method | undefined {
    return this.#at.method;
  }

  get methods(): readonly Method[] {
    return this.#at.methods;
  }

  /** Whether any way was ever taken, also one that failed. */
  get hasChosen(): boolean {
    return this.#at.hasChosen;
  }

  /** Codes refused so far. */
  get attempts(): number {
    return this.#at.attempts;
  }

  /** All that another replica has to know of it. */
  get content(): ChallengeContent {
    return this.#at;
  }

  /** Whether it was answered, refused or is not wanted any more: for other replicas, too. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The token endpoint that set it. */
  get tokenUrl(): string {
    return this.#home.wire.tokenUrl;
  }

  /** Whether a request for a link is still open. */
  get hasOpenLink(): boolean {
    return this.#openLinks.size > 0;
  }

  belongsTo(home: ChallengeHome): boolean {
    return this.#home === home;
  }

  /** From now on it is kept together with other replicas. */
  share(shared: SharedChallenge): void {
    this.#shared = shared;
  }

  /** Takes over where another replica left it. A link of this process ends where another way was taken. */
  load(content: ChallengeContent): void {
    this.#at = { ...content, expiresAt: this.expiresAt };
    if (content.state !== 'link-sent') this.#link?.end();
  }

  /** Runs something between two steps. */
  betweenSteps(run: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined);
    return turn;
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
      const heldUntil = await this.#home.guard.claimDelivery(this.#guardName);
      if (heldUntil !== undefined) return this.where('held-back', { retryAt: heldUntil });
      this.#link?.end();
      // Kept even if no answer comes: the code may arrive all the same.
      this.#at = { ...this.#at, method, hasChosen: true };
      return method.kind === 'link' ? this.#sendLink(method) : this.#sendCode(method);
    });
  }

  /**
   * Answers with a code.
   *
   * @throws AuthError where the server gives no answer that makes sense; the challenge stays
   */
  async submit(code: string): Promise<Outcome> {
    if (this.state === 'link-sent' && !this.#shared) return this.where();
    return this.#inTurn(async () => {
      // Another step, perhaps at another replica, may have sent one.
      if (this.state === 'link-sent') return this.where();
      const method = this.method ?? findMethod(this.methods, '');
      if (!method) return { ...this.where('method-not-offered'), state: 'mfa-required' };
      const heard = await this.#home.wire.submit(method, this.#person, code);
      if (!heard.grant && heard.reading?.reasons.includes('code-invalid'))
        return this.#become(judgeWrongCode(heard.reading, this.#at, method, this.#home.system.now()), heard.reading);
      return this.settle(heard, method);
    });
  }

  /** Ends everything: the challenge was answered, or is not wanted any more. */
  close(): void {
    this.expire();
    this.#link?.end();
    this.#shared?.close();
  }

  /** Takes no step any more. A link that is open may still be clicked: the server knows how long it lives. */
  expire(): void {
    this.#isOver = true;
    this.#person.password = '';
    if (!this.hasOpenLink) this.#shared?.close();
  }

  /** Not wanted any more, here and at other replicas. */
  cancel(): void {
    this.#forget();
    void this.#shared?.tell();
  }

  /** One step after another: two codes at once must not both be the fifth. */
  #inTurn(step: () => Promise<Outcome>): Promise<Outcome> {
    const guarded = async (): Promise<Outcome> => (this.#isOver ? this.#tooLate() : (this.#heldBack() ?? step()));
    const turn = this.#turn.then(() => this.#shared?.step(guarded) ?? guarded());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  get #guardName(): string {
    return this.#home.guardName(this.user);
  }

  /** A password that goes along with the steps, and was refused meanwhile. */
  #heldBack(): Challenged | undefined {
    const { password } = this.#person;
    const heldUntil = password === '' ? undefined : this.#home.guard.heldUntil(this.#guardName, password);
    return heldUntil === undefined ? undefined : this.where('held-back', { retryAt: heldUntil });
  }

  #tooLate(): Refused {
    const reason = this.#home.system.now() >= this.expiresAt ? 'challenge-expired' : 'challenge-unknown';
    return refusedAndTold(this.#home.meter, { reason }, this.user);
  }

  #set(state: Challenged['state'], method: Method | undefined): Challenged {
    this.#at = { ...this.#at, state, method };
    return this.where();
  }

  async #sendCode(method: Method): Promise<Outcome> {
    try {
      return await this.settle(await this.#home.wire.choose(method, this.#person), method);
    } catch (failure) {
      this.wasNotSent(failure);
      throw failure;
    }
  }

  /** The request stays open until the person has clicked, so what comes of it is told later. */
  #sendLink(method: Method): Challenged {
    const link = new OpenLink(this, method, (signal) => this.#home.wire.choose(method, this.#person, signal));
    this.#openLinks.add(link);
    this.#link = link;
    return { ...this.#set('link-sent', method), link };
  }

  linkIsDone(link: OpenLink): void {
    this.#openLinks.delete(link);
    // Its time was over, and only the link was still waited for.
    if (this.#isOver) this.#home.forgetChallenge(this);
    void this.#shared?.tell();
  }

  linkTimedOut(): Outcome {
    return this.#end({ reason: 'mfa-timeout' });
  }

  linkWasNotSent(): void {
    this.#set('mfa-required', undefined);
  }

  /** What a reply to a step means. A wrong code is read before. */
  settle(heard: Heard, method: Method): Outcome | Promise<Outcome> {
    if (heard.grant) {
      this.#forget();
      return this.#home.challengeAnswered(heard.grant, this);
    }
    if (heard.refusal) {
      if (heard.refusal.reason === 'credentials-invalid') this.#holdPasswordBack();
      return this.#end(heard.refusal);
    }
    const { reading } = heard;
    if (saysWrongPassword(reading)) this.#holdPasswordBack();
    const judged = judge(reading, this.#at, method);
    if (judged.reason === 'mfa-delivery-failed') void this.#home.guard.undeliver(this.#guardName);
    return this.#become(judged, reading);
  }

  /** Certain failures tell that nothing can have been sent: then the next try need not wait. */
  wasNotSent(thrown: unknown): boolean {
    const { code, fault } = asAuthError(thrown);
    const certain = ['AUTH_TLS', 'AUTH_PROXY', 'host-unknown', 'connection-refused', 'no-connection'];
    const isCertain = certain.includes(code) || certain.includes(fault);
    if (isCertain) void this.#home.guard.undeliver(this.#guardName);
    return isCertain;
  }

  /** Only where the password was sent along with the step. */
  #holdPasswordBack(): void {
    const { password } = this.#person;
    if (password !== '') void this.#home.guard.refuse(this.#guardName, password);
  }

  #become(judged: Judgement, reading: VisualGuardReading): Outcome {
    if (judged.ends) return this.#end({ reason: judged.ends }, reading);
    const { at, reason } = judged;
    this.#at = at;
    if (reason === 'code-invalid') this.#home.meter.tell({ what: 'refused', user: this.user, reason });
    return this.where(reason, { status: reading.status });
  }

  #end(refusal: Pick<Refused, 'reason' | 'error'>, reading?: VisualGuardReading): Refused {
    this.#forget();
    return refusedAndTold(this.#home.meter, refusal, this.user, reading);
  }

  #forget(): void {
    this.#hasEnded = true;
    this.#home.forgetChallenge(this);
  }
}
