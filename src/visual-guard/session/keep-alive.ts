import type { Cancel, Clock } from '../../core/clock.ts';
import type { Pace } from '../../core/pace.ts';
import type { Token } from '../../oauth/token.ts';
import type { Session } from './session.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A session without a renewal for this time is renewed, in ms: a refresh token that is not used for days expires. */
const IDLE = 12 * HOUR;

/** How often the session is checked, in ms. A long timer would be late after the machine has slept. */
const CHECK = 5 * MINUTE;

/** Renewals are spread over this time at random, in ms, so that those of many sessions do not coincide. */
const SPREAD = HOUR - 2 * CHECK;

/**
 * Renews the stored user's session if nothing has used it for 12 hours, at a random moment of the hour after that. With a
 * session store one replica renews it, and the others take over the result.
 */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #find: () => Promise<Session | undefined>;
  #holders = 0;
  #timer: Cancel | undefined;
  /** The token at the last check, and when it is to be renewed, in ms since 1970. */
  #next: { token: Token; at: number } | undefined;

  /**
   * @param pace limits the renewals of all sessions of this process
   * @param find finds the stored user's session, at whichever replica it began
   */
  constructor(clock: Clock, pace: Pace, find: () => Promise<Session | undefined>) {
    this.#clock = clock;
    this.#pace = pace;
    this.#find = find;
  }

  /** Keeps the session alive for one user of the server. @returns ends that */
  hold(): Cancel {
    let isHeld = true;
    this.#holders += 1;
    if (this.#holders === 1) this.#wait();
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders = Math.max(0, this.#holders - 1);
      if (this.#holders === 0) this.close();
    };
  }

  /** Ends it for all users of the server, also while a check is under way. */
  close(): void {
    this.#holders = 0;
    this.#timer?.();
    this.#timer = undefined;
  }

  #wait(): void {
    const run = (): void => {
      this.#timer = undefined;
      void this.#check()
        .catch(() => undefined)
        .then(() => {
          if (this.#holders > 0) this.#wait();
        });
    };
    this.#timer?.();
    this.#timer = this.#clock.after(CHECK, run, true);
  }

  async #check(): Promise<void> {
    const session = await this.#find();
    if (!session || !this.#isDue(session)) return;
    await this.#pace.turn();
    // A message or another replica may have renewed it meanwhile.
    if (this.#holders === 0 || !this.#isDue(session)) return;
    this.#next = { token: session.content.token, at: this.#soon() };
    await session.ask();
  }

  /** Without a refresh token nothing can be renewed. A token that is still valid is not renewed. */
  #isDue({ ended, refreshToken, content: { token } }: Session): boolean {
    if (ended || refreshToken === '') return false;
    const now = this.#clock.now();
    if (this.#next?.token !== token) {
      const due = Math.max(token.obtainedAt + IDLE, token.expiresAt);
      this.#next = { token, at: due + this.#clock.random() * SPREAD };
    }
    // The process was stopped, or the machine slept: many sessions are due at the same time.
    if (now - this.#next.at > 2 * CHECK) this.#next.at = this.#soon();
    return now >= this.#next.at;
  }

  #soon(): number {
    return this.#clock.now() + this.#clock.random() * SPREAD;
  }
}
