import type { Dispatcher } from 'undici';
import { type Clock, systemClock as realSystem } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import type { AuthErrorCode } from '../core/faults.ts';
import { onDemand } from '../core/on-demand.ts';
import { VERSION } from '../core/version.ts';
import type { Connection, Connections } from './connections.ts';
import { Echoes, type SecretTrace } from './echoes.ts';
import { Exchange, type RawResponse, type Unread } from './exchange.ts';
import { isTunnelRefused, readFailure } from './failure.ts';
import { contentTypeOf, dateOf, retryAfterOf } from './headers.ts';
import { ReplyObject } from './reply-object.ts';
import { type PlannedRoute, planRoute, type Route } from './route.ts';

/** The timeout of a token request, in ms. */
export const REQUEST_TIMEOUT = 15_000;

/** A POST of form fields to a token endpoint, or a GET. */
export interface FormRequest {
  url: string;
  /** A GET sends no fields. */
  method?: 'GET' | undefined;
  form: Readonly<Record<string, string>>;
  /** The header of an API request: `Bearer …`. */
  bearer?: string | undefined;
  /** Whether the reply is complete when its headers have come. The connection is closed. */
  isBodyIgnored?: boolean | undefined;
  /** Client authentication in the header (RFC 6749 2.3.1) in place of the body. */
  basic?: { clientId: string; clientSecret: string } | undefined;
  /** The timeout in ms. It is 15 s by default. */
  timeout?: number | undefined;
  /** Ends the request. `send` then throws the reason of the signal. */
  signal?: AbortSignal | undefined;
  /**
   * Whether the caller sends it again if it fails. Only then it uses a kept connection, which the server may close at the
   * moment of use. Any other request opens a connection of its own.
   */
  isRepeated?: boolean | undefined;
  /** Whether it is sent although the connection was closed meanwhile: a revocation protects a session that nobody uses. */
  mayFollowClose?: boolean | undefined;
  /** Traces of secrets that the server received in earlier requests. */
  traces?: readonly SecretTrace[] | undefined;
}

/** The reply to a request. */
export interface HttpResponse {
  status: number;
  /** `type/subtype` of the reply, or `no content type`. */
  contentType: string;
  /** The JSON object in the body, whatever the content type. Undefined if there is none. */
  body: ReplyObject | undefined;
  /** Whether the body has only white space. */
  empty: boolean;
  /** How long the server asks to wait (RFC 9110 10.2.3), in ms. */
  retryAfter: number | undefined;
  /** When the request was sent, in ms since 1970. */
  sentAt: number;
  /** The time of the server's clock (RFC 9110 6.6.1), in ms since 1970. Undefined if the reply has none. */
  date?: number | undefined;
  /** Why the body cannot be read: `AUTH_BAD_RESPONSE`. For some statuses the body does not matter. */
  unread?: AuthError | undefined;
}

/** The result of a token request. `challenge`: the server waits for the next step of a multi-factor sign-in. */
export type TokenRequestOutcome = 'token' | 'challenge' | 'refused' | AuthErrorCode;

/** Sends requests to one server. */
export interface Transport {
  /** Host and port of the server, for sentences. */
  readonly host: string;
  /** @throws AuthError with the codes NETWORK, TLS, PROXY, TIMEOUT or BAD_RESPONSE */
  send(request: FormRequest): Promise<HttpResponse>;
  /** Reports how a response was read, for the metrics: `token`, `challenge`, `refused`, or the code of an error. */
  settled?(response: HttpResponse, outcome: TokenRequestOutcome): void;
  /** Closes the connections when the requests in flight have ended. */
  close(): void;
}

/** undici takes longer to load than all code of this package. */
const undici = onDemand<typeof import('./connections.ts')>(
  import.meta.url,
  './connections',
  () => import('./connections.ts'),
);

/** Loads undici, if it is not loaded. Otherwise the first request does. */
export async function loadHttp(): Promise<void> {
  await undici.load();
}

/**
 * The transport over undici. It follows no redirect, reads at most 1 MiB, also after decompression, and asks for no
 * compression.
 */
export class HttpTransport implements Transport {
  readonly host: string;
  readonly #route: PlannedRoute;
  readonly #clock: Clock;
  /** Made with the first request. */
  #connections: Connections | undefined;
  #isClosed = false;
  /** Whether the last request ended with `AUTH_TLS`. */
  #hasTlsFailed = false;

