import { AuthError } from '../core/errors.ts';
import type { FormRequest, HttpResponse, Transport } from './transport.ts';

/**
 * A transport that can be replaced, because a deploy may change the proxy or the certificate of a connection that is
 * kept. Requests in flight end on the old one. All later requests use the new one, retries included. When the connection has
 * been closed, nothing is sent except revocations: nobody waits for an answer any longer.
 */
export class ReplaceableTransport implements Transport {
  #current: Transport;
  #isClosed = false;

  constructor(transport: Transport) {
    this.#current = transport;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get host(): string {
    return this.#current.host;
  }

  /** @throws AuthError `AUTH_UNAVAILABLE` if the connection was closed */
  async send(request: FormRequest): Promise<HttpResponse> {
    if (this.#isClosed && !request.mayFollowClose) throw new AuthError('connection-closed', { host: this.host });
    return this.#current.send(request);
  }

  /** Uses another transport from now on. */
  replace(transport: Transport): void {
    if (transport === this.#current) return;
    this.#current.close();
    this.#current = transport;
  }

  close(): void {
    this.#isClosed = true;
    this.#current.close();
  }
}

/** The transport to a server whose address may change: a request to another origin uses a transport of its own. */
export class MovingTransport implements Transport {
  readonly #name: string;
  readonly #open: (address: URL) => Transport;
  #current: { origin: string; transport: Transport } | undefined;

  /** @param name the name of the server before its address is known */
  constructor(name: string, open: (address: URL) => Transport) {
    this.#name = name;
    this.#open = open;
  }

  get host(): string {
    return this.#current?.transport.host ?? this.#name;
  }

  /** @throws AuthError as `Transport.send`, and `AUTH_CONFIG` if the proxy's address cannot be used */
  async send(request: FormRequest): Promise<HttpResponse> {
    const address = new URL(request.url);
    if (this.#current?.origin !== address.origin) {
      const transport = this.#open(address);
      this.close();
      this.#current = { origin: address.origin, transport };
    }
    return this.#current.transport.send(request);
  }

  /** A request that comes later opens it again. */
  close(): void {
    this.#current?.transport.close();
    this.#current = undefined;
  }
}
