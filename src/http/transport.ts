import type { Dispatcher } from 'undici';
import { type Clock, systemClock as realSystem } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { createDispatcher, type Route } from './dispatcher.ts';
import { Echoes, type SecretTrace } from './echoes.ts';
import { Exchange, type RawResponse, UnreadResponse } from './exchange.ts';
import { readFailure } from './failure.ts';
import { ReplyObject } from './reply-object.ts';

/** The longest that a token request takes, in ms. */
export const REQUEST_TIMEOUT = 15_000;

/** A POST of form fields to a token endpoint; or, to read what a server says of itself, a GET. */
export interface FormRequest {
  url: string;
  /** `GET` sends no fields: it reads a discovery document. */
  method?: 'GET' | undefined;
  form: Readonly<Record<string, string>>;
  /** Client authentication in the header (RFC 6749 2.3.1) in place of the body. */
  basic?: { clientId: string; clientSecret: string } | undefined;
  /** In ms; 15 s where none is given. */
  timeout?: number | undefined;
  /** Ends the request. What is thrown then is the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Of secrets that the server has seen before, and that this request does not carry. */
  traces?: readonly SecretTrace[] | undefined;
}

/** What came back. */
export interface HttpResponse {
  status: number;
  /** `type/subtype` of the reply, or `no content type`. */
  contentType: string;
  /** The JSON object in the body, whatever its content type says. Undefined if there is none. */
  body: ReplyObject | undefined;
  /** Whether the body had nothing but white space. */
  empty: boolean;
  /** How long the server asks to wait (RFC 9110 10.2.3), in ms. */
  retryAfter: number | undefined;
  /** When the request was sent, in ms since 1970. */
  sentAt: number;
  /** What the server's clock showed (RFC 9110 6.6.1), in ms since 1970. Undefined where it does not say. */
  date?: number | undefined;
}

/** The way to one server. */
export interface Transport {
  /** The server's name in sentences: host and port. */
  readonly host: string;
  /** @throws AuthError with the codes NETWORK, TLS, PROXY, TIMEOUT or BAD_RESPONSE */
  send(request: FormRequest): Promise<HttpResponse>;
  /** Lets go of the connections once the requests under way have ended. */
  close(): void;
}

/**
 * The transport over undici. It follows no redirect, reads at most 1 MiB, and asks for no compression,
 * so a small reply cannot unfold into a large one.
 */
export class HttpTransport implements Transport {
  readonly host: string;
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;
  /** The newest failure of an open connection, and how many there were. */
  #socketFailure: unknown;
  #socketFailures = 0;

  /** @throws AuthError `AUTH_CONFIG` where the proxy's address cannot be used */
  constructor(address: URL, route: Route = {}, clock: Clock = realSystem) {
    this.host = address.host;
    this.#dispatcher = createDispatcher(address, route, (failure) => {
      this.#socketFailure = failure;
      this.#socketFailures += 1;
    });
    this.#clock = clock;
  }

  async send(request: FormRequest): Promise<HttpResponse> {
    const { signal } = request;
    signal?.throwIfAborted();
    const timeout = request.timeout ?? REQUEST_TIMEOUT;
    const seconds = Math.ceil(timeout / 1000);
    const failuresBefore = this.#socketFailures;
    const sentAt = this.#clock.now();
    const exchange = new Exchange(this.#dispatcher, optionsOf(request));
    const onAbort = (): void => exchange.end(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const cancel = this.#clock.after(timeout, () =>
      exchange.end(new AuthError('no-answer', { host: this.host, seconds })),
    );
    try {
      return this.#read(await exchange.reply, request, sentAt);
    } catch (failure) {
      if (signal?.aborted && failure === signal.reason) throw failure;
      if (failure instanceof UnreadResponse) throw this.#unread(failure, request);
      const error = readFailure(failure, this.host, seconds);
      if (error.fault !== 'connection-cut' || this.#socketFailures === failuresBefore) throw error;
      throw readFailure(this.#socketFailure, this.host, seconds);
    } finally {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.#dispatcher.close().catch(() => {
      // Closed already. There is nothing left to let go of.
    });
  }

  #read({ status, headers, text }: RawResponse, request: FormRequest, sentAt: number): HttpResponse {
    const echoes = echoesOf(request);
    return {
      status,
      contentType: contentTypeOf(headers, echoes),
      body: ReplyObject.parse(text, echoes),
      empty: !/\S/.test(text),
      retryAfter: readRetryAfter(headers['retry-after'], this.#clock.now()),
      sentAt,
      date: readDate(headers.date),
    };
  }

  #unread({ fault, status, headers }: UnreadResponse, request: FormRequest): AuthError {
    return new AuthError(fault, { host: this.host, status, contentType: contentTypeOf(headers, echoesOf(request)) });
  }
}

function optionsOf(request: FormRequest): Dispatcher.DispatchOptions {
  const url = new URL(request.url);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (request.method === undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
  if (request.basic) headers.authorization = basicHeader(request.basic);
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: request.method ?? 'POST',
    headers,
    body: request.method ? null : new URLSearchParams(request.form).toString(),
    // The transport has a limit of its own, for the whole.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

function contentTypeOf(headers: RawResponse['headers'], echoes: Echoes): string {
  const type = readContentType(headers['content-type']);
  return echoes.isIn(type) ? NO_CONTENT_TYPE : type;
}

/** `type/subtype`, and nothing else of what may stand there: it goes into error sentences. */
function readContentType(header: string | string[] | undefined): string {
  const essence =
    String(header ?? '')
      .split(';', 1)[0]
      ?.trim()
      .toLowerCase() ?? '';
  return /^[a-z]{1,20}\/[a-z0-9.+-]{1,40}$/.test(essence) ? essence : NO_CONTENT_TYPE;
}

const NO_CONTENT_TYPE = 'no content type';

/** The fields of both dialects that hold a secret. */
const SECRET_FIELDS = ['client_secret', 'Password', 'MFASecureCode', 'refresh_token', 'token'];

/** The secrets that the server has seen once it has this request. */
export function echoesOf({ basic, form, traces }: FormRequest): Echoes {
  const secrets = [basic?.clientSecret, basic && basicHeader(basic), ...SECRET_FIELDS.map((field) => form[field])];
  return new Echoes(secrets, traces);
}

/** Each part is form-encoded before it is joined (RFC 6749 2.3.1). */
function basicHeader({ clientId, clientSecret }: { clientId: string; clientSecret: string }): string {
  const encode = (part: string): string => new URLSearchParams({ '': part }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`;
}

/** Seconds or a date (RFC 9110 10.2.3), as ms from now. */
function readRetryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const text = String(header ?? '').trim();
  // However long a number is: it must not overflow a date, and is capped where it is obeyed.
  if (/^\d+$/.test(text)) return Math.min(Number(text), 1e9) * 1000;
  const date = readDate(text);
  return date === undefined ? undefined : Math.max(0, date - now);
}

/** Date.parse takes many texts for a date; an HTTP date begins with the name of a day. */
function readDate(header: string | string[] | undefined): number | undefined {
  const text = String(header ?? '').trim();
  const date = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
