import { type Cancel, randomId } from '../../core/clock.ts';
import type { Found, RecordLock, SharedRecord } from '../../store/coordinator.ts';
import type { ServerContext } from '../context.ts';
import { findMethod, isDelivered, type Method } from '../dialect/methods.ts';
import { saysWrongPassword, type VisualGuardResponse } from '../dialect/reply.ts';
import type { Credentials, Grant, VisualGuardResult } from '../dialect/wire.ts';
import {
  type Challenged,
  type OpenChallenge,
  type Outcome,
  type Refused,
  type Refusing,
  refusedAndTold,
  type SignedIn,
} from '../outcome.ts';
import { tryCode } from './code-try.ts';
import { type ChallengeContent, type ChallengeRecord, timeToLive } from './content.ts';
import { judge, judgeWrongCode, type StepResult } from './judgement.ts';
import { mayBeClicked, OpenLink } from './link.ts';
import { RecordedChallenge } from './recorded.ts';
import { Respondent } from './respondent.ts';

/** Who keeps the challenges of a server. */
export interface ChallengeKeeper {
  readonly context: ServerContext;
  recordOf(id: string): SharedRecord<ChallengeRecord>;
  /** It was answered: a session begins. */
  answered(grant: Grant, challenge: Challenge): Promise<SignedIn>;
  /** It has ended. */
  left(challenge: Challenge): void;
}

/**
 * A multi-factor challenge of one person, from the methods offered to the token. The object in memory is what serves; its record is
 * what other replicas know of it. Each step is taken by one of them, where the others left it.
 */
export class Challenge implements OpenChallenge {
  readonly id: string;
  #at: ChallengeContent;
  /** It takes no step any more. */
  #isOver = false;
  #hasEnded = false;
  /** Another replica has ended it: nothing is written any more. */
  #hasEndedElsewhere = false;
  #link: OpenLink | undefined;
  readonly #openLinks = new Set<OpenLink>();
  readonly #person: Respondent;
  readonly #recorded: RecordedChallenge;
  readonly #record: SharedRecord<ChallengeRecord>;
  readonly #keeper: ChallengeKeeper;
  #unfollow: Cancel | undefined;

  /** @param origin of a challenge that was begun elsewhere: its id, and how often it was written */
  constructor(
    content: ChallengeContent,
    person: Credentials,
    keeper: ChallengeKeeper,
    { id, steps }: { id: string; steps: number } = { id: randomId(), steps: 0 },
  ) {
    this.id = id;
    this.#at = content;
    this.#keeper = keeper;
    this.#person = new Respondent(person, keeper.context);
    this.#recorded = new RecordedChallenge(keeper.context.connection, content, steps);
    this.#record = keeper.recordOf(id);
  }

  get #context(): ServerContext {
    return this.#keeper.context;
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

  /** The token endpoint that set it. */
  get tokenUrl(): string {
    return this.#context.wire.tokenUrl;
  }

  /** Whether a request for a link is still open. */
  get hasOpenLink(): boolean {
    return this.#openLinks.size > 0;
  }

  belongsTo(keeper: ChallengeKeeper): boolean {
    return this.#keeper === keeper;
  }

  /** Writes it as it stands, for other replicas: it is new. */
  write(): Promise<void> {
    return this.#record.write(this.#recorded.record);
  }

  /** From now on it follows what other replicas make of it, until it has ended here. */
  follow(): void {
    this.#unfollow = this.#record.watch((found) => this.#adoptNews(found));
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
    return this.#step(async () => {
      const method = findMethod(this.methods, word);
      if (!method) return { ...this.where('method-not-offered'), state: 'mfa-required' };
      if (!isDelivered(method)) {
        this.#link?.end();
        return this.#set('code-required', method);
      }
      const heldUntil = await this.#person.claimDelivery();
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
  submit(code: string): Promise<Outcome> {
    return this.#step(async () => {
      // A link that was sent, perhaps by another replica, needs no code.
      if (this.state === 'link-sent') return this.where();
      const method = this.method ?? findMethod(this.methods, '');
      if (!method) return { ...this.where('method-not-offered'), state: 'mfa-required' };
      const send = (): Promise<VisualGuardResult> => this.#person.submit(method, code);
      const heard = await tryCode(this.#context, this.user, { stop: () => this.#stop(), send });
      if ('state' in heard) return heard;
      if (!heard.grant && heard.reading?.reasons.includes('code-invalid'))
        return this.#become(judgeWrongCode(heard.reading, this.#at, method, this.#now), heard.reading);
      return this.#settle(heard, method);
    });
  }

  /** Ends everything: the challenge was answered, or is not wanted any more. */
  close(): void {
    this.expire();
    this.#link?.end();
    this.#unfollow?.();
  }

  /** Another one needs the room: this process forgets it. */
  makeRoom(): void {
    this.#context.metrics.madeRoom();
    this.close();
  }

  /** Takes no step any more. A link that is open may still be clicked: the server knows how long it is valid. */
  expire(): void {
    this.#isOver = true;
    this.#person.forgetPassword();
    if (!this.hasOpenLink) this.#unfollow?.();
  }

  /** Not wanted any more, here and at other replicas. */
  cancel(): void {
    this.#end();
    void this.#tell();
  }

