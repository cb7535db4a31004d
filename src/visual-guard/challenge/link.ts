import { type AuthError, asAuthError } from '../../core/errors.ts';
import type { VisualGuardResult } from '../dialect/wire.ts';

/** How a request for a link ended: with an answer, because it is not wanted any more, or with a fault. */
export type LinkEnd = { heard: VisualGuardResult } | 'ended' | { failure: AuthError };

/** A request that a server keeps open until a person has clicked. */
export class OpenLink {
  /** It is never rejected. */
  readonly result: Promise<LinkEnd>;
  readonly #abort = new AbortController();

  constructor(send: (signal: AbortSignal) => Promise<VisualGuardResult>) {
    const { signal } = this.#abort;
    this.result = send(signal).then(
      (heard) => (signal.aborted && !heard.grant ? 'ended' : { heard }),
      (thrown) => (signal.aborted ? 'ended' : { failure: asAuthError(thrown) }),
    );
  }

  end(): void {
    this.#abort.abort();
  }
}

/** Whether the link may have been clicked although the request for it failed. */
export function mayBeClicked({ fault, code, status }: AuthError): boolean {
  const isCut = fault === 'connection-cut' || fault === 'reply-cut';
  return isCut || (code === 'AUTH_UNAVAILABLE' && (status === 502 || status === 504));
}

/** Whether a failure tells that nothing can have been sent. Then the next try need not wait. */
export function wasNotSent(thrown: unknown): boolean {
  const { code, fault } = asAuthError(thrown);
  const certain = ['AUTH_TLS', 'AUTH_PROXY', 'host-unknown', 'connection-refused', 'no-connection'];
  return certain.includes(code) || certain.includes(fault);
}
