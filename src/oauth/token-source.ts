import type { Clock } from '../core/clock.ts';
import { AuthError, asAuthError } from '../core/errors.ts';
import { isWithin, type TimeWindow, timeWindow } from '../core/time-window.ts';
import { MESSAGE_WAIT, withMessageTimeout } from '../core/timeout.ts';
import { Backoff } from './backoff.ts';
import type { Metrics } from './metrics.ts';
import type { OAuthError, Refusal } from './oauth-error.ts';
import { isExpired, mustRefresh, shouldRefresh, type Token } from './token.ts';

/** The result of a request for a token: a token, the refusal of the server, or the error. */
export type TokenResult =
  | { token: Token; refused?: never; failed?: never }
  | { refused: Refusal; token?: never; failed?: never }
  | { failed: AuthError; token?: never; refused?: never };

/**
 * Gets one token from a server, or its refusal.
 *
 * @param isUrgent whether messages wait for the token, and the last renewal did not fail: then it may try more than once
 * @throws AuthError if the server gives no usable answer
 */
export type Renewal = (
  isUrgent: boolean,
) => Promise<{ token: Token; refused?: never } | { refused: OAuthError; token?: never }>;

/** The state of a token source, for showing. */
export type SourceState =
  | { at: 'idle' }
  | { at: 'renewing' }
  | { at: 'valid'; token: Token }
  | ({ at: 'refused' } & OAuthError)
  | { at: 'failed'; error: AuthError };

/** No request is sent for this time after a refusal, in ms: a flow may ask for each message. */
const REFUSAL_MEMORY = 30_000;
/** An API can force one renewal in this time by rejecting tokens, in ms. */
const FORCED_RENEWAL_PAUSE = 30_000;

/** A refusal that is remembered, and the settings that the server refused. */
interface KnownRefusal {
  readonly refused: OAuthError;
  readonly pause: TimeWindow;
  readonly settings: object | undefined;
}

/** The owner of a token, and how it is renewed. */
export interface TokenOwner {
  readonly clock: Clock;
  /** The server's host, for errors. */
  readonly host: string;
  /** Counts the requests for a token. */
  readonly metrics?: Pick<Metrics, 'answered'>;
  renew: Renewal;
  /** Whether the token can be renewed. If not, it is used until it expires. Without this method: yes. */
  canRenew?(): boolean;
  /** The settings as they are known now. A refusal is kept with them. */
  readonly settings?: object | undefined;
  /** Whether the settings have changed since a refusal, so that it no longer counts. Without this method: no. */
  changedSince?(settings: object | undefined): boolean | Promise<boolean>;
  /** Called when the state changes. */
  changed?(state: SourceState): void;
}

/**
 * Keeps one token valid.
 * - With a valid token nothing waits, and nothing is sent.
 * - In the soft window the token is still used, and one renewal runs in the background.
 * - In the hard window, and without a token, all messages wait for the same renewal.
 * - After a failure the old token is used until it expires. The next renewal waits 1 s, doubling to 30 s.
 */
export class TokenSource {
  #token: Token | undefined;
  /** The renewal that is under way. */
  #renewal: Promise<TokenResult> | undefined;
  #refusal: KnownRefusal | undefined;
  /** The newest token that an API rejected, and for how long no other rejection forces a renewal. Another replica may still have the token. */
  #rejection: { accessToken: string; pause: TimeWindow } | undefined;
  /** A token that was obtained before this does not make a renewal unnecessary, in ms since 1970. */
  #askedAt: number | undefined;
  /** Made at the first failure: most sources never have one. */
  #backoff: Backoff | undefined;
  #isClosed = false;
  readonly #owner: TokenOwner;

  constructor(owner: TokenOwner, token?: Token) {
    this.#owner = owner;
    this.#token = token;
  }

