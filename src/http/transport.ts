import type { Dispatcher } from 'undici';
import { type Clock, systemClock as realSystem } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { VERSION } from '../core/version.ts';
import { Connections } from './connections.ts';
import type { Route } from './dispatcher.ts';
import { Echoes, type SecretTrace } from './echoes.ts';
import { Exchange, type RawResponse, type Unread } from './exchange.ts';
import { readFailure } from './failure.ts';
import { contentTypeOf, dateOf, retryAfterOf } from './headers.ts';
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
  /**
   * Whether it is sent again if it fails. Only then it uses a kept connection, which the server may close at the moment
   * of use; any other request opens a connection of its own.
   */
  isRepeated?: boolean | undefined;
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
  /** What the server's clock showed (RFC 9110 6.6.1), in ms since 1970. Undefined if it does not say. */
  date?: number | undefined;
  /** Why the body cannot be read: `AUTH_BAD_RESPONSE`. It is a fault unless the status says enough. */
  unread?: AuthError | undefined;
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
 * The transport over undici. It follows no redirect, reads at most 1 MiB, and asks for no compression. A reply that is
 * compressed all the same unfolds into at most 1 MiB.
 */
export class HttpTransport implements Transport {
  readonly host: string;
  readonly #connections: Connections;
  readonly #clock: Clock;

  /** @throws AuthError `AUTH_CONFIG` if the proxy's address cannot be used */
  constructor(address: URL, route: Route = {}, clock: Clock = realSystem) {
    this.host = address.host;
    this.#connections = new Connections(address, route, clock);
    this.#clock = clock;
  }

  async send(request: FormRequest): Promise<HttpResponse> {
    const { signal, isRepeated } = request;
    signal?.throwIfAborted();
    const timeout = request.timeout ?? REQUEST_TIMEOUT;
    const seconds = Math.ceil(timeout / 1000);
    const connection = isRepeated ? this.#connections.kept() : this.#connections.own();
    const sentAt = this.#clock.now();
    const exchange = new Exchange(connection.dispatcher, optionsOf(request));
    const onAbort = (): void => exchange.end(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const cancel = this.#clock.after(timeout, () =>
      exchange.end(new AuthError('no-answer', { host: this.host, seconds })),
    );
    try {
      return this.#read(await exchange.reply, request, sentAt);
    } catch (failure) {
      if (signal?.aborted && failure === signal.reason) throw failure;
      const error = readFailure(failure, this.host, seconds);
      const { socketFailure } = connection;
      if (error.fault !== 'connection-cut' || socketFailure === undefined) throw error;
      throw readFailure(socketFailure, this.host, seconds);
    } finally {
      cancel();
      signal?.removeEventListener('abort', onAbort);
      connection.release();
    }
  }

  close(): void {
    this.#connections.close();
  }

  #read({ status, headers, text, unread }: RawResponse, request: FormRequest, sentAt: number): HttpResponse {
    const echoes = echoesOf(request);
    const contentType = contentTypeOf(headers, echoes);
    return {
      status,
      contentType,
      body: ReplyObject.parse(text, echoes),
      empty: !unread && !/\S/.test(text),
      retryAfter: retryAfterOf(headers, this.#clock.now()),
      sentAt,
      date: dateOf(headers),
      ...(unread ? { unread: this.#faultOf(unread, status, contentType) } : {}),
    };
  }

  #faultOf({ fault, cause }: Unread, status: number, contentType: string): AuthError {
    return new AuthError(fault, { host: this.host, status, contentType, cause });
  }
}

function optionsOf(request: FormRequest): Dispatcher.DispatchOptions {
  const url = new URL(request.url);
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': USER_AGENT,
  };
  if (request.method === undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
  if (request.basic) headers.authorization = basicHeader(request.basic);
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: request.method ?? 'POST',
    headers,
    body: request.method ? null : new URLSearchParams(request.form).toString(),
    // Nothing else is sent on a connection of its own.
    reset: !request.isRepeated,
    // The transport has a limit of its own, for the whole.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

/** Firewalls refuse requests without a name (RFC 9110 10.1.5). */
const USER_AGENT = `node-red-vg-auth/${VERSION}`;

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
