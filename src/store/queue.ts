import type { Clock } from '../core/clock.ts';
import { waitTimeout } from '../core/timeout.ts';

/** The longest wait for a lock, in ms: as long as a message waits. */
export const LOCK_WAIT = 30_000;

/** Runs tasks of the same name one after another, in the order of the calls. */
export class NamedQueues {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param host the server, for the error
   * @throws AuthError `AUTH_TIMEOUT` if its turn comes after a message has given up: then it is not run.
   * Errors of the task
   */
  run<T>(name: string, host: string, task: () => Promise<T>): Promise<T> {
    const calledAt = this.#clock.now();
    const guarded = async (): Promise<T> => {
      if (this.#clock.now() - calledAt >= LOCK_WAIT) throw waitTimeout(host, LOCK_WAIT);
      return task();
    };
    const last = this.#last.get(name);
    const result = last ? last.then(guarded) : guarded();
    const settled = result.then(ignore, ignore).then(() => {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    });
    this.#last.set(name, settled);
    return result;
  }

  /** The tasks that run or wait under this name; undefined if there are none. */
  busy(name: string): Promise<unknown> | undefined {
    return this.#last.get(name);
  }
}

function ignore(): void {
  // The error reaches whoever waits for the task.
}
