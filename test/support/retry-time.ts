import type { Cancel } from '../../src/core/clock.ts';
import { PING_PAUSE } from '../../src/store/redis-link.ts';
import { MASTER_PAUSE } from '../../src/store/redis-master-key.ts';
import { STORE_TIMEOUT, type Store, SWEEP_PAUSE } from '../../src/store/store.ts';
import { FakeSystem } from './fake-system.ts';
import { until } from './until.ts';

/** Held time for a store on a real network: it passes between two tries, never while one is under way. */
export class RetryTime extends FakeSystem {
  readonly #pauses = new Set<{ ms: number }>();
  /** Every pause that was ever begun, in ms. */
  readonly pauses: number[] = [];

  override after(ms: number, run: () => void): Cancel {
    // What is under way has all the real time that it needs, and what comes again and again is no pause.
    if ([STORE_TIMEOUT, PING_PAUSE, SWEEP_PAUSE, MASTER_PAUSE].includes(ms)) return super.after(ms, run);
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

  /** Lets connections be tried until the store is back. */
  async bringsBack(store: Store): Promise<void> {
    while (store.state.at !== 'ready') {
      await until(() => store.state.at === 'ready' || this.#pauses.size > 0);
      const [pause] = this.#pauses;
      if (pause && store.state.at === 'gone') await this.pass(pause.ms);
    }
  }
}
