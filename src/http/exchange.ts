import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { type CodingError, codingsOf, decode } from './content-coding.ts';
import { codeOf, malformationOf } from './failure.ts';

/** The most that is read of a reply, in bytes. */
const REPLY_LIMIT = 2 ** 20;

/** A reply as it came: its text is read as UTF-8, without a byte order mark, and a wrong byte does no harm. */
export interface RawResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** Empty if the body cannot be read. */
  text: string;
  /** Why the body cannot be read. */
  unread?: Unread;
}

/** Why a body cannot be read, and what undici or zlib calls it. */
export interface Unread {
  fault: 'reply-cut' | 'reply-too-large' | 'reply-unreadable';
  cause: string;
}

const utf8 = new TextDecoder();

/**
 * One request and its reply, read to the end, as a handler of undici's lowest level: its streams and signals would cost
 * a quarter of a token request.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** @throws what undici says if there is no reply, or the reason of `end` */
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
    if (this.#size <= REPLY_LIMIT) {
      this.#chunks.push(chunk);
      return;
    }
    this.#resolveUnread('reply-too-large', 'TOO_LARGE');
    this.end(new Error('reply-too-large'));
  }

  onResponseEnd(): void {
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    const codings = codingsOf(this.#headers['content-encoding']);
    if (codings.length === 0) this.#resolveText(bytes);
    else this.#resolveDecoded(bytes, codings);
  }

  onResponseError(_: Dispatcher.DispatchController, failure: Error): void {
    const malformation = malformationOf(failure, true);
    if (this.#status === 0) this.#reject(failure);
    else if (malformation) this.#resolveUnread('reply-unreadable', malformation);
    else this.#resolveUnread('reply-cut', codeOf(failure));
    // What a proxy sends behind its 407 is read by nobody. Elsewhere the connection is gone, and this does nothing.
    this.#controller?.abort(failure);
  }

  #resolveText(bytes: Buffer): void {
    this.#resolve({ status: this.#status, headers: this.#headers, text: utf8.decode(bytes) });
  }

  #resolveDecoded(bytes: Buffer, codings: readonly string[]): void {
    decode(bytes, codings, REPLY_LIMIT).then(
      (decoded) => this.#resolveText(decoded),
      ({ fault, zlibCode }: CodingError) => this.#resolveUnread(fault, zlibCode),
    );
  }

  #resolveUnread(fault: Unread['fault'], cause: string): void {
    this.#resolve({ status: this.#status, headers: this.#headers, text: '', unread: { fault, cause } });
  }
}
