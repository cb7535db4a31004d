import { AsyncLocalStorage } from 'node:async_hooks';
import type { NodeAPI } from 'node-red';
import { engineOf } from '../runtime.ts';

/** How many events are kept, in memory only. */
const MOST_EVENTS = 100;

/** An event, as `GET vg-auth/events` reports it. */
export interface LoggedEvent {
  /** Counts the events of this process. */
  n: number;
  /** ms since 1970 */
  at: number;
  event: string;
  account: { id: string; name: string };
  user?: string;
  reason?: string;
  /** The user of the editor who caused it. */
  by?: string;
}

/** A user of the editor who acts. Everything that the action began may go on after it, such as messages that were on hold. */
interface Actor {
  readonly user: string;
  hasEnded: boolean;
  /** The user to whom a link is sent. The event comes after the action, while the request for the link stays open. */
  linkTo?: string;
}

const acting = new AsyncLocalStorage<Actor>();

/** Events until `act` ends are caused by this user of the editor. @param user undefined if Node-RED has no users */
export async function actingAs<T>(user: string | undefined, act: () => Promise<T>): Promise<T> {
  if (user === undefined) return act();
  const actor: Actor = { user, hasEnded: false };
  try {
    return await acting.run(actor, act);
  } finally {
    actor.hasEnded = true;
  }
}

/** The action may send a link to this user: the event names the user of the editor, even if the action has ended. */
export function sendsLinkTo(user: string): void {
  const actor = acting.getStore();
  if (actor) actor.linkTo = user;
}

/** The last events of each Node-RED of this process, by its event bus. */
const logs = new WeakMap<object, EventLog>();

/** The last events of this Node-RED. */
export function eventLogOf(RED: NodeAPI): EventLog {
  const log = logs.get(RED.events) ?? new EventLog(RED);
  logs.set(RED.events, log);
  return log;
}

/** The last 100 events. */
export class EventLog {
  readonly #RED: NodeAPI;
  #last = 0;
  #events: LoggedEvent[] = [];

  constructor(RED: NodeAPI) {
    this.#RED = RED;
  }

  add(event: Omit<LoggedEvent, 'n' | 'at' | 'by'>): void {
    this.#last += 1;
    const actor = acting.getStore();
    const isLink = event.event === 'vg-auth.link-sent' && event.user === actor?.linkTo;
    const by = actor?.hasEnded && !isLink ? undefined : actor?.user;
    const at = engineOf(this.#RED).clock.now();
    this.#events.push({ n: this.#last, at, ...event, ...(by === undefined ? {} : { by }) });
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  /**
   * The events after the one with this number, the oldest first. A number that no event has yet is one of an earlier process:
   * then all of them.
   */
  after(n: number): LoggedEvent[] {
    return n > this.#last ? [...this.#events] : this.#events.filter((event) => event.n > n);
  }
}
