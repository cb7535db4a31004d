import type { Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import { dispatchersTo, KEPT_AT_MOST, type Route } from './dispatcher.ts';

/** What a request is sent on. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  /** What went wrong last on an open connection, since this was asked for. */
  readonly socketFailure: unknown;
  /** Lets go of it once the request has ended. */
  release(): void;
}

/**
 * The connections to one server. A server may close a kept one at the moment at which it is used again, and nobody can
 * tell whether it read the request before. So only a request that may be sent again uses a kept one.
 */
export class Connections {
  readonly #open: ReturnType<typeof dispatchersTo>;
  readonly #clock: Clock;
  #kept: { dispatcher: Dispatcher; since: number };
  /** The newest failure of a kept connection, and how many there were. */
  #failure: unknown;
  #failures = 0;

  /** @throws AuthError `AUTH_CONFIG` if the proxy's address cannot be used */
  constructor(url: URL, route: Route, clock: Clock) {
    this.#open = dispatchersTo(url, route);
    this.#clock = clock;
    this.#kept = this.#keep();
  }

  /** A connection that others have used, or use afterwards. It was opened 60 s ago at most. */
  kept(): Connection {
    const age = this.#clock.now() - this.#kept.since;
    if (age < 0 || age >= KEPT_AT_MOST) {
      this.close();
      this.#kept = this.#keep();
    }
    const before = this.#failures;
    const newest = (): unknown => (this.#failures === before ? undefined : this.#failure);
    return {
      dispatcher: this.#kept.dispatcher,
      get socketFailure() {
        return newest();
      },
      release: () => undefined,
    };
  }

  /** A connection, or a tunnel, that nothing else uses. */
  own(): Connection {
    let failure: unknown;
    const dispatcher = this.#open((socketFailure) => {
      failure = socketFailure;
    });
    return {
      dispatcher,
      get socketFailure() {
        return failure;
      },
      release: () => close(dispatcher),
    };
  }

  /** Lets go of what is kept once the requests under way have ended. */
  close(): void {
    close(this.#kept.dispatcher);
  }

  #keep(): { dispatcher: Dispatcher; since: number } {
    const dispatcher = this.#open((failure) => {
      this.#failure = failure;
      this.#failures += 1;
    });
    return { dispatcher, since: this.#clock.now() };
  }
}

function close(dispatcher: Dispatcher): void {
  dispatcher.close().catch(() => {
    // It is closed already. There is nothing left to let go of.
  });
}
