import { type AuthError, asAuthError } from '../../errors.ts';
import type { Method } from '../dialect/methods.ts';
import type { Heard } from '../dialect/wire.ts';
import type { Challenged, Outcome, PendingLink } from '../outcome.ts';

/** The challenge that a link answers. */
export interface LinkHome {
  where(reason?: Challenged['reason']): Challenged;
  settle(heard: Heard, method: Method): Outcome | Promise<Outcome>;
  /** Whether it is certain that nothing was sent. */
  wasNotSent(thrown: unknown): boolean;
  linkWasNotSent(): void;
  linkTimedOut(): Outcome;
  linkIsDone(link: OpenLink): void;
}

/** A request that a server keeps open until a person has clicked. */
export class OpenLink implements PendingLink {
  readonly later: Promise<Outcome | undefined>;
  readonly #abort = new AbortController();
  readonly #home: LinkHome;

  constructor(home: LinkHome, method: Method, send: (signal: AbortSignal) => Promise<Heard>) {
    this.#home = home;
    this.later = this.#await(method, send);
    // Whoever chose may be gone by then.
    this.later.catch(() => undefined);
  }

  end(): void {
    this.#abort.abort();
  }

  async #await(method: Method, send: (signal: AbortSignal) => Promise<Heard>): Promise<Outcome | undefined> {
    const { signal } = this.#abort;
    try {
      const heard = await send(signal);
      if (signal.aborted && !heard.grant) return undefined;
      const outcome = await this.#home.settle(heard, method);
      // The server did not keep the request open. There is nothing to tell that was not told when the link was sent.
      return outcome.state === 'link-sent' && !outcome.reason ? undefined : outcome;
    } catch (thrown) {
      if (signal.aborted) return undefined;
      const failure = asAuthError(thrown);
      if (failure.fault === 'no-answer') return this.#home.linkTimedOut();
      if (isUnknown(failure)) return this.#home.where('outcome-unknown');
      if (this.#home.wasNotSent(failure)) this.#home.linkWasNotSent();
      throw failure;
    } finally {
      this.#home.linkIsDone(this);
    }
  }
}

/** Whether the link may have been clicked all the same. */
function isUnknown({ fault, code, status }: AuthError): boolean {
  const isCut = fault === 'connection-cut' || fault === 'reply-cut';
  return isCut || (code === 'AUTH_UNAVAILABLE' && (status === 502 || status === 504));
}
