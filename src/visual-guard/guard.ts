import { LRUCache } from 'lru-cache';
import { fingerprint } from '../hiding.ts';
import { lasts, type Pause, pauseFrom } from '../pause.ts';
import type { System } from '../system.ts';

/** A password that was refused is not sent again for this long, in ms. */
export const REFUSED_PASSWORD_PAUSE = 15 * 60_000;
/** One code or link per user is sent in this time, in ms. */
export const DELIVERY_PAUSE = 30_000;

/** How many refused passwords and deliveries are remembered; the oldest are forgotten first. */
const MOST = 10_000;

/**
 * Sees to it that no automatic repetition in a flow can harm an account. It holds one password back, never a person:
 * another password of the same user goes through at once.
 */
export class Guard {
  readonly #refused = new LRUCache<string, Pause>({ max: MOST });
  readonly #delivered = new LRUCache<string, Pause>({ max: MOST });
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  /** @returns until when this password is held back, in ms since 1970; undefined where it may be sent */
  heldUntil(user: string, password: string): number | undefined {
    const pause = this.#refused.get(fingerprint(user, password));
    return lasts(pause, this.#system.now()) ? pause.until : undefined;
  }

  /** The server refused this password, and its next refusal may lock the account. */
  refuse(user: string, password: string): void {
    this.#refused.set(fingerprint(user, password), pauseFrom(this.#system.now(), REFUSED_PASSWORD_PAUSE));
  }

  /** The flow says to try it again all the same (`msg.reset`), or it worked. */
  release(user: string, password: string): void {
    this.#refused.delete(fingerprint(user, password));
  }

  /**
   * Runs sign-ins with one user and password one after another, so that a hundred messages at once
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

  /** @returns when the next code or link may be sent to this user, in ms since 1970; undefined where it may now */
  deliveryHeldUntil(user: string): number | undefined {
    const pause = this.#delivered.get(fingerprint(user));
    return lasts(pause, this.#system.now()) ? pause.until : undefined;
  }

  /** A code or link is being sent to this user. */
  deliver(user: string): void {
    this.#delivered.set(fingerprint(user), pauseFrom(this.#system.now(), DELIVERY_PAUSE));
  }

  /** Nothing was sent after all. */
  undeliver(user: string): void {
    this.#delivered.delete(fingerprint(user));
  }
}
