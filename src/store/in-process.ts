import { Listeners } from '../listeners.ts';
import type { Cancel } from '../system.ts';

/** Those who watch names, in this process. */
export class Watchers {
  readonly #names = new Map<string, Listeners<void>>();

  add(name: string, listener: () => void): Cancel {
    let listeners = this.#names.get(name);
    if (!listeners) {
      listeners = new Listeners();
      this.#names.set(name, listeners);
    }
    const known = listeners;
    const end = known.add(listener);
    return () => {
      end();
      if (known.isEmpty && this.#names.get(name) === known) this.#names.delete(name);
    };
  }

  tell(name: string): void {
    this.#names.get(name)?.tell();
  }

  /** Tells everybody: nobody knows what was missed. */
  tellAll(): void {
    for (const listeners of [...this.#names.values()]) listeners.tell();
  }

  clear(): void {
    this.#names.clear();
  }
}

/** The leases of a store that this process alone uses: nobody else can take one, however long the process was paused. */
export class InProcessLeases {
  readonly #held = new Map<string, symbol>();

  has(name: string): boolean {
    return this.#held.has(name);
  }

  /**
   * Takes the lease on a name that nobody holds.
   *
   * @param released is called once, when it is given back
   */
  take(
    name: string,
    fence: number,
    released: () => void,
  ): { fence: number; isHeld: boolean; release(): Promise<void> } {
    const mine = Symbol(name);
    const held = this.#held;
    held.set(name, mine);
    return {
      fence,
      get isHeld() {
        return held.get(name) === mine;
      },
      async release() {
        if (held.get(name) !== mine) return;
        held.delete(name);
        released();
      },
    };
  }

  clear(): void {
    this.#held.clear();
  }
}