  /** @throws AuthError `AUTH_CONFIG` if the proxy cannot be used */
  constructor(address: URL, route: Route = {}, clock: Clock = realSystem) {
    this.host = address.host;
    this.#route = planRoute(address, route);
    this.#clock = clock;
  }

  async send(request: FormRequest): Promise<HttpResponse> {
    const connections = this.#connections ?? (await this.#connect());
    const refreshing = connections.refresh(this.#hasTlsFailed);
    if (refreshing) await refreshing;
    this.#hasTlsFailed = false;
    const { timeout = REQUEST_TIMEOUT, isRepeated } = request;
    const began = this.#clock.now();
    try {
      // Nobody closes a connection that is kept after the end.
      const isKept = isRepeated && !this.#isClosed;
      return await this.#sendOn(isKept ? connections.kept() : connections.own(), request, timeout);
    } catch (failure) {
      if (failure instanceof AuthError && failure.code === 'AUTH_TLS') this.#hasTlsFailed = true;
      if (!this.#route.mayForward || !isTunnelRefused(failure)) throw failure;
      // The core node requests a tunnel for plain http, too; curl does not, and some proxies open one for https only.
      const left = Math.max(1, timeout - (this.#clock.now() - began));
      return this.#sendOn(connections.own('forwarded'), request, left);
    }
  }

  async #connect(): Promise<Connections> {
    const { Connections } = await undici.load();
    this.#connections ??= new Connections(this.#route, this.#clock);
    return this.#connections;
  }

  /** @param timeout in ms */
  async #sendOn(connection: Connection, request: FormRequest, timeout: number): Promise<HttpResponse> {
    const { signal } = request;
    const seconds = Math.ceil(timeout / 1000);
    let stop = (): void => undefined;
    try {
      signal?.throwIfAborted();
      const sentAt = this.#clock.now();
      const exchange = new Exchange(connection.dispatcher, optionsOf(request), request.isBodyIgnored);
      stop = this.#limit(exchange, timeout, signal);
      return this.#read(await exchange.reply, request, sentAt);
    } catch (failure) {
      if (signal?.aborted && failure === signal.reason) throw failure;
      const error = readFailure(failure, this.host, seconds);
      const { socketFailure } = connection;
      if (error.fault !== 'connection-cut' || socketFailure === undefined) throw error;
      throw readFailure(socketFailure, this.host, seconds);
    } finally {
      stop();
      connection.release();
    }
  }

  /** Ends an exchange after the timeout (ms) or by the signal. @returns removes both limits */
  #limit(exchange: Exchange, timeout: number, signal: AbortSignal | undefined): () => void {
    const seconds = Math.ceil(timeout / 1000);
    const onAbort = (): void => exchange.end(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const cancel = this.#clock.after(timeout, () =>
      exchange.end(new AuthError('no-answer', { host: this.host, seconds })),
    );
    return () => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#connections?.close();
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
    accept: request.bearer ? '*/*' : 'application/json',
    'accept-encoding': 'identity',
    'user-agent': USER_AGENT,
  };
  if (request.method === undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
  if (request.bearer) headers.authorization = request.bearer;
  if (request.basic) headers.authorization = basicHeader(request.basic);
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: request.method ?? 'POST',
    headers,
    body: request.method ? null : new URLSearchParams(request.form).toString(),
    // A connection of its own is closed afterwards.
    reset: !request.isRepeated,
    // The transport has a timeout for the whole exchange.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

/** Some firewalls refuse requests without a `user-agent` (RFC 9110 10.1.5). */
const USER_AGENT = `node-red-vg-auth/${VERSION}`;

/** The form fields that contain a secret. */
const SECRET_FIELDS = ['client_secret', 'Password', 'MFASecureCode', 'refresh_token', 'token'];

/** The secrets that the server has received with this request. */
export function echoesOf({ basic, form, traces }: FormRequest): Echoes {
  const secrets = [basic?.clientSecret, basic && basicHeader(basic), ...SECRET_FIELDS.map((field) => form[field])];
  return new Echoes(secrets, traces);
}

/** Id and secret are form-encoded (RFC 6749 2.3.1). */
function basicHeader({ clientId, clientSecret }: { clientId: string; clientSecret: string }): string {
  const encode = (part: string): string => new URLSearchParams({ '': part }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`;
}
