import { LRUCache } from 'lru-cache';
import { fingerprint } from '../../hiding.ts';
import { lasts, type Pause, pauseFrom } from '../../pause.ts';
import type { System } from '../../system.ts';

/** A password that was refused is not sent again for this long, in ms. */
export const REFUSED_PASSWORD_PAUSE = 15 * 60_000;
/** One code or link per user is sent in this time, in ms. */
export const DELIVERY_PAUSE = 30_000;

/** How many refused passwords and deliveries are remembered; the oldest are forgotten first. */
const MOST = 10_000;

/** What sees to it that no automatic repetition in a flow can harm an account; in one process, or over several. */
export interface Guarding {
  /** @returns until when this password is held back, in ms since 1970; undefined where it may be sent */
  heldUntil(user: string, password: string): number | undefined;
  /** The server refused this password, and its next refusal may lock the account. */
  refuse(user: string, password: string): void | Promise<void>;
  /** The flow says to try it again all the same (`msg.reset`). */
  release(user: string, password: string): void | Promise<void>;
  /** Runs sign-ins with one user and password one after another. */
  inTurn<T>(user: string, password: string, run: () => Promise<T>): Promise<T>;
  /** @returns when the next code or link may be sent to this user, in ms since 1970; undefined where it may now */
  deliveryHeldUntil(user: string): number | undefined | Promise<number | undefined>;
  /** As `deliveryHeldUntil`; where it may now, it counts as being sent from now on. */
  claimDelivery(user: string): number | undefined | Promise<number | undefined>;
  /** A code or link is being sent to this user. */
  deliver(user: string): void | Promise<void>;
  /** Nothing was sent after all. */
  undeliver(user: string): void | Promise<void>;
}

/**
 * Sees to it that no automatic repetition in a flow can harm an account. It holds one password back, never a person:
 * another password of the same user goes through at once.
 */
export class Guard implements Guarding {
  readonly #refused = new LRUCache<string, Pause>({ max: MOST });
  readonly #delivered = new LRUCache<string, Pause>({ max: MOST });
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  heldUntil(user: string, password: string): number | undefined {
    const pause = this.#refused.get(fingerprint(user, password));
    return lasts(pause, this.#system.now()) ? pause.until : undefined;
  }

  /** @param pause how long it is held back, in ms */
  refuse(user: string, password: string, pause: number = REFUSED_PASSWORD_PAUSE): void {
    this.#refused.set(fingerprint(user, password), pauseFrom(this.#system.now(), pause));
  }

  release(user: string, password: string): void {
    this.#refused.delete(fingerprint(user, password));
  }

  /**
   * One after another, so that a hundred messages at once
   * cannot send a wrong password a hundred times before the first answer is back.
   */
  inTurn<T>(user: string, password: string, run: () => Promise<T>): Promise<T> {
    const key = fingerprint(user, password);
    const turn = (this.#queues.get(key) ?? Promise.resolve()).then(run, run);
    const settled = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.#queues.get(key) === settled) this.#queues.delete(key);
      });
    this.#queues.set(key, settled);
    return turn;
  }

  deliveryHeldUntil(user: string): number | undefined {
    const pause = this.#delivered.get(fingerprint(user));
    return lasts(pause, this.#system.now()) ? pause.until : undefined;
  }

  claimDelivery(user: string): number | undefined {
    const heldUntil = this.deliveryHeldUntil(user);
    if (heldUntil === undefined) this.deliver(user);
    return heldUntil;
  }

  /** @param pause how long nothing more is sent, in ms */
  deliver(user: string, pause: number = DELIVERY_PAUSE): void {
    this.#delivered.set(fingerprint(user), pauseFrom(this.#system.now(), pause));
  }

  undeliver(user: string): void {
    this.#delivered.delete(fingerprint(user));
  }
}
