/** Those who want to know when something changes. */
export class Listeners<T> {
  /** Made for the first one: most of many sessions have none. */
  #all: Set<(news: T) => void> | undefined;

  /** @returns a function that ends it */
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
        // One listener's defect is not the others'.
      }
    }
  }
}

/** Those who want to know when something happens for the first time. */
export class Once<T> extends Listeners<T> {
  #isTold = false;

  override tell(news: T): void {
    if (this.#isTold) return;
    this.#isTold = true;
    super.tell(news);
  }
}
