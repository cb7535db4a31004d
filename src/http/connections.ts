import type { Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import { dispatchersTo, KEPT_AT_MOST, type OpenDispatcher, type PlainPath } from './dispatcher.ts';
import type { PlannedRoute } from './route.ts';
import { TlsFiles } from './tls-files.ts';

/** A connection for one request. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  /** The newest failure of an open connection since this one was asked for. */
  readonly socketFailure: unknown;
  /** Has to be called when the request has ended. */
  release(): void;
}

/**
 * The connections to one server. A server may close a kept connection at the moment of its next use, and nobody can tell
 * whether it has read the request. So only a request that may be repeated uses a kept connection.
 */
export class Connections {
  readonly #route: PlannedRoute;
  readonly #clock: Clock;
  #tls: object | undefined;
  #open: OpenDispatcher;
  #kept: { dispatcher: Dispatcher; since: number };
  /** The newest failure of a kept connection, and the number of failures. */
  #failure: unknown;
  #failures = 0;

  constructor(route: PlannedRoute, clock: Clock) {
    this.#route = route;
    this.#tls = optionsIn(route);
    this.#open = dispatchersTo(route, this.#tls);
    this.#clock = clock;
    this.#kept = this.#keep();
  }

  /**
   * Reads TLS files that were replaced. Later connections use them, and connections that were opened before are not used again.
   *
   * @param isUrgent whether files are read that seem to be unchanged
   * @returns undefined if no TLS option comes from a file
   */
  refresh(isUrgent: boolean): Promise<void> | undefined {
    const { tls } = this.#route;
    return tls instanceof TlsFiles ? this.#refresh(tls, isUrgent) : undefined;
  }

  async #refresh(tls: TlsFiles, isUrgent: boolean): Promise<void> {
    await tls.refresh(isUrgent);
    if (tls.options === this.#tls) return;
    this.#tls = tls.options;
    this.close();
    this.#open = dispatchersTo(this.#route, this.#tls);
    this.#kept = this.#keep();
  }

  /** A connection that earlier and later requests use. It was opened at most 60 s ago. */
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

  /** A connection, or a tunnel, for one request. */
  own(plain: PlainPath = 'tunnel'): Connection {
    let failure: unknown;
    const dispatcher = this.#open((socketFailure) => {
      failure = socketFailure;
    }, plain);
    return {
      dispatcher,
      get socketFailure() {
        return failure;
      },
      release: () => close(dispatcher),
    };
  }

  /** Closes the kept connections when the requests in flight have ended. */
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

function optionsIn({ tls }: PlannedRoute): object | undefined {
  return tls instanceof TlsFiles ? tls.options : tls;
}

function close(dispatcher: Dispatcher): void {
  dispatcher.close().catch(() => {
    // It is closed already.
  });
}
