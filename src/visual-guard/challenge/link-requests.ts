import type { Clock } from '../../core/clock.ts';
import { type AuthError, asAuthError } from '../../core/errors.ts';
import type { VisualGuardResult } from '../dialect/wire.ts';

/** How the request for a link ended: with the server's result, because it was canceled, or with an error. */
export type LinkEnd = { result: VisualGuardResult } | 'canceled' | { error: AuthError };

/** A request that the server keeps open until a person has clicked the link. */
export class LinkRequest {
  /** Never rejected. */
  readonly end: Promise<LinkEnd>;
  readonly #abort = new AbortController();

  constructor(send: (signal: AbortSignal) => Promise<VisualGuardResult>) {
    const { signal } = this.#abort;
    this.end = send(signal).then(
      // A token that arrives at the same moment is kept.
      (result) => (signal.aborted && !result.grant ? 'canceled' : { result }),
      (thrown) => (signal.aborted ? 'canceled' : { error: asAuthError(thrown) }),
    );
  }

  cancel(): void {
    this.#abort.abort();
  }
}

/** The requests for links of a challenge. One that was canceled stays open until its end is handled. */
export class LinkRequests {
  readonly #open = new Set<LinkRequest>();
  #newest: LinkRequest | undefined;

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  send(send: (signal: AbortSignal) => Promise<VisualGuardResult>): LinkRequest {
    const request = new LinkRequest(send);
    this.#open.add(request);
    this.#newest = request;
    return request;
  }

  /** Its end is handled. */
  delete(request: LinkRequest): void {
    this.#open.delete(request);
  }

  /** Cancels the newest one: another method was chosen, or the challenge has ended. */
  cancel(): void {
    this.#newest?.cancel();
  }
}

/** If a request has been open for this time, its link was most likely sent, in ms. If sending fails, the server answers sooner. */
const SENT_AFTER = 1_000;

/** Reports that a link was sent: when its request stays open, or before the result of a click. Other links are not reported. */
export function tellWhenSent({ end }: LinkRequest, clock: Clock, tell: () => void): void {
  const cancel = clock.after(SENT_AFTER, once, true);
  let isTold = false;
  function once(): void {
    if (!isTold) tell();
    isTold = true;
  }
  void end.then((how) => {
    cancel();
    if (wasSent(how)) once();
  });
}

/** Whether the end of a request proves that its link was sent. */
function wasSent(how: LinkEnd): boolean {
  if (how === 'canceled') return false;
  if ('error' in how) return how.error.fault === 'no-answer' || mayBeClicked(how.error);
  const { grant, reading } = how.result;
  return grant !== undefined || reading?.waiting === true || reading?.reasons.includes('mfa-timeout') === true;
}

/** Whether the person may have clicked the link although the request for it failed. */
export function mayBeClicked({ fault, code, status }: AuthError): boolean {
  const isCut = fault === 'connection-cut' || fault === 'reply-cut';
  return isCut || (code === 'AUTH_UNAVAILABLE' && (status === 502 || status === 504));
}

/** Whether an error proves that the request did not reach the server, so that no code or link was sent. */
export function wasNotSent(thrown: unknown): boolean {
  const { code, fault } = asAuthError(thrown);
  const certain = ['AUTH_TLS', 'AUTH_PROXY', 'host-unknown', 'connection-refused', 'no-connection'];
  return certain.includes(code) || certain.includes(fault);
}
