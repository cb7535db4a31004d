import type { Node } from 'node-red';
import type { Arrival, Message } from './flows.ts';

/**
 * A missing message is reported if nothing has arrived for so many seconds in which this process ran. On a busy machine,
 * a process may be stopped for longer than that, and a timer then runs before the messages that are there.
 */
const PATIENCE = 60;

interface Waiter {
  at: string | undefined;
  take: (arrival: Arrival) => void;
  giveUp: () => void;
}

/** The messages that arrived at the helper nodes of a flow, in order. */
export class Inbox {
  readonly left: Arrival[] = [];
  readonly #waiters: Waiter[] = [];
  /** Runs while somebody waits. It does not keep the process alive: Mocha does that while a test runs. */
  #seconds: NodeJS.Timeout | undefined;
  /** The seconds since the last arrival. */
  #idle = 0;
  readonly #listening = new WeakSet<Node>();

  listen(id: string, node: Node): void {
    if (this.#listening.has(node)) return;
    this.#listening.add(node);
    node.on('input', (msg) => this.#arrive({ at: id, msg: msg as unknown as Message }));
  }

  next(at: string | undefined): Promise<Arrival> {
    const index = this.left.findIndex((arrival) => at === undefined || arrival.at === at);
    const found = index < 0 ? undefined : this.left.splice(index, 1)[0];
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const giveUp = (): void =>
        reject(new Error(`nothing arrived at ${at ?? 'any place'}; elsewhere: ${this.#describe()}`));
      this.#waiters.push({ at, take: resolve, giveUp });
      this.#idle = 0;
      this.#seconds ??= setInterval(() => this.#countSecond(), 1_000).unref();
    });
  }

  #countSecond(): void {
    this.#idle += 1;
    if (this.#idle > PATIENCE) for (const waiter of this.#waiters.splice(0)) waiter.giveUp();
    if (this.#waiters.length > 0) return;
    clearInterval(this.#seconds);
    this.#seconds = undefined;
  }

  #arrive(arrival: Arrival): void {
    const index = this.#waiters.findIndex(({ at }) => at === undefined || at === arrival.at);
    const waiter = index < 0 ? undefined : this.#waiters.splice(index, 1)[0];
    if (waiter) waiter.take(arrival);
    else this.left.push(arrival);
    this.#idle = 0;
  }

  #describe(): string {
    const all = this.left.map(({ at, msg }) => `${at} (${msg.error?.message ?? msg.auth?.reason ?? msg.auth?.state})`);
    return all.join(', ') || 'nothing';
  }
}
