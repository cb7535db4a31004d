import type { Clock } from '../core/clock.ts';
import { Listeners } from '../core/listeners.ts';
import type { Reason } from '../core/reasons.ts';
import { type FormRequest, type HttpResponse, REQUEST_TIMEOUT, type Transport } from '../http/transport.ts';
import type { Counts } from './counts.ts';

/** A step of a sign-in that somebody may have to account for. It has no secret in it. */
export interface AuthEvent {
  what: 'sign-in' | 'refused' | 'sign-out';
  /** Absent for a service account. It came with a message, perhaps: it may be any text. */
  user?: string;
  reason?: Reason;
  /** What the server was told to revoke. */
  revoked?: readonly string[];
}

/** Counts what a connection does, and tells who wants to know. */
export class Metrics {
  readonly counts: Counts = { requests: 0, hits: 0, waits: 0, refusals: 0 };
  /** Told of every event, once, however many messages it was for. */
  readonly events = new Listeners<AuthEvent>();
  /** Told of every token request when it ends: how long it took, in ms. One that waits for a person's click is left out. */
  readonly requests = new Listeners<number>();

  /** How many sessions and challenges made room for others. */
  evictions = 0;
  /** Told at the first of them. */
  readonly crowded = new Listeners<void>();

  /** A session or a challenge made room for another one. */
  madeRoom(): void {
    this.evictions += 1;
    if (this.evictions === 1) this.crowded.tell();
  }

  tell(event: AuthEvent): void {
    if (event.what === 'refused') this.counts.refusals += 1;
    this.events.tell(event);
  }
}

/** The way to a token endpoint, counted. */
export class CountedTransport implements Transport {
  readonly #transport: Transport;
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #tokenUrl: string;

  /** @param tokenUrl what is sent elsewhere, as to a revocation endpoint, is no token request */
  constructor(transport: Transport, tokenUrl: string, metrics: Metrics, clock: Clock) {
    this.#transport = transport;
    this.#tokenUrl = tokenUrl;
    this.#metrics = metrics;
    this.#clock = clock;
  }

  get host(): string {
    return this.#transport.host;
  }

  async send(request: FormRequest): Promise<HttpResponse> {
    if (request.url !== this.#tokenUrl) return this.#transport.send(request);
    const sentAt = this.#clock.now();
    this.#metrics.counts.requests += 1;
    try {
      return await this.#transport.send(request);
    } finally {
      const isPatient = (request.timeout ?? 0) > REQUEST_TIMEOUT;
      // A clock that was set back must not make it negative.
      if (!isPatient) this.#metrics.requests.tell(Math.max(0, this.#clock.now() - sentAt));
    }
  }

  close(): void {
    this.#transport.close();
  }
}
