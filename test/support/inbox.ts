import type { Node } from 'node-red';
import type { Arrival, Message } from './flows.ts';

/** A message that does not come is given up after this time, in ms. It is never waited for where all is well. */
const PATIENCE = 60_000;

interface Waiter {
  at: string | undefined;
  take: (arrival: Arrival) => void;
}

/** What arrived at the helper nodes of a flow, in order. */
export class Inbox {
  readonly left: Arrival[] = [];
  readonly #waiters: Waiter[] = [];
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
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new Error(`nothing arrived at ${at ?? 'any place'}; elsewhere: ${this.#describe()}`));
      }, PATIENCE);
      const waiter: Waiter = {
        at,
        take: (arrival) => {
          clearTimeout(timer);
          resolve(arrival);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  #arrive(arrival: Arrival): void {
    const index = this.#waiters.findIndex(({ at }) => at === undefined || at === arrival.at);
    const waiter = index < 0 ? undefined : this.#waiters.splice(index, 1)[0];
    if (waiter) waiter.take(arrival);
    else this.left.push(arrival);
  }

  #describe(): string {
    const all = this.left.map(({ at, msg }) => `${at} (${msg.error?.message ?? msg.auth?.reason ?? msg.auth?.state})`);
    return all.join(', ') || 'nothing';
  }
}
