import type { Node, NodeAPI, NodeStatus } from 'node-red';
import type { Cancel, Clock } from '../../src/core/clock.ts';
import type { AuthError } from '../../src/core/errors.ts';
import type { Reason } from '../../src/core/reasons.ts';
import type { SecretFlaw } from '../../src/core/secret-flaw.ts';
import type { Counts } from '../../src/oauth/counts.ts';
import type { Token } from '../../src/oauth/token.ts';
import type { SourceState } from '../../src/oauth/token-source.ts';
import type { StoreState } from '../../src/store/store.ts';
import type { Challenged, OpenChallenge, Outcome, Refused } from '../../src/visual-guard/outcome.ts';
import { afterStart } from './after-start.ts';
import { causeSentence } from './catalogue.ts';
import type { StatusEvent } from './changes/status-event.ts';
import type { Auth } from './msg-auth.ts';
import { BROKEN, BUSY, GOOD, IDLE, type Look, REFUSED, WAITING } from './status-look.ts';
import { type Received, StatusText } from './status-text.ts';

/** A longer name of a config node is cut, in characters. */
const LONGEST_NAME = 20;

/** The number of messages on hold changes at most once in this time, in ms: a flow may bring a thousand in a second. */
const WAITING_PAUSE = 500;

/** The probable flaw of a secret, by the reason of the refusal that it causes. */
export type SecretFlaws = { readonly [R in Reason]?: SecretFlaw | undefined };

/**
 * The status of a node. It stays correct while no message arrives: if a text is true only until a known time, one timer
 * changes it then. The status is not updated at intervals.
 */
export class StatusLine {
  /** Whether the node uses the practice server. */
  isPractice = false;
  /** The name of the config node that the status is about, if messages choose the config node. */
  about = '';
  /** The probable flaws of the secrets of the config node that the status is about. */
  flaws: SecretFlaws = {};
  /** Whether the password is the one of the config node. If it is on the message, `flaws` says nothing about it. */
  isStoredPassword = true;
  /** The counts of a config node's connection. Status nodes get them as `msg.status.counts`. */
  counts: Readonly<Counts> | undefined;
  #reportedCounts = '';
  /** The event that the next status reports. Later ones do not repeat it. */
  #event: StatusEvent | undefined;
  #look: Partial<Look> & { text?: string } = {};
  /** The status if no message is on hold. */
  #base: { look: Look; text: string } = { look: IDLE, text: '' };
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #clock: Clock;
  readonly #text: StatusText;
  #shown = '';
  #cancel: Cancel | undefined;
  /** Ends the following of the challenge that the status is about. */
  #unfollow: Cancel | undefined;
  #closed = false;
  #usesNext = false;
  /** Whether it shows a code or link for a user of the practice server. */
  #showsReceived = false;
  /** How many messages are on hold: the actual and the shown number. */
  #waiting = 0;
  #shownWaiting = 0;
  /** The interval between changes for the reader, which has nothing to do with the time of tokens. */
  #waitingPause: NodeJS.Timeout | undefined;
  /** The status if there is no problem. */
  #normal: [look: Look, text: string, falseAt?: number, then?: string] | undefined;
  /** Whether the flows have started. Before that, no Status node gets a status, so none is sent. */
  #isStarted = false;

