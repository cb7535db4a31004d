import type { Clock } from '../core/clock.ts';
import { type AuthError, asAuthError } from '../core/errors.ts';
import type { Reason } from '../core/reasons.ts';
import { isWithin, type TimeWindow, timeWindow } from '../core/time-window.ts';
import { MESSAGE_WAIT, withMessageTimeout } from '../core/timeout.ts';
import { Backoff } from './backoff.ts';
import type { Counts } from './counts.ts';
import type { Token } from './token.ts';
import type { OAuthError } from './token-endpoint.ts';

/** What asking for a token ends in. It is never a rejected promise: one that nobody awaits would end Node-RED. */
export type TokenResult =
  | { token: Token; refused?: never; failed?: never }
  | { refused: OAuthError & { retryAt?: number }; token?: never; failed?: never }
  | { failed: AuthError; token?: never; refused?: never };

/**
 * Gets one token from a server, or its refusal. Faults are thrown.
 *
 * @param isUrgent whether messages wait for it, and the last one did not fail: then it may try more than once
 */
export type Renewal = (
  isUrgent: boolean,
) => Promise<{ token: Token; refused?: never } | { refused: OAuthError; token?: never }>;

/** What the source tells those who show its state. */
export type SourceState =
  | { at: 'idle' }
  | { at: 'renewing' }
  | { at: 'valid'; token: Token }
  | { at: 'refused'; reason: Reason }
  | { at: 'failed'; error: AuthError };

/** A refusal is remembered this long, so that a flow cannot hammer a server, in ms. */
const REFUSAL_MEMORY = 30_000;
/** At most one renewal is forced by rejected tokens in this time, in ms. */
const FORCED_RENEWAL_PAUSE = 30_000;

/** Whose token it is, and how it is renewed. */
export interface TokenOwner {
  readonly clock: Clock;
  /** The server's name, for the sentence of a wait that was too long. */
  readonly host: string;
  /** Where it is counted how tokens were had. */
  readonly counts?: Counts;
  /** Gets one token from the server, or its refusal. Faults are thrown. */
  renew: Renewal;
  /** Whether there is a way to renew. Without one a token serves until it ends. Always, where this is not given. */
  canRenew?(): boolean;
  /** Called when the state changes, never for a token that is merely handed out. */
  changed?(state: SourceState): void;
}

/**
 * Keeps one token fresh. Simple rules:
 * - with a live token, nothing waits and nothing is asked of the server;
 * - in the soft window the old token serves and one renewal runs behind it;
 * - past the hard one, and with no token, everybody waits for the same renewal;
 * - after a failure the old token serves until it ends, and the next try waits: 1 s, doubling to 30 s.
 */
export class TokenSource {
  #token: Token | undefined;
  #flight: Promise<TokenResult> | undefined;
  #refusal: { refused: OAuthError; pause: TimeWindow } | undefined;
  #forced: TimeWindow | undefined;
  /** The text of the newest token that an API rejected: another replica may still keep it. */
  #rejected: string | undefined;
  /** Since the last failure. Most sources never have one. */
  #coolDown: Backoff | undefined;
  readonly #owner: TokenOwner;

  constructor(owner: TokenOwner, token?: Token) {
    this.#owner = owner;
    this.#token = token;
  }

  /** A token that serves right now, or undefined. It does nothing asynchronous; in the soft window it starts the renewal. */
  current(): Token | undefined {
    const token = this.#token;
    if (token === undefined) return undefined;
    const now = this.#owner.clock.now();
    if (now < token.obtainedAt || now >= token.expiresAt) return undefined;
    if (now < token.softAt) return this.#counted(token);
    const resting = this.#coolDown?.isOn || this.#isRefused(now) || this.#owner.canRenew?.() === false;
    if (!resting) void this.#renew();
    return now < token.hardAt || resting ? this.#counted(token) : undefined;
  }

