import type { Clock } from '../../../src/core/clock.ts';
import { type AuthError, asAuthError } from '../../../src/core/errors.ts';
import { isWithin, type TimeWindow, timeWindow } from '../../../src/core/time-window.ts';

/** A file is read, or a hook called, at most once in this time, in ms; after a refusal once more. */
const PAUSE = 1_000;

/** A value from a file or from settings.js, which may change while it is used. */
export class OutsideValue {
  readonly variable: string;
  /** The part of the connection's key in place of the value. */
  readonly standIn: string;
  readonly #read: () => Promise<string>;
  readonly #clock: Clock;
  readonly #stale: (error: AuthError) => void;
  #value: string | undefined;
  #isStale = false;
  #pause: TimeWindow | undefined;
  #urgentPause: TimeWindow | undefined;
  #asking: Promise<void> | undefined;
  #problem: AuthError | undefined;

  /**
   * @param standIn takes the place of the value in keys
   * @param read reads it again, or throws an AuthError
   * @param stale is called when the last value stays in use because there is no new one
   */
  constructor(
    variable: string,
    standIn: string,
    read: () => Promise<string>,
    { clock, stale }: { clock: Clock; stale: (variable: string, error: AuthError) => void },
  ) {
    this.variable = variable;
    this.standIn = standIn;
    this.#read = read;
    this.#clock = clock;
    this.#stale = (error) => stale(variable, error);
  }

  /** The last known value; undefined before the first answer. */
  get value(): string | undefined {
    return this.#value;
  }

  /** Why the last attempt to read it failed; undefined if it succeeded. */
  get problem(): AuthError | undefined {
    return this.#problem;
  }

  /**
   * Asks for the value, at most once a second.
   *
   * @param isUrgent whether the last value was refused, so that it is read once more within that second
   * @throws AuthError if it is not available, and never was
   */
  async ask(isUrgent: boolean): Promise<void> {
    const now = this.#clock.now();
    const isResting = isUrgent ? isWithin(this.#urgentPause, now) : isWithin(this.#pause, now);
    if (!isResting) {
      this.#pause = timeWindow(now, PAUSE);
      if (isUrgent) this.#urgentPause = this.#pause;
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
    }
    await this.#asking;
    if (this.#value === undefined && this.#problem) throw this.#problem;
  }

  async #ask(): Promise<void> {
    try {
      this.#value = await this.#read();
      this.#isStale = false;
      this.#problem = undefined;
    } catch (thrown) {
      this.#problem = asAuthError(thrown);
      if (this.#value !== undefined && !this.#isStale) this.#stale(this.#problem);
      this.#isStale = true;
    }
  }
}
