/** How many endings are remembered, and how many are told at once when the store is back. */
const MOST_ENDINGS = 10_000;
const PORTION = 50;

/** The sessions that were ended while the store was gone: other replicas learn of it when it is back. */
export class Endings {
  /** The refresh token of each, by its handle. */
  readonly #endings = new Map<string, string>();
  readonly #end: (handle: string, refreshToken: string) => Promise<void>;
  /** The newest round of catching up. An older one ends. */
  #round = 0;

  /** @param end ends a session for all replicas */
  constructor(end: (handle: string, refreshToken: string) => Promise<void>) {
    this.#end = end;
  }

  has(handle: string): boolean {
    return this.#endings.has(handle);
  }

  /** Remembers an ending. The oldest is forgotten if there are too many: a store may be gone for long. */
  add(handle: string, refreshToken: string): void {
    this.#endings.delete(handle);
    this.#endings.set(handle, refreshToken);
    const [oldest] = this.#endings.keys();
    if (this.#endings.size > MOST_ENDINGS && oldest !== undefined) this.#endings.delete(oldest);
  }

  delete(handle: string): void {
    this.#endings.delete(handle);
  }

  /** The store is back: what was ended meanwhile ends for all. @param mayGoOn whether the store can be asked */
  async catchUp(mayGoOn: () => boolean): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const all = [...this.#endings];
    for (let at = 0; at < all.length; at += PORTION) {
      // If the store goes away again, its next return begins anew.
      if (round !== this.#round || !mayGoOn()) return;
      await Promise.all(all.slice(at, at + PORTION).map(([handle, refreshToken]) => this.#end(handle, refreshToken)));
    }
  }
}