  constructor(RED: NodeAPI, node: Node, clock: Clock) {
    this.#RED = RED;
    this.#node = node;
    this.#clock = clock;
    this.#text = new StatusText(RED, clock);
    node.on('close', () => this.#close());
    afterStart(RED, node, () => {
      this.#isStarted = true;
      if (this.#shown !== '') this.#send();
    });
  }

  idle(): void {
    this.#showNormal(IDLE, '');
  }

  /** Whether the next client credentials are in use. A config node shows that if there is no problem. */
  set usesNext(usesNext: boolean) {
    if (usesNext === this.#usesNext) return;
    this.#usesNext = usesNext;
    if (this.#normal) this.#showNormal(...this.#normal);
  }

  /** How many messages are on hold. As long as there are any, nothing else is shown. */
  set waiting(waiting: number) {
    const isOther = waiting === 0 || this.#waiting === 0;
    this.#waiting = waiting;
    if (isOther) this.#showWaiting();
    else this.#waitingPause ??= setTimeout(() => this.#showWaiting(), WAITING_PAUSE).unref();
  }

  busy(key: 'renewing' | 'signing-in' | 'signing-out'): void {
    this.#show(BUSY, this.#text.say(`status.${key}`));
  }

  valid(token: Token): void {
    const { expiresAt, obtainedAt } = token;
    if (expiresAt <= obtainedAt) this.#showNormal(IDLE, this.#text.say('status.used-once'));
    else if (expiresAt <= this.#clock.now()) this.#showNormal(IDLE, this.#text.say('status.expired'));
    else {
      const until = this.#text.moment(['status.valid-until', 'status.valid-until-date'], expiresAt);
      this.#showNormal(GOOD, until, expiresAt, 'status.expired');
    }
  }

  /** A message left by output 1, and there is no token to show, for example after a logout. */
  done(key: 'signed-out' | 'ready'): void {
    this.#show(key === 'ready' ? GOOD : IDLE, this.#text.say(`status.${key}`));
  }

  refused({ reason, retryAt }: Pick<Refused, 'reason'> & { retryAt?: number | undefined }): void {
    const flaw = reason !== 'credentials-invalid' || this.isStoredPassword ? this.flaws[reason] : undefined;
    // The hint matters more than the time of the next try, which fails until somebody corrects the secret.
    const text = flaw
      ? this.#text.say(`flaws.${flaw}`)
      : this.#text.listed(this.#text.why(reason, retryAt), this.#text.retry(retryAt));
    this.#show(REFUSED, text, retryAt, 'status.retry-now');
  }

  /**
   * Shows what a challenge waits for, whoever answers it, until it has ended.
   *
   * @param received what the practice server has sent to the user
   */
  challenged(outcome: Challenged, received?: Received): void {
    const { challenge } = outcome;
    this.#show(WAITING, this.#text.challenge(outcome, received), challenge.expiresAt, 'reasons.challenge-expired');
    this.#showsReceived = received !== undefined;
    this.#follow(challenge);
  }

  /** The code or link in the status was used. The status no longer shows it. */
  usedUp(): void {
    if (this.#showsReceived) this.#paint(IDLE, '');
  }

  /** A message leaves `attach-bearer` by output 2. @param open the challenge of the message, if it is in memory */
  needed({ state, reason, retry_at: retryAt, challenge }: Auth, open?: OpenChallenge): void {
    if (reason) this.refused({ reason, retryAt });
    else {
      this.#show(WAITING, this.#text.say(`status.${state}`), challenge?.expires_at, 'reasons.challenge-expired');
      if (open) this.#follow(open);
    }
  }

  failed(error: AuthError): void {
    if (error.code === 'AUTH_CONFIG') {
      this.misconfigured(error);
      return;
    }
    const text = this.#text.say(`codes.${error.code}`);
    this.#show(BROKEN, this.#text.listed(text, this.#text.retry(error.retryAt)), error.retryAt, 'status.retry-now');
  }

  /** Shows which property is missing or wrong. */
  misconfigured(error: AuthError): void {
    const { property, variable } = error.values;
    const { about, isPractice } = this;
    // No config node has the name, so the status is not about the previous one.
    if (error.fault.startsWith('config-name-')) Object.assign(this, { about: '', isPractice: false });
    this.#show(
      BROKEN,
      this.#text.say(`faults.${error.fault}`, { property: String(property ?? ''), variable: String(variable ?? '') }),
    );
    Object.assign(this, { about, isPractice });
  }

  /** Shows the state of a token source. */
  source(state: SourceState): void {
    if (state.at === 'valid') this.valid(state.token);
    else if (state.at === 'refused') this.refused(state);
    else if (state.at === 'failed') this.failed(state.error);
    else if (state.at === 'renewing') this.busy('renewing');
    else this.idle();
  }

  /** Shows the state of a session store. */
  store(state: StoreState): void {
    if (state.at === 'ready') this.#show(GOOD, this.#text.say('status.ready'));
    else if (state.at === 'connecting') this.#show(BUSY, this.#text.say('status.connecting'));
    else this.#show(BROKEN, this.#text.say('status.gone', { cause: causeSentence(this.#RED, state.cause) }));
  }

  /** Follows the challenge that the status is about, until the status is about something else. */
  #follow(challenge: OpenChallenge): void {
    // A response can arrive after the node was closed.
    if (!this.#closed) this.#unfollow = challenge.changes.add((outcome) => this.#followed(challenge, outcome));
  }

  /** @param outcome undefined if the challenge has ended and nothing else is known */
  #followed({ expiresAt }: OpenChallenge, outcome: Outcome | undefined): void {
    if (outcome?.state === 'signed-in') this.valid(outcome.token);
    else if (outcome?.state === 'refused') this.refused(outcome);
    // Its link may still be clicked, but nothing else makes the status untrue.
    else if (expiresAt <= this.#clock.now()) return;
    else if (outcome) this.challenged(outcome);
    else this.idle();
  }

  #showNormal(...normal: [look: Look, text: string, falseAt?: number, then?: string]): void {
    if (this.#usesNext) this.#show(GOOD, this.#text.say('status.uses-next'));
    else this.#show(...normal);
    this.#normal = normal;
  }

  #show(look: Look, text: string, falseAt?: number, then?: string): void {
    if (this.#closed) return;
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
    if (falseAt !== undefined && then !== undefined) {
      this.#cancel = this.#clock.after(
        falseAt - this.#clock.now(),
        () => this.#paint(IDLE, this.#text.say(then)),
        true,
      );
    }
    this.#paint(look, text);
  }

  /** Changes what is shown, and nothing else: the status is still about the same thing. */
  #paint(look: Look, text: string): void {
    this.#normal = undefined;
    this.#showsReceived = false;
    this.#base = { look, text };
    this.#render();
  }

  #showWaiting(): void {
    clearTimeout(this.#waitingPause);
    this.#waitingPause = undefined;
    this.#shownWaiting = this.#waiting;
    this.#render();
  }

  #render(): void {
    if (this.#closed) return;
    const number = this.#shownWaiting;
    const { look, text } =
      number > 0 ? { look: WAITING, text: this.#text.say('status.waiting', { number }) } : this.#base;
    const practice = this.isPractice ? this.#text.say('status.practice') : '';
    const name = this.about.length > LONGEST_NAME ? `${this.about.slice(0, LONGEST_NAME)}…` : this.about;
    const whole = this.#text.prefixed(name, practice, text);
    if (this.#shown === `${look.fill} ${whole}`) return;
    this.#shown = `${look.fill} ${whole}`;
    this.#look = whole === '' ? {} : { ...look, text: whole };
    this.#send();
  }

  /** Sends the counts if the server got a request, or refused one, since they were sent. */
  sendCounts(): void {
    if (!this.#closed && this.#reportedCounts !== this.#slowCounts) this.#send();
  }

  /**
   * Reports a change to Status nodes, once: in the status that shows the change. If the text stays the same, the status is
   * sent again.
   */
  report(event: StatusEvent): void {
    this.#event = event;
    queueMicrotask(() => {
      if (this.#event === event && !this.#closed) this.#send();
    });
  }

  /** Before the flows have started it does nothing: the first status is sent then. */
  #send(): void {
    if (!this.#isStarted) return;
    this.#reportedCounts = this.#slowCounts;
    const event = this.#event;
    this.#event = undefined;
    const counts = this.counts ? { counts: { ...this.counts } } : {};
    this.#node.status({ ...this.#look, ...counts, ...(event ? { event } : {}) } as NodeStatus);
  }

  /** The counts that do not change with every message. */
  get #slowCounts(): string {
    const { requests, waits, refusals } = this.counts ?? {};
    return [requests, waits, refusals].join();
  }

  #close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#unfollow?.();
    clearTimeout(this.#waitingPause);
  }
}
