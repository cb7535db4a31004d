interface Entry<T> {
  value: T;
  users: number;
  /** How often it was taken. */
  takes: number;
}

/**
 * Things that outlive the config nodes that use them, filed by the content of their connection and counted by their users.
 * A deploy closes every node before it makes new ones, so nothing is dropped when the last user goes:
 * `sweep`, called when the new flows have started, drops what nobody took up again.
 */
export class ReferenceCounts<T extends { close(): void }> {
  readonly #entries = new Map<string, Entry<T>>();

  /**
   * @returns the thing filed under this key (made now, if there is none), and the function that gives it back
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
   * Closes and drops what has no users.
   *
   * @param underWay what it has still to do, if anything: then it is dropped after that, unless somebody took it up meanwhile
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
