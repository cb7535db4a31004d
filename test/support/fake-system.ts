import type { Cancel, Clock } from '../../src/core/clock.ts';

interface Timer {
  at: number;
  run: () => void;
}

/** The time at which the clock of each test starts: a Friday, in ms since 1970. */
export const START = Date.UTC(2026, 0, 2, 12, 0, 0);

/** Time and randomness, controlled by a test. The clock does not advance; `pass` advances it and runs the timers that are due. */
export class FakeSystem implements Clock {
  /** The values that `random` returns. */
  chance: number;
  #now = START;
  readonly #timers = new Set<Timer>();

  constructor(chance = 0.5) {
    this.chance = chance;
  }

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  after(ms: number, run: () => void): Cancel {
    const timer = { at: this.#now + Math.max(0, ms), run };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** The number of waiting timers. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass. Each timer runs at its own moment, and its effects settle before the next one runs. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#nextBefore(end);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = end;
  }

  /** Lets time pass until an operation on a real socket is done. */
  async until<T>(awaited: Promise<T>): Promise<T> {
    let isOver = false;
    const over = awaited.finally(() => {
      isOver = true;
    });
    over.catch(() => undefined);
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (!isOver) await this.pass(100);
    }
    return over;
  }

  /** Changes the wall clock. Timers keep their distance, like real ones. */
  setClock(by: number): void {
    this.#now += by;
    for (const timer of this.#timers) timer.at += by;
  }

  #nextBefore(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    return next;
  }
}

/** Completes everything that waits for no timer and no socket. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether a promise is settled, without waiting for it. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  await settle();
  return settled;
}
