interface Entry<T> {
  value: T;
  users: number;
  /** How many times it was taken, for `sweep`. */
  takes: number;
}

/**
 * Shared objects with a reference count. A deploy closes all nodes before it creates new ones, so an object without users stays:
 * `sweep`, called when the new flows have started, drops the objects that no node took again.
 */
export class ReferenceCounts<T extends { close(): void }> {
  readonly #entries = new Map<string, Entry<T>>();

  /**
   * @returns the object with this key, which is created if there is none, and a function that gives it back
   */
  take(key: string, make: () => T): { value: T; giveBack: () => void } {
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { value: make(), users: 0, takes: 0 };
      this.#entries.set(key, entry);
    }
    const taken = entry;
    taken.users += 1;
    taken.takes += 1;
    let given = false;
    return {
      value: taken.value,
      giveBack: () => {
        if (!given) taken.users -= 1;
        given = true;
      },
    };
  }

  /**
   * Closes the objects that have no users.
   *
   * @param underWay operations that an object has to finish first; it stays open if somebody takes it meanwhile
   */
  sweep(underWay: (value: T) => Promise<unknown> | undefined = () => undefined): void {
    for (const [key, entry] of this.#entries) {
      if (entry.users > 0) continue;
      const { takes } = entry;
      const rest = underWay(entry.value);
      if (!rest) this.#drop(key, entry);
      else void rest.then(() => entry.takes === takes && this.#drop(key, entry));
    }
  }

  #drop(key: string, entry: Entry<T>): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    entry.value.close();
  }

  get size(): number {
    return this.#entries.size;
  }
}
