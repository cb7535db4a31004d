import type { Clock } from '../../src/core/clock.ts';
import { AuthError } from '../../src/core/errors.ts';
import { ReplyObject } from '../../src/http/reply-object.ts';
import {
  echoesOf,
  type FormRequest,
  type HttpResponse,
  REQUEST_TIMEOUT,
  type Transport,
} from '../../src/http/transport.ts';

/** The script's entry for one request: a reply, a failure, or a function of the request. */
export type Step = ScriptedReply | Error | ((request: FormRequest) => ScriptedReply | Promise<ScriptedReply>);

/** A reply. Parts that are left out have their defaults. */
export type ScriptedReply = Partial<Omit<HttpResponse, 'sentAt' | 'body'>> & {
  body?: Record<string, unknown> | undefined;
};

/** A transport that sends nothing: it keeps the requests and answers from a script. */
export class ScriptedTransport implements Transport {
  readonly host = 'auth.example.org';
  readonly requests: FormRequest[] = [];
  /** When each request was sent, in ms since 1970. */
  readonly sentAt: number[] = [];
  closed = false;
  /** Answers requests for which the script has no step. */
  otherwise: Step | undefined;
  readonly #clock: Clock;
  readonly #script: Step[];

  constructor(clock: Clock, ...script: Step[]) {
    this.#clock = clock;
    this.#script = script;
  }

  /** Adds steps to the script. */
  next(...steps: Step[]): this {
    this.#script.push(...steps);
    return this;
  }

  /** The form of the newest request. */
  get lastForm(): Record<string, string> {
    return { ...this.requests.at(-1)?.form };
  }

  async send(request: FormRequest): Promise<HttpResponse> {
    const sentAt = this.#clock.now();
    this.requests.push(request);
    this.sentAt.push(sentAt);
    const step = this.#script.shift() ?? this.otherwise;
    if (step === undefined) throw new Error(`request ${this.requests.length} is not in the script`);
    if (step instanceof Error) throw step;
    const reply = typeof step === 'function' ? await this.#orGiveUp(request, step(request)) : step;
    return asReply(reply, request, sentAt);
  }

  close(): void {
    this.closed = true;
  }

  /** Like the real transport: a signal and a time limit end the wait for an answer. */
  #orGiveUp(request: FormRequest, reply: ScriptedReply | Promise<ScriptedReply>): Promise<ScriptedReply> {
    const timeout = request.timeout ?? REQUEST_TIMEOUT;
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(timeout, () =>
        reject(new AuthError('no-answer', { host: this.host, seconds: Math.ceil(timeout / 1000) })),
      );
      const abort = (): void => {
        cancel();
        reject(request.signal?.reason);
      };
      if (request.signal?.aborted) return abort();
      request.signal?.addEventListener('abort', abort, { once: true });
      Promise.resolve(reply).then(
        (value) => {
          cancel();
          resolve(value);
        },
        (failure) => {
          cancel();
          reject(failure);
        },
      );
    });
  }
}

/** The part of a reply that the engine gets. Its body is cleaned, as by the real transport. */
export function asReply({ body, ...reply }: ScriptedReply, request: FormRequest, sentAt = 0): HttpResponse {
  return {
    status: 200,
    contentType: 'application/json',
    body: body && ReplyObject.of(body, echoesOf(request)),
    empty: false,
    retryAfter: undefined,
    ...reply,
    sentAt,
  };
}

/** A step that answers when the test says so. */
export class OpenStep {
  /** Put this into the script. */
  readonly step: (request: FormRequest) => Promise<ScriptedReply>;
  #answer: (reply: ScriptedReply) => void = () => undefined;
  #fail: (failure: Error) => void = () => undefined;

  constructor() {
    const answered = new Promise<ScriptedReply>((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
    });
    answered.catch(() => undefined);
    this.step = () => answered;
  }

  answer(reply: ScriptedReply): void {
    this.#answer(reply);
  }

  fail(failure: Error): void {
    this.#fail(failure);
  }
}

/** A step that never answers. */
export const silence: Step = () => new Promise(() => undefined);

/** A reply with a JSON body. */
export function json(status: number, body: Record<string, unknown>, more: ScriptedReply = {}): ScriptedReply {
  return { status, body, ...more };
}

/** A reply that is a page and no JSON. */
export function page(status: number, more: ScriptedReply = {}): ScriptedReply {
  return { status, contentType: 'text/html', ...more };
}
