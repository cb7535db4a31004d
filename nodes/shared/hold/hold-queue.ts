/** An item that waits in a `HoldQueue`. */
export interface Queued {
  /** The number of its arrival: it arrived later than all items with smaller ones. */
  readonly arrival: number;
  /** The reason for its wait. All items with the same reason leave together. */
  readonly key: string;
}

/** The waiting items, in the order of arrival. The queue has a limit, and the oldest leaves first. */
export class HoldQueue<T extends Queued> {
  #all: T[] = [];
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#all.length;
  }

  /** The item that has waited longest. */
  get oldest(): T | undefined {
    return this.#all[0];
  }

  /** How many items wait for this. */
  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Adds an item at the place of its arrival, which is the end unless handling it took longer than handling the next one. */
  add(item: T): void {
    let place = this.#all.length;
    while (place > 0 && (this.#all[place - 1] as T).arrival > item.arrival) place -= 1;
    this.#all.splice(place, 0, item);
    this.#counts.set(item.key, this.count(item.key) + 1);
  }

  /** Removes the items that leave, in the order of arrival. */
  take(leaves: (item: T) => boolean): T[] {
    const taken: T[] = [];
    const kept: T[] = [];
    for (const item of this.#all) (leaves(item) ? taken : kept).push(item);
    this.#all = kept;
    for (const item of taken) this.#uncount(item);
    return taken;
  }

  /** Removes the oldest items while there are more than the limit. */
  shrink(max: number): T[] {
    const taken = this.#all.splice(0, Math.max(0, this.#all.length - max));
    for (const item of taken) this.#uncount(item);
    return taken;
  }

  #uncount({ key }: T): void {
    const left = this.count(key) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
