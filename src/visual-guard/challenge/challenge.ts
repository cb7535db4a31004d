import { type Cancel, randomId } from '../../core/clock.ts';
import type { OAuthError } from '../../oauth/oauth-error.ts';
import type { RecordWrite, SharedRecord } from '../../store/coordinator.ts';
import type { ServerContext } from '../context.ts';
import { findMethod, isDelivered, type Method } from '../dialect/methods.ts';
import { saysWrongPassword, type VisualGuardResponse } from '../dialect/reply.ts';
import type { Credentials, VisualGuardResult } from '../dialect/wire.ts';
import {
  type Challenged,
  type OpenChallenge,
  type Outcome,
  type PublishSession,
  publishSession,
  type Refused,
  reportRefusal,
} from '../outcome.ts';
import { type ChallengeContent, isCodeUnsent } from './content.ts';
import { ChallengeFacts } from './facts.ts';
import type { ChallengeKeeper } from './keeper.ts';
import { type LinkRequest, LinkRequests, mayBeClicked, tellWhenSent } from './link-requests.ts';
import { Progress } from './progress.ts';
import type { ChallengeRecord } from './record.ts';
import { ReplicatedContent } from './replicated-content.ts';
import { ChallengeRequests } from './requests.ts';
import { resultOfStep, resultOfWrongCode, type StepResult } from './step-result.ts';
import { submitCode } from './submit-code.ts';

/**
 * A multi-factor challenge of one user, from the offered methods to the token. Each step is taken by one replica, on the
 * content that the others have left.
 */
export class Challenge extends ChallengeFacts implements OpenChallenge {
  readonly id: string;
  readonly #progress: Progress;
  /** It has expired or ended. */
  #isClosed = false;
  readonly #links = new LinkRequests();
  readonly #requests: ChallengeRequests;
  readonly #shared: ReplicatedContent;
  readonly #keeper: ChallengeKeeper;
  #unwatch: Cancel | undefined;

