import type { Clock } from '../core/clock.ts';
import { onDemand } from '../core/on-demand.ts';
import { PRACTICE_ORIGIN } from '../core/practice-defaults.ts';
import { type FormRequest, type HttpResponse, HttpTransport, type Transport } from '../http/transport.ts';
import type { RealSettings } from './stand-in.ts';

/** The names of the practice users are in it, which only the practice server needs. */
const standIn = onDemand<typeof import('./stand-in.ts')>(import.meta.url, './stand-in', () => import('./stand-in.ts'));

/** Sends requests for `PRACTICE_ORIGIN` to the port of the practice server. */
export class PracticeTransport implements Transport {
  readonly host = 'practice';
  readonly #start: () => Promise<string>;
  readonly #clock: Clock;
  readonly #real: RealSettings | undefined;
  #http: { origin: string; transport: HttpTransport } | undefined;

  /**
   * @param start starts the practice server, if it does not run. It returns its origin
   * @param real the settings are those of a real server (`toPractice`)
   */
  constructor(start: () => Promise<string>, clock: Clock, real: RealSettings | undefined) {
    this.#start = start;
    this.#clock = clock;
    this.#real = real;
  }

  async send(request: FormRequest): Promise<HttpResponse> {
    const origin = await this.#start();
    // The practice server gets another port when it starts again.
    if (this.#http?.origin !== origin) {
      this.close();
      this.#http = { origin, transport: new HttpTransport(new URL(origin), {}, this.#clock) };
    }
    const { toPractice } = await standIn.load();
    const url = request.url.replace(PRACTICE_ORIGIN, origin);
    return this.#http.transport.send({ ...toPractice(request, this.#real), url });
  }

  close(): void {
    this.#http?.transport.close();
    this.#http = undefined;
  }
}
