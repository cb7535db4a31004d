import { lasts, type Pause, pauseFrom } from '../pause.ts';
import { randomId, type System } from '../system.ts';
import { waitIsOver } from '../waiting.ts';
import type { Lease, Store } from './store.ts';

/** The longest that anybody waits for another replica to come to its end with a name, in ms: as long as a message waits. */
const TURN_WAIT = 30_000;

/** A lease that is about to end is asked for no sooner than this, in ms. */
const SHORTEST_WAIT = 20;

/** How often a record is written again that a store seems to have lost, and in what time, in ms: it may lose all that it is given. */
const MOST_REWRITES = 3;
const REWRITE_PAUSE = 60_000;

/** What a record that is over says. It stays for a while, so that nobody takes what was ended for what was lost. */
const OVER = { over: true } as const;

/** What is under a name: a record, the note that it is over, something that makes no sense here, or nothing. */
export type Found<T> = T | 'over' | 'strange' | undefined;

/** The record that was found; undefined for all else. */
export function recordOf<T extends object>(found: Found<T>): T | undefined {
  return typeof found === 'object' ? found : undefined;
}

/** The right to change a record, in the hands of one. */
export interface Turn<T> {
  /** Whether it was taken without the others, because the store is gone: somebody else may do the same. */
  readonly isAlone: boolean;
  /** Reads once more. What cannot be read is undefined: nothing is known then. */
  read(): Promise<Found<T>>;
  /** @param life how long it is kept, in ms */
  write(value: unknown, life: number): Promise<void>;
  /** Says that the record is over, for so many ms. */
  end(life: number): Promise<void>;
}

/** How a turn is taken. */
export interface TurnTaking<T, R> {
  /** @returns what it comes to where another replica has done it; undefined where it has to be done here */
  adopt(found: Found<T>): R | undefined | Promise<R | undefined>;
  act(found: Found<T>, turn: Turn<T>): Promise<R>;
  /** Whether to act without the others where the store is gone. Else its error is thrown. */
  mayGoAlone(): boolean;
}

/**
 * One record that replicas keep together: it is changed by one at a time, and what one did the others take over.
 * What a store cannot do it does not hold up: without the store everybody acts alone, and writes are caught up by it.
 */
export class SharedRecord<T extends object> {
  readonly name: string;
  readonly #store: Store;
  readonly #system: System;
  readonly #host: string;
  readonly #parse: (value: unknown, age: number) => T | undefined;
  /** The newest number that was seen: what is done alone does not overwrite what is newer. */
  #fence = 0;
  /** Who writes here, in a word of its own: a watcher with this word is not told of it. */
  readonly writer = randomId();
  #rewrites = 0;
  #rewritten: Pause | undefined;

  /**
   * @param parse checks what was read: it comes from outside. Undefined where it makes no sense
   * @param host the server that it is about, for the sentence of a wait that was too long
   */
  constructor(
    store: Store,
    name: string,
    parse: (value: unknown, age: number) => T | undefined,
    { system, host }: { system: System; host: string },
  ) {
    this.#store = store;
    this.name = name;
    this.#parse = parse;
    this.#system = system;
    this.#host = host;
  }

