import type { Node, NodeAPI, NodeStatus } from 'node-red';
import type { Cancel, Clock } from '../../src/core/clock.ts';
import type { AuthError } from '../../src/core/errors.ts';
import type { Reason } from '../../src/core/reasons.ts';
import type { SecretFlaw } from '../../src/core/secret-flaw.ts';
import type { Counts } from '../../src/oauth/counts.ts';
import type { Token } from '../../src/oauth/token.ts';
import type { SourceState } from '../../src/oauth/token-source.ts';
import type { StoreState } from '../../src/store/store.ts';
import type { Challenged, Refused } from '../../src/visual-guard/outcome.ts';
import { CATALOGUE } from './catalogue.ts';
import type { Auth } from './message.ts';

const DAY = 86_400_000;

/** The most of a config node's name that is shown, in characters. */
const LONGEST_NAME = 20;

/** What is probably wrong with a secret, by the reason of the refusal that it leads to. */
export type SecretFlaws = { readonly [R in Reason]?: SecretFlaw | undefined };

type Look = { fill: 'red' | 'green' | 'yellow' | 'blue' | 'grey'; shape: 'ring' | 'dot' };
const GOOD: Look = { fill: 'green', shape: 'dot' };
const BUSY: Look = { fill: 'blue', shape: 'ring' };
const WAITING: Look = { fill: 'yellow', shape: 'ring' };
const IDLE: Look = { fill: 'grey', shape: 'ring' };
const REFUSED: Look = { fill: 'red', shape: 'ring' };
const BROKEN: Look = { fill: 'red', shape: 'dot' };

/**
 * What a node shows under itself. It stays true while nothing flows: where a text turns false at a known moment,
 * one timer changes it then. It does not tick.
 */
export class StatusLine {
  /** Set where the node works against the practice server. */
  isPractice = false;
  /** The name of the config node that it is about, where messages choose that. */
  about = '';
  /** What is probably wrong with the secrets of the config node that it is about, by the reason of a refusal. */
  flaws: SecretFlaws = {};
  /** Whether the password of a user is that of the config node, and not of a message. */
  isStoredPassword = true;
  /** What a config node's connection has done: it stands in the status as `counts`, for Status nodes. */
  counts: Readonly<Counts> | undefined;
  #toldCounts = '';
  #look: Partial<Look> & { text?: string } = {};
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #clock: Clock;
  #shown = '';
  #cancel: Cancel | undefined;
  #closed = false;

  constructor(RED: NodeAPI, node: Node, clock: Clock) {
    this.#RED = RED;
    this.#node = node;
    this.#clock = clock;
    node.on('close', () => this.#close());
  }

  idle(): void {
    this.#show(IDLE, '');
  }

  busy(key: 'renewing' | 'signing-in' | 'signing-out'): void {
    this.#show(BUSY, this.#say(`status.${key}`));
  }

  valid(token: Token): void {
    if (token.expiresAt <= token.obtainedAt) this.#show(IDLE, this.#say('status.used-once'));
    else if (token.expiresAt <= this.#clock.now()) this.#show(IDLE, this.#say('status.expired'));
    else
      this.#show(
        GOOD,
        this.#say('status.valid-until', { time: this.#time(token.expiresAt) }),
        token.expiresAt,
        'status.expired',
      );
  }

  /** Output 1 without a token of its own, as after a logout. */
  done(key: 'signed-out' | 'ready'): void {
    this.#show(key === 'ready' ? GOOD : IDLE, this.#say(`status.${key}`));
  }

  refused({ reason, retryAt }: Pick<Refused, 'reason'> & { retryAt?: number | undefined }): void {
    const flaw = reason !== 'credentials-invalid' || this.isStoredPassword ? this.flaws[reason] : undefined;
    // A hint is there to be read. Another try comes of itself, and does not help before the secret is changed.
    const text = flaw ? this.#say(`flaws.${flaw}`) : this.#withRetry(this.#say(`reasons.${reason}`), retryAt);
    this.#show(REFUSED, text, retryAt, 'status.retry-now');
  }

  /** @param received what the practice server's user just received */
  challenged({ state, challenge, reason, retryAt }: Challenged, received = ''): void {
    const { method } = challenge;
    const told = reason ? `${this.#say(`reasons.${reason}`)}, ` : '';
    const text =
      state === 'code-required' && method
        ? this.#say(`status.code-by-${method.transport}`)
        : this.#say(`status.${state}`);
    const whole = `${this.#withRetry(`${told}${text}`, retryAt)}${received}`;
    this.#show(WAITING, whole, challenge.expiresAt, 'reasons.challenge-expired');
  }

  /** What `attach-bearer` sends by its second output. */
  needed({ state, reason, retry_at: retryAt, challenge }: Auth): void {
    if (reason) this.refused({ reason, retryAt });
    else this.#show(WAITING, this.#say(`status.${state}`), challenge?.expires_at, 'reasons.challenge-expired');
  }

  failed(error: AuthError): void {
    if (error.code === 'AUTH_CONFIG') {
      this.misconfigured(error);
      return;
    }
    const text = this.#say(`codes.${error.code}`);
    this.#show(BROKEN, this.#withRetry(text, error.retryAt), error.retryAt, 'status.retry-now');
  }

  /** What a config node is missing, in words: it stands there from the start. */
  misconfigured(error: AuthError): void {
    const { property, variable } = error.values;
    const { about, isPractice } = this;
    // A name that leads nowhere says nothing of the config node that was used before.
    if (error.fault.startsWith('config-name-')) Object.assign(this, { about: '', isPractice: false });
    this.#show(
      BROKEN,
      this.#say(`faults.${error.fault}`, { property: String(property ?? ''), variable: String(variable ?? '') }),
    );
    Object.assign(this, { about, isPractice });
  }