  /** @returns a token that can be sent now, or undefined. Nothing is asynchronous; in the soft window it starts the renewal */
  current(): Token | undefined {
    const token = this.#token;
    const { clock, metrics } = this.#owner;
    const now = clock.now();
    if (!token || isExpired(token, now)) return undefined;
    const isStale = shouldRefresh(token, now);
    if (isStale && this.#mayRenew(now)) {
      void this.#renew();
      if (mustRefresh(token, now)) return undefined;
    }
    metrics?.answered(isStale ? 'stale' : 'hit');
    return token;
  }

  /** The token that is kept, expired or not. For showing only. */
  get token(): Token | undefined {
    return this.#token;
  }

  /**
   * Gets a token, and waits for one if there is none. All who ask meanwhile wait for the same request. Never rejects.
   *
   * @param wait how long it waits at most, in ms. Then the request goes on for the others
   */
  async ask(wait: number = MESSAGE_WAIT): Promise<TokenResult> {
    const wasUnderWay = this.#renewal !== undefined;
    const token = this.current();
    if (token) return { token };
    if (this.#isRefused(this.#owner.clock.now()) && this.#refusal) {
      const refusal = this.#refusal;
      if (!(await this.#hasChangedSince(refusal))) return refusedUntil(refusal);
      if (this.#refusal === refusal) this.#refusal = undefined;
    }
    const failed = this.#isClosed ? this.#closed : this.#backoff?.tooLong;
    if (failed) return { failed };
    const { clock, host, metrics } = this.#owner;
    metrics?.answered(wasUnderWay ? 'inflight' : 'miss');
    return withMessageTimeout(clock, this.#renew(), host, wait).catch((thrown) => ({ failed: asAuthError(thrown) }));
  }

  /**
   * An API has rejected this token. The next `ask` gets a newer one.
   *
   * @param generation the generation of the token
   * @returns false if the token comes from a renewal that was forced less than 30 s ago
   */
  reject(generation: number): boolean {
    const token = this.#token;
    if (token === undefined || token.generation !== generation) return true;
    const now = this.#owner.clock.now();
    if (isWithin(this.#rejection?.pause, now)) return false;
    this.#rejection = { accessToken: token.accessToken, pause: timeWindow(now, FORCED_RENEWAL_PAUSE) };
    this.#token = undefined;
    return true;
  }

  /** Sends a request at once, even after a failure or refusal. The kept token is used meanwhile, and after a failure. Never rejects. */
  async renewNow(): Promise<TokenResult> {
    const { clock, host } = this.#owner;
    if (this.#isClosed) return { failed: this.#closed };
    this.#askedAt = clock.now();
    this.wake();
    this.#refusal = undefined;
    const renewal = this.#renew().finally(() => {
      this.#askedAt = undefined;
    });
    return withMessageTimeout(clock, renewal, host, MESSAGE_WAIT).catch((thrown) => ({ failed: asAuthError(thrown) }));
  }

  /** A renewal that waits in its back-off continues: its reason to wait is over, or it is no longer needed. */
  wake(): void {
    const backoff = this.#backoff;
    this.#backoff = undefined;
    backoff?.wake();
  }

  /** Sends nothing after this call. A request under way ends, and those who wait for it get its result; others get an error. */
  close(): void {
    this.#isClosed = true;
    this.wake();
  }

  /** Takes over a token that another replica got. */
  adopt(token: Token): void {
    this.#accept(token);
  }

  /**
   * Whether a token that another replica got makes a renewal unnecessary.
   *
   * @returns the token to use; undefined if the one of the other replica was rejected, expires before this one, or expires soon
   */
  betterOf(found: Token): Token | undefined {
    const now = this.#owner.clock.now();
    const own = this.unexpired;
    if (now < found.obtainedAt || found.accessToken === this.#rejection?.accessToken) return undefined;
    if (this.#askedAt !== undefined && found.obtainedAt < this.#askedAt) return undefined;
    if (found.accessToken === own?.accessToken) return shouldRefresh(own, now) ? undefined : own;
    if (own && own.expiresAt > found.expiresAt) return undefined;
    return mustRefresh(found, now) ? undefined : found;
  }

  /** Forgets the token. */
  clear(): void {
    this.#token = undefined;
    this.#tell({ at: 'idle' });
  }

  /** The token that is kept, if it has not expired. */
  get unexpired(): Token | undefined {
    return this.#token && !isExpired(this.#token, this.#owner.clock.now()) ? this.#token : undefined;
  }

  /** The token that is kept, if it needs no renewal. */
  get #fresh(): Token | undefined {
    return this.#token && !shouldRefresh(this.#token, this.#owner.clock.now()) ? this.#token : undefined;
  }

  get #closed(): AuthError {
    return new AuthError('connection-closed', { host: this.#owner.host });
  }

  #mayRenew(now: number): boolean {
    return !this.#isClosed && !this.#backoff?.isOn && !this.#isRefused(now) && this.#owner.canRenew?.() !== false;
  }

  /** If the settings are not available, the refusal still counts. */
  async #hasChangedSince({ settings }: KnownRefusal): Promise<boolean> {
    try {
      return (await this.#owner.changedSince?.(settings)) ?? false;
    } catch {
      return false;
    }
  }

  #isRefused(now: number): boolean {
    if (!isWithin(this.#refusal?.pause, now)) this.#refusal = undefined;
    return this.#refusal !== undefined;
  }

  /** The renewal that is under way, or a new one. */
  #renew(): Promise<TokenResult> {
    this.#renewal ??= this.#startRenewal().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #startRenewal(): Promise<TokenResult> {
    const hasWaited = await this.#backoff?.wait();
    if (this.#isClosed) return { failed: this.#closed };
    const adopted = hasWaited && this.#askedAt === undefined ? this.#fresh : undefined;
    if (adopted) return { token: adopted };
    this.#tell({ at: 'renewing' });
    try {
      const renewed = await this.#owner.renew(this.#isUrgent());
      return renewed.token ? this.#accept(renewed.token) : this.#acceptRefusal(renewed.refused);
    } catch (thrown) {
      return this.#acceptFailure(asAuthError(thrown));
    }
  }

  /** Whether messages wait for the token, and the last renewal did not fail. */
  #isUrgent(): boolean {
    const own = this.unexpired;
    return this.#backoff === undefined && (own === undefined || mustRefresh(own, this.#owner.clock.now()));
  }

  #accept(token: Token): TokenResult {
    this.wake();
    this.#refusal = undefined;
    // A token without a usable lifetime is for those who wait for it, and for nobody after them.
    this.#token = token.expiresAt > token.obtainedAt ? token : undefined;
    this.#tell({ at: 'valid', token });
    return { token };
  }

  #acceptRefusal(refused: OAuthError): TokenResult {
    const { clock, settings } = this.#owner;
    this.#refusal = { refused, pause: timeWindow(clock.now(), REFUSAL_MEMORY), settings };
    const token = this.unexpired;
    this.#tell(token ? { at: 'valid', token } : { at: 'refused', ...refused });
    return token ? { token } : refusedUntil(this.#refusal);
  }

  #acceptFailure(error: AuthError): TokenResult {
    if (this.#isClosed) return { failed: error };
    this.#backoff ??= new Backoff(this.#owner.clock);
    this.#backoff.failed(error);
    const token = this.unexpired;
    this.#tell(token ? { at: 'valid', token } : { at: 'failed', error });
    return token ? { token } : { failed: error };
  }

  #tell(state: SourceState): void {
    try {
      this.#owner.changed?.(state);
    } catch {
      // A listener that fails must not keep the token from those who wait.
    }
  }
}

function refusedUntil({ refused, pause }: KnownRefusal): TokenResult {
  return { refused: { ...refused, retryAt: pause.until } };
}