  /** @throws AuthError `AUTH_STORE` where the store does not answer */
  async read(): Promise<Found<T>> {
    const entry = await this.#store.get(this.name);
    if (!entry) return undefined;
    this.#fence = Math.max(this.#fence, entry.fence);
    return isOver(entry.value) ? 'over' : (this.#parse(entry.value, entry.age) ?? 'strange');
  }

  /** Writes without a turn, what is new. It overwrites nothing that is newer. */
  async write(value: unknown, life: number): Promise<void> {
    await this.#store.put(this.name, value, { life, fence: this.#fence, writer: this.writer });
  }

  /**
   * Writes what the store has lost.
   *
   * @returns false where that was tried so often that it makes no sense
   */
  async writeAgain(value: unknown, life: number): Promise<boolean> {
    const now = this.#system.now();
    if (!lasts(this.#rewritten, now)) {
      this.#rewritten = pauseFrom(now, REWRITE_PAUSE);
      this.#rewrites = 0;
    }
    this.#rewrites += 1;
    if (this.#rewrites > MOST_REWRITES) return false;
    await this.write(value, life);
    return true;
  }

  /** Says that it is over without a turn. */
  async end(life: number): Promise<void> {
    await this.write(OVER, life);
  }

  /**
   * Does something that one replica at a time may do, unless another has done it.
   *
   * @throws AuthError `AUTH_STORE` where the store does not answer and it must not be done alone,
   *   `AUTH_TIMEOUT` where another replica does not come to its end, and what `act` throws
   */
  async inTurn<R>({ adopt, act, mayGoAlone }: TurnTaking<T, R>): Promise<R> {
    let found: Found<T>;
    let lease: Lease | undefined;
    try {
      found = await this.read();
      const adopted = await adopt(found);
      if (adopted !== undefined) return adopted;
      const taken = await this.#takeLease(async () => {
        found = await this.read();
        return adopt(found);
      });
      if ('adopted' in taken) return taken.adopted;
      lease = taken.lease;
      this.#fence = Math.max(this.#fence, lease.fence);
    } catch (thrown) {
      if (!isStoreFault(thrown) || !mayGoAlone()) throw thrown;
      return act(undefined, this.#turnAlone());
    }
    try {
      return await act(found, this.#turnWith(lease));
    } finally {
      await lease.release();
    }
  }

  /** The lease, or what `settled` came to while another had it. With the lease `settled` is asked once more. */
  async #takeLease<R>(settled: () => Promise<R | undefined>): Promise<{ lease: Lease } | { adopted: R }> {
    const limit = pauseFrom(this.#system.now(), TURN_WAIT);
    for (;;) {
      // Watched before it is asked for, so that nothing goes unnoticed between the two.
      const news = this.#news();
      try {
        const lease = await this.#store.lease(this.name);
        if ('left' in lease) {
          const now = this.#system.now();
          if (!lasts(limit, now)) throw waitIsOver(this.#host, TURN_WAIT);
          await news.within(Math.max(SHORTEST_WAIT, Math.min(lease.left, limit.until - now)));
        }
        const adopted = await settled().catch(async (thrown) => {
          if ('fence' in lease) await lease.release();
          throw thrown;
        });
        if (adopted === undefined && 'fence' in lease && lease.isHeld) return { lease };
        if ('fence' in lease) await lease.release();
        if (adopted !== undefined) return { adopted };
      } finally {
        news.end();
      }
    }
  }

  /** Waits for a word of the store about this name, or that it is gone, with one timer. */
  #news(): { within(ms: number): Promise<void>; end(): void } {
    let tell = (): void => undefined;
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const unwatch = this.#store.watch(this.name, tell);
    const unfollow = this.#store.changes.add(({ at }) => at === 'gone' && tell());
    return {
      within: (ms) => {
        const cancel = this.#system.after(ms, tell);
        return told.finally(cancel);
      },
      end: () => {
        unwatch();
        unfollow();
      },
    };
  }

  #turnWith(lease: Lease): Turn<T> {
    const put = async (value: unknown, life: number): Promise<void> => {
      await this.#store.put(this.name, value, { life, fence: lease.fence, writer: this.writer });
    };
    return {
      isAlone: false,
      read: () => this.#readIfPossible(),
      write: put,
      end: (life) => put(OVER, life),
    };
  }

  #turnAlone(): Turn<T> {
    return {
      isAlone: true,
      read: () => this.#readIfPossible(),
      write: (value, life) => this.write(value, life),
      end: (life) => this.end(life),
    };
  }

  async #readIfPossible(): Promise<Found<T>> {
    try {
      return await this.read();
    } catch (thrown) {
      if (isStoreFault(thrown)) return undefined;
      throw thrown;
    }
  }
}

function isOver(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { over?: unknown }).over === true;
}

/** Whether an error says that the store cannot be asked. */
export function isStoreFault(thrown: unknown): boolean {
  return (thrown as { code?: unknown } | null)?.code === 'AUTH_STORE';
}
