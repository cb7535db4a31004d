import type { Cancel, Clock } from '../core/clock.ts';
import type { Keyring } from './keyring.ts';
import { LONGEST_RECORD } from './master-key.ts';
import type { Run } from './redis-connection.ts';
import type { ServerClock } from './server-clock.ts';
import { MASTER_LIFE } from './store.ts';

/**
 * The interval at which the master key is renewed, in ms. It is short, so that a Redis that evicts unused keys keeps it,
 * and one that was emptied gets it again.
 */
export const MASTER_PAUSE = 60_000;

/** The functions of its store that the master key in Redis needs. */
export interface MasterKeyUser {
  readonly key: string;
  readonly serverClock: ServerClock;
  /** Another master key than before is in use. */
  changed(): void;
  /** A key in the record cannot be opened. */
  strange(): void;
}

/** The record with the master key in Redis: written at the first connection, and renewed while there is one. */
export class RedisMasterKey {
  readonly #keyring: Keyring;
  readonly #user: MasterKeyUser;
  readonly #clock: Clock;
  #renewal: Cancel | undefined;
  #isClosed = false;

  constructor(keyring: Keyring, user: MasterKeyUser, clock: Clock) {
    this.#keyring = keyring;
    this.#user = user;
    this.#clock = clock;
  }

  /** @throws whatever `run` throws */
  async renew(run: Run): Promise<void> {
    const { isOther, isStrange } = await this.#keyring.settle({
      swap: async (expected, replacement = '') => {
        const answer = await run(
          'swapMasterKey',
          [this.#user.key],
          [expected, replacement, MASTER_LIFE, LONGEST_RECORD],
        );
        const [found, now] = Array.isArray(answer) ? answer : [];
        this.#user.serverClock.saw(now);
        return String(found ?? '');
      },
    });
    if (this.#isClosed) return;
    if (isStrange) this.#user.strange();
    if (isOther) this.#user.changed();
  }

  /** Renews it repeatedly until `run` throws: then the connection is lost, and the next one starts again. */
  keepUp(run: Run): void {
    this.#renewal?.();
    if (this.#isClosed) return;
    this.#renewal = this.#clock.after(
      MASTER_PAUSE,
      () => {
        this.renew(run).then(
          () => this.keepUp(run),
          () => undefined,
        );
      },
      true,
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#renewal?.();
  }
}
