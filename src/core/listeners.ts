/** Functions that are called with each event. */
export class Listeners<T> {
  /** Made with the first listener, because most sessions have none. */
  #all: Set<(news: T) => void> | undefined;

  /** @returns a function that removes the listener */
  add(listener: (news: T) => void): () => void {
    this.#all ??= new Set();
    this.#all.add(listener);
    return () => this.#all?.delete(listener);
  }

  get isEmpty(): boolean {
    return !this.#all || this.#all.size === 0;
  }

  tell(news: T): void {
    for (const listener of [...(this.#all ?? [])]) {
      try {
        listener(news);
      } catch {
        // A defect of one listener must not keep the event from the others.
      }
    }
  }
}

/** Listeners that are called only the first time. */
export class Once<T> extends Listeners<T> {
  #isTold = false;

  override tell(news: T): void {
    if (this.#isTold) return;
    this.#isTold = true;
    super.tell(news);
  }
}
