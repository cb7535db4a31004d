import { Listeners } from '../../core/listeners.ts';
import type { Challenged, Outcome } from '../outcome.ts';

/** What a challenge waits for. */
type Waiting = Pick<Challenged['challenge'], 'state' | 'method'>;

/** Reports what an open challenge waits for, when that changes, and its end. */
export class Progress {
  /** Called with the present state, and once with the end: undefined if it was canceled, or has ended elsewhere. */
  readonly changes = new Listeners<Outcome | undefined>();
  #state: Waiting['state'];
  #method: string | undefined;
  #isOver = false;

  constructor({ state, method }: Waiting) {
    this.#state = state;
    this.#method = method?.id;
  }

  /** A step was taken, here or at another replica. */
  at({ state, challenge }: Challenged): void {
    const method = challenge.method?.id;
    if (this.#isOver || (state === this.#state && method === this.#method)) return;
    this.#state = state;
    this.#method = method;
    this.changes.tell({ state, challenge });
  }

  /** The challenge has ended. Later calls do nothing. */
  over(outcome?: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.changes.tell(outcome);
  }
}