  /** What a token source says of itself. */
  source(state: SourceState): void {
    if (state.at === 'valid') this.valid(state.token);
    else if (state.at === 'refused') this.refused(state);
    else if (state.at === 'failed') this.failed(state.error);
    else if (state.at === 'renewing') this.busy('renewing');
    else this.idle();
  }

  /** What a session store says of itself. */
  store(state: StoreState): void {
    if (state.at === 'ready') this.#show(GOOD, this.#say('status.ready'));
    else if (state.at === 'connecting') this.#show(BUSY, this.#say('status.connecting'));
    else this.#show(BROKEN, this.#say('status.gone', { cause: state.cause }));
  }

  #show(look: Look, text: string, falseAt?: number, then?: string): void {
    if (this.#closed) return;
    this.#cancel?.();
    this.#cancel = undefined;
    if (falseAt !== undefined && then !== undefined) {
      this.#cancel = this.#clock.after(falseAt - this.#clock.now(), () => this.#show(IDLE, this.#say(then)), true);
    }
    const practice = this.isPractice ? this.#say('status.practice') : '';
    const name = this.about.length > LONGEST_NAME ? `${this.about.slice(0, LONGEST_NAME)}…` : this.about;
    const whole = [name, practice, text].filter((part) => part !== '').join(': ');
    if (this.#shown === `${look.fill} ${whole}`) return;
    this.#shown = `${look.fill} ${whole}`;
    this.#look = whole === '' ? {} : { ...look, text: whole };
    this.#tell();
  }

  /** Tells the counts where the server was asked, or said no, since they were told. */
  tellCounts(): void {
    if (!this.#closed && this.#toldCounts !== this.#slowCounts) this.#tell();
  }

  #tell(): void {
    this.#toldCounts = this.#slowCounts;
    this.#node.status({ ...this.#look, ...(this.counts ? { counts: { ...this.counts } } : {}) } as NodeStatus);
  }

  /** Those that do not change with every message. */
  get #slowCounts(): string {
    const { requests, waits, refusals } = this.counts ?? {};
    return [requests, waits, refusals].join();
  }

  #close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #say(key: string, values: Record<string, string> = {}): string {
    return this.#RED._(CATALOGUE + key, values) as string;
  }

  #withRetry(text: string, retryAt: number | undefined): string {
    return retryAt ? `${text}, ${this.#say('status.retry-at', { time: this.#time(retryAt) })}` : text;
  }

  /** Hour and minute; the date, where it is more than a day away. */
  #time(at: number): string {
    const date = new Date(at);
    const two = (part: number): string => String(part).padStart(2, '0');
    if (at - this.#clock.now() < DAY) return `${two(date.getHours())}:${two(date.getMinutes())}`;
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  }
}
