import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** The most that is read of a reply, in bytes. */
const REPLY_LIMIT = 2 ** 20;

/** A reply as it came: its text is read as UTF-8, without a byte order mark, and a wrong byte does no harm. */
export interface RawResponse {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A reply that began and cannot be used. */
export class UnreadResponse extends Error {
  readonly fault: 'reply-cut' | 'reply-too-large';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;

  constructor(fault: UnreadResponse['fault'], status: number, headers: IncomingHttpHeaders) {
    super(fault);
    this.fault = fault;
    this.status = status;
    this.headers = headers;
  }
}

const utf8 = new TextDecoder();

/**
 * One request and its reply, read to the end, as a handler of undici's lowest level: its streams and signals would cost
 * a quarter of a token request.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** @throws what undici says where there is no reply, `UnreadReply`, or the reason of `end` */
  readonly reply: Promise<RawResponse>;
  #resolve!: (reply: RawResponse) => void;
  #reject!: (reason: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #ended: Error | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions) {
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    try {
      dispatcher.dispatch(options, this);
    } catch (failure) {
      this.#reject(failure);
    }
  }

  /** Ends it with this reason, wherever it is: a request that still waits for a connection is never sent. */
  end(reason: Error): void {
    this.#ended ??= reason;
    this.#reject(this.#ended);
    this.#controller?.abort(this.#ended);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(this.#ended);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // 1xx only announces a reply.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > REPLY_LIMIT) this.end(this.#unread('reply-too-large'));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const bytes = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, text: utf8.decode(bytes) });
  }

  onResponseError(_: Dispatcher.DispatchController, failure: Error): void {
    this.#reject(this.#status === 0 ? failure : this.#unread('reply-cut'));
    // What a proxy sends behind its 407 is read by nobody. Elsewhere the connection is gone, and this does nothing.
    this.#controller?.abort(failure);
  }

  #unread(fault: UnreadResponse['fault']): UnreadResponse {
    return new UnreadResponse(fault, this.#status, this.#headers);
  }
}
