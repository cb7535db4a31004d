import type { Clock } from '../core/clock.ts';
import { asAuthError } from '../core/errors.ts';
import { Listeners } from '../core/listeners.ts';
import type { Reason } from '../core/reasons.ts';
import {
  type FormRequest,
  type HttpResponse,
  REQUEST_TIMEOUT,
  type TokenRequestOutcome,
  type Transport,
} from '../http/transport.ts';
import type { Counts } from './counts.ts';

/**
 * How a request for a token was answered.
 * - `hit`: there was a valid token.
 * - `stale`: there was a token that should be refreshed, which happens in the background.
 * - `inflight`: there was none, and a token request was under way.
 * - `miss`: there was none, and a token request was sent.
 */
export type CacheOutcome = 'hit' | 'stale' | 'inflight' | 'miss';

/** An event for an audit log. It has no secret. */
export interface AuthEvent {
  what: 'sign-in' | 'refused' | 'sign-out' | 'code-sent' | 'link-sent';
  /** Absent for a service account. It may come from a message, and be any text. */
  user?: string;
  reason?: Reason;
  /** What the server has revoked. */
  revoked?: readonly string[];
}

/** A token request that has ended. */
export interface TokenRequest {
  /** How long it took, in ms. */
  readonly ms: number;
  readonly outcome: TokenRequestOutcome;
}

/** Counts and reports what a connection does. */
export class Metrics {
  readonly counts: Counts = { requests: 0, hits: 0, waits: 0, refusals: 0 };
  /** How many requests for a token had which outcome. */
  readonly cache: Record<CacheOutcome, number> = { hit: 0, stale: 0, inflight: 0, miss: 0 };
  /** Called for each event, once for all messages that caused it. */
  readonly events = new Listeners<AuthEvent>();
  /** Called for each token request when it ends, except one that waits for a click on a link. */
  readonly requests = new Listeners<TokenRequest>();

  /** How many token requests have ended, by their result. */
  readonly outcomes = new Map<TokenRequestOutcome, number>();
  /** The time that they took in all, in ms. */
  requestTime = 0;
  /** The last request that brought a token: when it ended, in ms since 1970, and how long it took, in ms. */
  lastToken: { readonly at: number; readonly ms: number } | undefined;

  /** How many sessions and challenges were evicted. */
  evictions = 0;
  /** Called for the first eviction. */
  readonly crowded = new Listeners<void>();

  /** Counts a request for a token. */
  answered(outcome: CacheOutcome): void {
    this.cache[outcome] += 1;
    if (outcome === 'hit' || outcome === 'stale') this.counts.hits += 1;
    else this.counts.waits += 1;
  }

  /** Counts an eviction of a session or challenge. */
  madeRoom(): void {
    this.evictions += 1;
    if (this.evictions === 1) this.crowded.tell();
  }

  /** A token request has ended. @param at in ms since 1970 */
  ended(request: TokenRequest, at: number): void {
    this.outcomes.set(request.outcome, (this.outcomes.get(request.outcome) ?? 0) + 1);
    this.requestTime += request.ms;
    if (request.outcome === 'token') this.lastToken = { at, ms: request.ms };
    this.requests.tell(request);
  }

  tell(event: AuthEvent): void {
    if (event.what === 'refused') this.counts.refusals += 1;
    this.events.tell(event);
  }
}

/** Counts the token requests that it sends. */
export class CountedTransport implements Transport {
  readonly #transport: Transport;
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  /** How long each response took whose result is not reported yet, in ms. */
  readonly #times = new WeakMap<HttpResponse, number>();

  constructor(transport: Transport, metrics: Metrics, clock: Clock) {
    this.#transport = transport;
    this.#metrics = metrics;
    this.#clock = clock;
  }

  get host(): string {
    return this.#transport.host;
  }

  async send(request: FormRequest): Promise<HttpResponse> {
    // Only a token request has a grant type (RFC 6749 4): a revocation or a discovery has none.
    if (request.form.grant_type === undefined) return this.#transport.send(request);
    const sentAt = this.#clock.now();
    this.#metrics.counts.requests += 1;
    const isPatient = (request.timeout ?? 0) > REQUEST_TIMEOUT;
    // Not negative, even if the clock was set back.
    const took = (): number => Math.max(0, this.#clock.now() - sentAt);
    try {
      const response = await this.#transport.send(request);
      if (!isPatient) this.#times.set(response, took());
      return response;
    } catch (thrown) {
      if (!isPatient) this.#metrics.ended({ ms: took(), outcome: asAuthError(thrown).code }, this.#clock.now());
      throw thrown;
    }
  }

  settled(response: HttpResponse, outcome: TokenRequestOutcome): void {
    const ms = this.#times.get(response);
    if (ms === undefined) return;
    this.#times.delete(response);
    this.#metrics.ended({ ms, outcome }, this.#clock.now());
  }

  close(): void {
    this.#transport.close();
  }
}