  /** @param origin of a challenge that began at another replica: its ID, and how many times its record was written */
  constructor(
    content: ChallengeContent,
    credentials: Credentials,
    keeper: ChallengeKeeper,
    { id, steps }: { id: string; steps: number } = { id: randomId(), steps: 0 },
  ) {
    super();
    this.id = id;
    this.#keeper = keeper;
    this.#requests = new ChallengeRequests(credentials, keeper.context);
    this.#shared = new ReplicatedContent(content, steps, keeper.recordOf(id), keeper.context, {
      ended: () => keeper.left(this),
      // A method was chosen elsewhere, perhaps the same one again. A link that was sent here no longer counts.
      changed: () => {
        this.#links.cancel();
        this.#progress.at(this.where());
      },
    });
    this.#progress = new Progress(content);
  }

  get #context(): ServerContext {
    return this.#keeper.context;
  }

  protected get content(): ChallengeContent {
    return this.#shared.current;
  }

  /** A file or a vault may name another stored user meanwhile. Then it is the challenge of an ordinary user. */
  get stored(): boolean {
    const { stored, user } = this.content;
    return stored && user === this.#context.wire.settings.user;
  }

  get tokenUrl(): string {
    return this.#context.wire.tokenUrl;
  }

  get changes(): OpenChallenge['changes'] {
    return this.#progress.changes;
  }

  /** Whether the request for a link is still open. */
  get hasOpenLink(): boolean {
    return !this.#links.isEmpty;
  }

  belongsTo(keeper: ChallengeKeeper): boolean {
    return this.#keeper === keeper;
  }

  /** The record of a new challenge, by which other replicas find it. */
  get toWrite(): RecordWrite<ChallengeRecord> {
    return this.#shared.toWrite;
  }

  /** Follows the steps of other replicas, until it has ended here. */
  follow(): void {
    this.#unwatch = this.#shared.watch();
  }

  where(reason?: Challenged['reason'], extra: Pick<Challenged, 'retryAt' | 'status'> = {}): Challenged {
    return { state: this.state, challenge: this, reason, ...extra };
  }

  choose(word: string): Promise<Outcome> {
    return this.#step(async (publish) => {
      const method = findMethod(this.methods, word);
      if (!method) return { ...this.where('method-not-offered'), state: 'mfa-required' };
      if (!isDelivered(method)) {
        this.#links.cancel();
        this.#shared.change({ state: 'code-required', method });
        return this.where();
      }
      const heldUntil = await this.#requests.claimDelivery();
      if (heldUntil !== undefined) return this.where('held-back', { retryAt: heldUntil });
      this.#links.cancel();
      // Before the response: if none comes, the code may arrive nevertheless. An earlier link no longer counts.
      const state = this.state === 'link-sent' ? 'mfa-required' : this.state;
      this.#shared.change({ state, method, hasChosen: true, sent: true });
      const outcome = method.kind === 'link' ? this.#sendLink(method) : await this.#sendCode(method, publish);
      const isCodeSent = outcome.state === 'code-required' && !outcome.reason;
      if (isCodeSent) this.#context.metrics.tell({ what: 'code-sent', user: this.user });
      return outcome;
    }, this.#requests.delivery);
  }

  submit(code: string): Promise<Outcome> {
    return this.#step(async (publish) => {
      // While a link is open no code is expected. Another replica may have sent it.
      if (this.state === 'link-sent') return this.where();
      const method = this.method ?? findMethod(this.methods, '');
      if (!method) return { ...this.where('method-not-offered'), state: 'mfa-required' };
      const result = await submitCode(this.#context, this.user, {
        isUnsent: isCodeUnsent(this.content),
        check: () => this.#checkStep(),
        send: () => this.#requests.submit(method, code),
      });
      if ('state' in result) return result;
      if (!result.grant && result.reading?.reasons.includes('code-invalid'))
        return this.#apply(resultOfWrongCode(result.reading, this.content, method, this.#now), result.reading);
      return this.#settle(result, method, publish);
    }, this.#context.wrongCodes.recordOf(this.user));
  }

  /** Ends it in this process, with its links. */
  close(): void {
    this.expire();
    this.#links.cancel();
    this.#unwatch?.();
    if (!this.#shared.hasEnded) this.#progress.over();
  }

  /** Refuses further steps. An open link may still be clicked, because the server alone decides how long it is valid. */
  expire(): void {
    this.#isClosed = true;
    this.#requests.forgetPassword();
    if (!this.hasOpenLink) this.#unwatch?.();
  }

  /** Ends it, here and at other replicas. */
  cancel(): void {
    this.#end();
    this.#progress.over();
    void this.#shared.publish();
  }

  #step(step: (publish: PublishSession) => Promise<Outcome>, inner?: SharedRecord<object>): Promise<Outcome> {
    const outcome = this.#shared.update(async (publish) => this.#checkStep() ?? step(publish), inner);
    return outcome.finally(() => this.#report());
  }

  /** Reports the state after a step. A session that could not be written is no sign-in. */
  #report(): void {
    if (this.#shared.hasEnded) this.#progress.over();
    else this.#progress.at(this.where());
  }

  /** @returns why no step may be taken now; undefined if one may */
  #checkStep(): Outcome | undefined {
    if (this.#isClosed) {
      const reason = this.#now >= this.expiresAt ? 'challenge-expired' : 'challenge-unknown';
      return reportRefusal(this.#context.metrics, { reason }, this.user);
    }
    // The steps send a password that was refused meanwhile.
    const { heldUntil } = this.#requests;
    return heldUntil === undefined ? undefined : this.where('held-back', { retryAt: heldUntil });
  }

  get #now(): number {
    return this.#context.clock.now();
  }

  async #sendCode(method: Method, publish: PublishSession): Promise<Outcome> {
    try {
      return await this.#settleDelivery(await this.#requests.choose(method), method, publish);
    } catch (error) {
      if (this.#requests.releaseDeliveryAfter(error)) this.#shared.change({ sent: false });
      throw error;
    }
  }

  /** The request stays open until the person has clicked, so its outcome comes later. */
  #sendLink(method: Method): Challenged {
    const request = this.#links.send((signal) => this.#requests.choose(method, signal));
    const { metrics, clock } = this.#context;
    const { user } = this;
    tellWhenSent(request, clock, () => metrics.tell({ what: 'link-sent', user }));
    const later = this.#awaitClick(request, method).finally(() => {
      this.#links.delete(request);
      // An expired challenge was kept for its link.
      if (this.#isClosed) this.#keeper.left(this);
      this.#report();
      void this.#shared.publish();
    });
    // An error that nobody waits for would end the process.
    later.catch(() => undefined);
    this.#shared.change({ state: 'link-sent', method });
    return { ...this.where(), link: { later, end: () => request.cancel() } };
  }

  async #awaitClick(request: LinkRequest, method: Method): Promise<Outcome | undefined> {
    const end = await request.end;
    if (end === 'canceled') return undefined;
    if ('result' in end) {
      const outcome = await this.#settleDelivery(end.result, method, publishSession);
      // A server that answers at once has sent the link, which was reported already.
      return outcome.state === 'link-sent' && !outcome.reason ? undefined : outcome;
    }
    const { error } = end;
    if (error.fault === 'no-answer') return this.#refuse({ reason: 'mfa-timeout' });
    if (mayBeClicked(error)) return this.where('outcome-unknown');
    if (this.#requests.releaseDeliveryAfter(error))
      this.#shared.change({ state: 'mfa-required', method: undefined, sent: false });
    throw error;
  }

  /** The result of the response to a chosen method. A sign-in without a code clears the wrong codes of the user, too. */
  async #settleDelivery(result: VisualGuardResult, method: Method, publish: PublishSession): Promise<Outcome> {
    const cleared = result.grant && this.#context.wrongCodes.clear(this.user);
    const outcome = await this.#settle(result, method, publish);
    await cleared;
    return outcome;
  }

  /** The result of the response to a step, except for a wrong code. */
  #settle(result: VisualGuardResult, method: Method, publish: PublishSession): Outcome | Promise<Outcome> {
    if (result.grant) {
      this.#end();
      const { outcome, records, announce } = this.#keeper.answered(result.grant, this);
      const announceAll = (): void => {
        announce();
        this.#progress.over(outcome);
      };
      return publish({ outcome, records, announce: announceAll });
    }
    if (result.refusal) {
      if (result.refusal.reason === 'credentials-invalid') this.#requests.refusePassword();
      return this.#refuse(result.refusal);
    }
    const { reading: response } = result;
    if (saysWrongPassword(response)) this.#requests.refusePassword();
    const step = resultOfStep(response, this.content, method);
    if (step.reason === 'mfa-delivery-failed') this.#requests.releaseDelivery();
    return this.#apply(step, response);
  }

  #apply({ content, ended, reason }: StepResult, response: VisualGuardResponse): Outcome {
    if (ended) return this.#refuse({ reason: ended }, response);
    this.#shared.change(content);
    if (reason === 'code-invalid' || reason === 'mfa-delivery-failed')
      this.#context.metrics.tell({ what: 'refused', user: this.user, reason });
    return this.where(reason, { status: response.status });
  }

  #refuse(refusal: OAuthError, response?: VisualGuardResponse): Refused {
    this.#end();
    const refused = reportRefusal(this.#context.metrics, refusal, this.user, response);
    this.#keeper.refused(this, refused);
    this.#progress.over(refused);
    return refused;
  }

  #end(): void {
    this.#shared.end();
    this.#keeper.left(this);
  }
}
