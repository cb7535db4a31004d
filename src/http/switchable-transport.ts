import type { FormRequest, HttpResponse, Transport } from './transport.ts';

/**
 * The way to a server, which may change under what is kept: a proxy or a certificate does so with a deploy.
 * What is under way ends on the old one; everything after, a repeated try as well, takes the new one.
 */
export class ReplaceableTransport implements Transport {
  #current: Transport;

  constructor(transport: Transport) {
    this.#current = transport;
  }

  get host(): string {
    return this.#current.host;
  }

  send(request: FormRequest): Promise<HttpResponse> {
    return this.#current.send(request);
  }

  /** Takes another way from now on. */
  replace(transport: Transport): void {
    if (transport === this.#current) return;
    this.#current.close();
    this.#current = transport;
  }

  close(): void {
    this.#current.close();
  }
}
