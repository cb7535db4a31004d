import type { Dispatcher } from 'undici';
import { AuthError } from '../errors.ts';
import { system as realSystem, type System } from '../system.ts';
import { createDispatcher, type Route } from './dispatcher.ts';
import { readFailure } from './failure.ts';

/** The longest that a token request takes, in ms. */
export const REQUEST_TIMEOUT = 15_000;

/** The most that is read of a reply, in bytes. */
export const REPLY_LIMIT = 2 ** 20;

/** A POST of form fields, the only kind of request that goes to a token endpoint. */
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
}

/** What came back. */
export interface Reply {
  status: number;
  /** `type/subtype` of the reply, or `no content type`. */
  contentType: string;
  /** The JSON object in the body, whatever its content type says. Undefined where there is none. */
  body: Readonly<Record<string, unknown>> | undefined;
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
  send(request: FormRequest): Promise<Reply>;
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
  readonly #system: System;
  /** The newest failure of an open connection, and how many there were. */
  #socketFailure: unknown;
  #socketFailures = 0;

  /** @throws AuthError `AUTH_CONFIG` where the proxy's address cannot be used */
  constructor(address: URL, route: Route = {}, system: System = realSystem) {
    this.host = address.host;
    this.#dispatcher = createDispatcher(address, route, (failure) => {
      this.#socketFailure = failure;
      this.#socketFailures += 1;
    });
    this.#system = system;
  }

  async send(request: FormRequest): Promise<Reply> {
    const timeout = request.timeout ?? REQUEST_TIMEOUT;
    const seconds = Math.ceil(timeout / 1000);
    const abort = new AbortController();
    const onAbort = (): void => abort.abort(request.signal?.reason);
    request.signal?.addEventListener('abort', onAbort, { once: true });
    if (request.signal?.aborted) onAbort();
    const cancel = this.#system.after(timeout, () =>
      abort.abort(new AuthError('no-answer', { host: this.host, seconds })),
    );
    const failuresBefore = this.#socketFailures;
    try {
      return await this.#exchange(request, abort.signal);
    } catch (failure) {
      if (abort.signal.aborted) throw abort.signal.reason;
      const error = readFailure(failure, this.host, seconds);
      if (error.fault !== 'connection-cut' || this.#socketFailures === failuresBefore) throw error;
      throw readFailure(this.#socketFailure, this.host, seconds);
    } finally {
      cancel();
      request.signal?.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.#dispatcher.close().catch(() => {
      // Closed already. There is nothing left to let go of.
    });
  }

  async #exchange(request: FormRequest, signal: AbortSignal): Promise<Reply> {
    const url = new URL(request.url);
    const sentAt = this.#system.now();
    const response = await this.#dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method ?? 'POST',
      headers: {
        ...(request.method ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        accept: 'application/json',
        ...(request.basic ? { authorization: basicHeader(request.basic) } : {}),
      },
      body: request.method ? null : new URLSearchParams(request.form).toString(),
      headersTimeout: 0,
      bodyTimeout: 0,
      signal,
    });
    const status = response.statusCode;
    const contentType = withoutEcho(readContentType(response.headers['content-type']), request) ?? NO_CONTENT_TYPE;
    const text = await this.#readText(response.body, { host: this.host, status, contentType });
    return {
      status,
      contentType,
      body: parseObject(text),
      empty: text.trim() === '',
      retryAfter: readRetryAfter(response.headers['retry-after'], this.#system.now()),
      sentAt,
      date: readDate(response.headers.date),
    };
  }

  async #readText(
    body: Dispatcher.ResponseData['body'],
    about: { host: string; status: number; contentType: string },
  ): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > REPLY_LIMIT) throw new AuthError('reply-too-large', about);
        chunks.push(chunk);
      }
    } catch (failure) {
      throw failure instanceof AuthError ? failure : new AuthError('reply-cut', about);
    }
    // TextDecoder takes a byte order mark away and never fails on a wrong byte.
    return new TextDecoder().decode(Buffer.concat(chunks));
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
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

/** A text of a server, unless it repeats a secret that was sent: a hostile server must not get one printed. */
export function withoutEcho(text: string, request: FormRequest): string | undefined {
  const secrets = [request.basic?.clientSecret, ...SECRET_FIELDS.map((field) => request.form[field])];
  const lower = text.toLowerCase();
  return secrets.some((secret) => secret && secret.length >= 3 && lower.includes(secret.toLowerCase()))
    ? undefined
    : text;
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
