import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { type CodingError, codingsOf, decode } from './content-coding.ts';
import { codeOf, malformationOf } from './failure.ts';

/** The largest body that is read, in bytes. */
const REPLY_LIMIT = 2 ** 20;

/** A reply. Its text is decoded as UTF-8, without a byte order mark. Wrong bytes become replacement characters. */
export interface RawResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** Empty if the body cannot be read. */
  text: string;
  /** Why the body cannot be read. */
  unread?: Unread;
}

/** Why a body cannot be read, and the code of undici or zlib. */
export interface Unread {
  fault: 'reply-cut' | 'reply-too-large' | 'reply-unreadable';
  cause: string;
}

const utf8 = new TextDecoder();

/**
 * One request and its complete reply. It is a handler of undici's lowest level, because streams and signals would take a
 * quarter of the time of a token request.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** @throws the error of undici if there is no reply, or the reason of `end` */
  readonly reply: Promise<RawResponse>;
  #resolve!: (reply: RawResponse) => void;
  #reject!: (reason: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #ended: Error | undefined;
  readonly #isBodyIgnored: boolean;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #chunks: Buffer[] = [];
  #size = 0;

  /** @param isBodyIgnored whether the reply is complete when its headers have arrived */
  constructor(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions, isBodyIgnored = false) {
    this.#isBodyIgnored = isBodyIgnored;
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

  /** Ends the exchange. A request that still waits for a connection is not sent. */
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
    // A status below 200 is followed by the final one.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (!this.#isBodyIgnored) return;
    this.#resolveText(Buffer.alloc(0));
    this.end(new Error('body-ignored'));
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
    // The body of a 407 of a proxy is not read. In all other cases the connection is closed already.
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
