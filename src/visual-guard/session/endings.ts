/** How many ended sessions are remembered, and how many are written at once when the store is available again. */
const MOST_ENDINGS = 10_000;
const PORTION = 50;

/** The sessions that ended while the store was not available. They are written when it is available again, for other replicas. */
export class Endings {
  /** The refresh token of each, by its handle. */
  readonly #endings = new Map<string, string>();
  readonly #end: (handle: string, refreshToken: string) => Promise<void>;
  /** The number of the newest `catchUp`. An older one stops. */
  #round = 0;

  /** @param end ends a session for all replicas */
  constructor(end: (handle: string, refreshToken: string) => Promise<void>) {
    this.#end = end;
  }

  has(handle: string): boolean {
    return this.#endings.has(handle);
  }

  /** Remembers that a session has ended. If there are too many, the oldest one is forgotten. */
  add(handle: string, refreshToken: string): void {
    this.#endings.delete(handle);
    this.#endings.set(handle, refreshToken);
    const [oldest] = this.#endings.keys();
    if (this.#endings.size > MOST_ENDINGS && oldest !== undefined) this.#endings.delete(oldest);
  }

  delete(handle: string): void {
    this.#endings.delete(handle);
  }

  /** The store is available again: ends the sessions for all replicas. @param mayGoOn whether the store is still available */
  async catchUp(mayGoOn: () => boolean): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const all = [...this.#endings];
    for (let at = 0; at < all.length; at += PORTION) {
      // The next time the store is available, this starts again.
      if (round !== this.#round || !mayGoOn()) return;
      await Promise.all(all.slice(at, at + PORTION).map(([handle, refreshToken]) => this.#end(handle, refreshToken)));
    }
  }
}