  #counted(token: Token): Token {
    const { counts } = this.#owner;
    if (counts) counts.hits += 1;
    return token;
  }

  /** The token that is kept, live or not. For showing only. */
  get token(): Token | undefined {
    return this.#token;
  }

  /**
   * A token, waiting for it where there is none. All who ask meanwhile wait for the same request.
   *
   * @param wait the longest that this one waits, in ms; its giving up does not cancel the request
   */
  async ask(wait: number = MESSAGE_WAIT): Promise<TokenResult> {
    const token = this.current();
    if (token) return { token };
    if (this.#isRefused(this.#owner.clock.now()) && this.#refusal) return refusedUntil(this.#refusal);
    const failed = this.#coolDown?.tooLong;
    if (failed) return { failed };
    const { clock, host, counts } = this.#owner;
    if (counts) counts.waits += 1;
    return withMessageTimeout(clock, this.#renew(), host, wait).catch((late) => ({ failed: asAuthError(late) }));
  }

  /**
   * An API rejected this token. The next `ask` gets a newer one.
   *
   * @param generation the token that was rejected
   * @returns false where a renewal was forced less than 30 s ago, and the token rejected is the one that came of it
   */
  reject(generation: number): boolean {
    const token = this.#token;
    if (token === undefined || token.generation !== generation) return true;
    const now = this.#owner.clock.now();
    if (isWithin(this.#forced, now)) return false;
    this.#forced = timeWindow(now, FORCED_RENEWAL_PAUSE);
    this.#rejected = token.accessToken;
    this.#token = undefined;
    return true;
  }

  /** Takes over a token that another replica got. */
  adopt(token: Token): void {
    this.#accept(token);
  }

  /**
   * Whether a token that another replica got makes a renewal needless.
   *
   * @returns the token to serve; undefined where it is rejected, ends before the one that is kept, or ends soon
   */
  betterOf(found: Token): Token | undefined {
    const now = this.#owner.clock.now();
    const own = this.unexpired;
    // The clock was set back to before the request: nobody can say when the token expires.
    if (now < found.obtainedAt) return undefined;
    if (found.accessToken === this.#rejected) return undefined;
    if (found.accessToken === own?.accessToken) return now < own.softAt ? own : undefined;
    if (own && own.expiresAt > found.expiresAt) return undefined;
    return now < found.hardAt ? found : undefined;
  }

  /** Forgets the token. */
  clear(): void {
    this.#token = undefined;
    this.#tell({ at: 'idle' });
  }

  #isRefused(now: number): boolean {
    if (!isWithin(this.#refusal?.pause, now)) this.#refusal = undefined;
    return this.#refusal !== undefined;
  }

  /** The renewal under way, or a new one. It begins when the cool-down is over. */
  #renew(): Promise<TokenResult> {
    this.#flight ??= this.#fly().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #fly(): Promise<TokenResult> {
    await this.#coolDown?.over();
    this.#tell({ at: 'renewing' });
    try {
      const renewed = await this.#owner.renew(this.#isUrgent());
      return renewed.token ? this.#accept(renewed.token) : this.#acceptRefusal(renewed.refused);
    } catch (thrown) {
      return this.#acceptFailure(asAuthError(thrown));
    }
  }

  /** Whether messages wait for it, and the last one did not fail. */
  #isUrgent(): boolean {
    const own = this.unexpired;
    return this.#coolDown === undefined && (own === undefined || this.#owner.clock.now() >= own.hardAt);
  }

  #accept(token: Token): TokenResult {
    this.#coolDown = undefined;
    this.#refusal = undefined;
    // A token without a usable life serves those who waited for it, and nobody after.
    this.#token = token.expiresAt > token.obtainedAt ? token : undefined;
    this.#tell({ at: 'valid', token });
    return { token };
  }

  #acceptRefusal(refused: OAuthError): TokenResult {
    this.#refusal = { refused, pause: timeWindow(this.#owner.clock.now(), REFUSAL_MEMORY) };
    const token = this.unexpired;
    this.#tell(token ? { at: 'valid', token } : { at: 'refused', reason: refused.reason });
    return token ? { token } : refusedUntil(this.#refusal);
  }

  #acceptFailure(error: AuthError): TokenResult {
    this.#coolDown ??= new Backoff(this.#owner.clock);
    this.#coolDown.failed(error);
    const token = this.unexpired;
    this.#tell(token ? { at: 'valid', token } : { at: 'failed', error });
    return token ? { token } : { failed: error };
  }

  #tell(state: SourceState): void {
    try {
      this.#owner.changed?.(state);
    } catch {
      // A defect of one who only shows the state must not cost those who wait their token.
    }
  }

  /** The token that is kept, until its very end. */
  get unexpired(): Token | undefined {
    const now = this.#owner.clock.now();
    return this.#token && now >= this.#token.obtainedAt && now < this.#token.expiresAt ? this.#token : undefined;
  }
}

function refusedUntil({ refused, pause }: { refused: OAuthError; pause: TimeWindow }): TokenResult {
  return { refused: { ...refused, retryAt: pause.until } };
}
