import type { Cancel } from '../../src/core/clock.ts';
import { PING_INTERVAL } from '../../src/store/redis-connection.ts';
import { MASTER_PAUSE } from '../../src/store/redis-master-key.ts';
import { STORE_TIMEOUT, type Store, SWEEP_PAUSE } from '../../src/store/store.ts';
import { FakeSystem } from './fake-system.ts';
import { until } from './until.ts';

/** The time in ms that ioredis waits until it destroys a socket that it has ended. That timer is left to the real time. */
const SHORTEST = 10;

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

/**
 * Held time for a store on a real network, the timers of ioredis included. It passes between two attempts to connect, never
 * while one is under way.
 */
export class RetryTime extends FakeSystem {
  readonly #pauses = new Set<{ ms: number }>();
  /** Every pause between two attempts that has started, in ms. */
  readonly pauses: number[] = [];

  /** Holds the timers of ioredis from now on, until `release`. */
  hold(): this {
    const timers = new WeakMap<object, Cancel>();
    const setTimer = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): unknown => {
      if (ms < SHORTEST || !isCalledByIoredis()) return real.setTimeout(run, ms, ...args);
      const timer = {};
      timers.set(
        timer,
        this.after(ms, () => run(...args)),
      );
      return timer;
    };
    const clearTimer = (timer: unknown): void => {
      const cancel = typeof timer === 'object' && timer !== null ? timers.get(timer) : undefined;
      if (cancel) cancel();
      else real.clearTimeout(timer as NodeJS.Timeout);
    };
    Object.assign(globalThis, { setTimeout: setTimer, clearTimeout: clearTimer });
    return this;
  }

  release(): void {
    Object.assign(globalThis, real);
  }

  override after(ms: number, run: () => void): Cancel {
    // Operations under way get all the real time that they need, and repeated timers are no pause.
    if ([STORE_TIMEOUT, PING_INTERVAL, SWEEP_PAUSE, MASTER_PAUSE].includes(ms)) return super.after(ms, run);
    const pause = { ms };
    this.#pauses.add(pause);
    this.pauses.push(ms);
    const cancel = super.after(ms, () => {
      this.#pauses.delete(pause);
      run();
    });
    return () => {
      this.#pauses.delete(pause);
      cancel();
    };
  }

  /** Lets connection attempts run until the store is back. */
  async bringsBack(store: Store): Promise<void> {
    while (store.state.at !== 'ready') {
      await until(() => store.state.at === 'ready' || this.#pauses.size > 0);
      const [pause] = this.#pauses;
      if (pause && store.state.at === 'gone') await this.pass(pause.ms);
    }
  }
}

/** Whether the caller of the caller is a file of ioredis. Stacks are not made into text, because that is slow. */
function isCalledByIoredis(): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Object.assign(Error, { prepareStackTrace: (_error: Error, sites: unknown) => sites, stackTraceLimit: 3 });
  const sites = new Error().stack as unknown as NodeJS.CallSite[];
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  return sites[2]?.getFileName()?.includes('/ioredis/') === true;
}