  /** One step after another, over all replicas: two codes at once must not both be the fifth. */
  #step(step: () => Promise<Outcome>): Promise<Outcome> {
    return this.#record.update<Outcome>({
      run: async (found, lock) => {
        this.#adopt(found);
        try {
          return await (this.#stop() ?? step());
        } finally {
          this.#writeWith(lock);
        }
      },
    });
  }

  /** Something happened between two steps: a link was clicked, or the challenge is not wanted any more. */
  async #tell(): Promise<void> {
    if (!this.#isChanged) return;
    const told = this.#record.update<void>({
      run: async (found, lock) => {
        this.#adopt(found);
        this.#writeWith(lock);
      },
    });
    await told.catch(() => undefined);
  }

  get #isChanged(): boolean {
    return !this.#hasEndedElsewhere && (this.#hasEnded || !this.#recorded.has(this.#at));
  }

  #writeWith(lock: RecordLock<ChallengeRecord>): void {
    if (!this.#isChanged) return;
    const record = this.#recorded.next(this.#at);
    if (this.#hasEnded) lock.end(timeToLive(record, this.#now));
    else lock.write(record);
  }

  /** Takes over where another replica left it. A link of this process ends if another method was chosen. */
  #adopt(found: Found<ChallengeRecord>): void {
    if (found === 'ended') {
      this.#hasEndedElsewhere = true;
      this.#keeper.left(this);
    }
    const newer = this.#hasEnded ? undefined : this.#recorded.adopt(found, this.expiresAt);
    if (!newer) return;
    this.#at = newer;
    if (newer.state !== 'link-sent') this.#link?.end();
  }

  /** @returns what to write again */
  #adoptNews(found: Found<ChallengeRecord>): ChallengeRecord | undefined {
    if (this.#hasEnded) return undefined;
    this.#adopt(found);
    return this.#recorded.isLost(found) && this.#now < this.expiresAt ? this.#recorded.record : undefined;
  }

  /** Why no step is taken now. */
  #stop(): Outcome | undefined {
    return this.#isOver ? this.#tooLate() : this.#heldBack();
  }

  /** A password that goes along with the steps, and was refused meanwhile. */
  #heldBack(): Challenged | undefined {
    const { heldUntil } = this.#person;
    return heldUntil === undefined ? undefined : this.where('held-back', { retryAt: heldUntil });
  }

  get #now(): number {
    return this.#context.clock.now();
  }

  #tooLate(): Refused {
    const reason = this.#now >= this.expiresAt ? 'challenge-expired' : 'challenge-unknown';
    return refusedAndTold(this.#context.metrics, { reason }, this.user);
  }

  #set(state: Challenged['state'], method: Method | undefined): Challenged {
    this.#at = { ...this.#at, state, method };
    return this.where();
  }

  async #sendCode(method: Method): Promise<Outcome> {
    try {
      return await this.#settleSent(await this.#person.choose(method), method);
    } catch (failure) {
      this.#person.undeliverAfter(failure);
      throw failure;
    }
  }

  /** The request stays open until the person has clicked, so what comes of it is told later. */
  #sendLink(method: Method): Challenged {
    const link = new OpenLink((signal) => this.#person.choose(method, signal));
    this.#openLinks.add(link);
    this.#link = link;
    const later = this.#await(link, method).finally(() => this.#linkHasEnded(link));
    // Whoever chose may be gone by then.
    later.catch(() => undefined);
    return { ...this.#set('link-sent', method), link: { later, end: () => link.end() } };
  }

  async #await(link: OpenLink, method: Method): Promise<Outcome | undefined> {
    const result = await link.result;
    if (result === 'ended') return undefined;
    if ('heard' in result) {
      const outcome = await this.#settleSent(result.heard, method);
      // The server did not keep the request open. There is nothing to tell that was not told when the link was sent.
      return outcome.state === 'link-sent' && !outcome.reason ? undefined : outcome;
    }
    const { failure } = result;
    if (failure.fault === 'no-answer') return this.#refuse({ reason: 'mfa-timeout' });
    if (mayBeClicked(failure)) return this.where('outcome-unknown');
    if (this.#person.undeliverAfter(failure)) this.#set('mfa-required', undefined);
    throw failure;
  }

  #linkHasEnded(link: OpenLink): void {
    this.#openLinks.delete(link);
    // It has expired, and only the link was still waited for.
    if (this.#isOver) this.#keeper.left(this);
    void this.#tell();
  }

  /** What a reply to a step without a code means. */
  async #settleSent(heard: VisualGuardResult, method: Method): Promise<Outcome> {
    const forgotten = heard.grant && this.#context.wrongCodes.forget(this.user);
    const outcome = await this.#settle(heard, method);
    await forgotten;
    return outcome;
  }

  /** What a reply to a step means. A wrong code is read before. */
  #settle(heard: VisualGuardResult, method: Method): Outcome | Promise<Outcome> {
    if (heard.grant) {
      this.#end();
      return this.#keeper.answered(heard.grant, this);
    }
    if (heard.refusal) {
      if (heard.refusal.reason === 'credentials-invalid') this.#person.refusePassword();
      return this.#refuse(heard.refusal);
    }
    const { reading } = heard;
    if (saysWrongPassword(reading)) this.#person.refusePassword();
    const judged = judge(reading, this.#at, method);
    if (judged.reason === 'mfa-delivery-failed') this.#person.undeliver();
    return this.#become(judged, reading);
  }

  #become(judged: StepResult, reading: VisualGuardResponse): Outcome {
    if (judged.ends) return this.#refuse({ reason: judged.ends }, reading);
    const { at, reason } = judged;
    this.#at = at;
    if (reason === 'code-invalid') this.#context.metrics.tell({ what: 'refused', user: this.user, reason });
    return this.where(reason, { status: reading.status });
  }

  #refuse(refusal: Refusing, reading?: VisualGuardResponse): Refused {
    this.#end();
    return refusedAndTold(this.#context.metrics, refusal, this.user, reading);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#keeper.left(this);
  }
}
