import type { Clock } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { Listeners } from '../core/listeners.ts';
import { onDemand } from '../core/on-demand.ts';
import type { Transport } from '../http/transport.ts';
import type { PracticeServer } from './server.ts';
import type { RealSettings } from './stand-in.ts';
import { PracticeTransport } from './transport.ts';
import type { Delivery, PracticeVisualGuard } from './visual-guard.ts';

const code = onDemand<typeof import('./server.ts')>(import.meta.url, './server', () => import('./server.ts'));

/** The actions of a person at the practice server: reading codes and clicking links. */
type PracticePeople = Pick<PracticeVisualGuard, 'inboxOf' | 'click' | 'deliveries' | 'used'>;

/** The practice server of a process. Its code is loaded when it is first used. */
export class Practice {
  readonly visualGuard: PracticePeople;
  readonly #clock: Clock;
  readonly #deliveries = new Listeners<Delivery>();
  readonly #used = new Listeners<Delivery>();
  #server: PracticeServer | undefined;
  #stops = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.visualGuard = {
      deliveries: this.#deliveries,
      used: this.#used,
      inboxOf: (user) => this.#server?.visualGuard.inboxOf(user),
      click: async (which) => (await this.#load()).visualGuard.click(which),
    };
  }

  /**
   * Starts listening, if it does not listen yet.
   *
   * @returns its origin, as `http://127.0.0.1:PORT`
   * @throws AuthError `AUTH_NETWORK` if it is stopped before it listens
   */
  async start(): Promise<string> {
    const stops = this.#stops;
    const server = this.#server ?? (await this.#load());
    // Nobody would stop it later.
    if (stops !== this.#stops) throw new AuthError('connection-refused', { host: 'practice' });
    return server.start();
  }

  /** Stops listening and ends all requests. Tokens and the states of the users stay. */
  stop(): void {
    this.#stops += 1;
    this.#server?.stop();
  }

  /**
   * A transport to this server, for addresses at `PRACTICE_ORIGIN`. It sends no secret but `practice`.
   *
   * @param real the settings are those of a real server: values that this server does not have count as `practice`
   */
  transport(real?: RealSettings): Transport {
    return new PracticeTransport(() => this.start(), this.#clock, real);
  }

  async #load(): Promise<PracticeServer> {
    const { PracticeServer } = await code.load();
    if (!this.#server) {
      this.#server = new PracticeServer(this.#clock);
      this.#server.visualGuard.deliveries.add((delivery) => this.#deliveries.tell(delivery));
      this.#server.visualGuard.used.add((delivery) => this.#used.tell(delivery));
    }
    return this.#server;
  }
}
