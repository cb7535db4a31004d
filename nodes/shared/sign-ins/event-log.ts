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

/** The user of the editor who acts at the moment. The request may have ended, and what it began goes on, such as a link. */
const acting = new AsyncLocalStorage<{ user: string; hasEnded: boolean }>();

/** Events until `act` ends are caused by this user of the editor. @param user undefined if Node-RED has no users */
export async function actingAs<T>(user: string | undefined, act: () => Promise<T>): Promise<T> {
  if (user === undefined) return act();
  const actor = { user, hasEnded: false };
  try {
    return await acting.run(actor, act);
  } finally {
    actor.hasEnded = true;
  }
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
    // A link is sent while the request for it stays open, so that is known after the response to the editor.
    const by = actor?.hasEnded && event.event !== 'vg-auth.link-sent' ? undefined : actor?.user;
    const at = engineOf(this.#RED).clock.now();
    this.#events.push({ n: this.#last, at, ...event, ...(by === undefined ? {} : { by }) });
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  /** The events after the one with this number, the oldest first. */
  after(n: number): LoggedEvent[] {
    return this.#events.filter((event) => event.n > n);
  }
}
