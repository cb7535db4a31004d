import type { Clock } from '../core/clock.ts';

/** The results of a link. */
export type LinkEnd = 'clicked' | 'too-late' | 'closed';

/** How long a click that comes before its link waits for it, in ms. */
const PATIENCE = 10_000;

interface OpenLink {
  user: string;
  end: (how: LinkEnd) => void;
}

/** The links that were sent to practice users and not clicked yet. */
export class PracticeLinks {
  readonly #open = new Map<string, OpenLink>();
  /** Clicks that came before their link. A flow gets `link-sent` before the request reaches the server. */
  readonly #early = new Map<string, Set<(link: OpenLink) => void>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Sends a user a link.
   *
   * @param life how long it can be clicked, in ms
   * @param closed fires when the client has closed the request
   */
  send(user: string, link: string, life: number, closed: AbortSignal): Promise<LinkEnd> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(life, () => end('too-late'), true);
      const end = (how: LinkEnd): void => {
        cancel();
        this.#open.delete(link);
        resolve(how);
      };
      closed.addEventListener('abort', () => end('closed'), { once: true });
      this.#open.set(link, { user, end });
      const early = this.#early.get(user);
      this.#early.delete(user);
      for (const click of early ?? []) click({ user, end });
    });
  }

  /** Clicks a link. @returns whether there was such a link */
  click(link: string): boolean {
    const open = this.#open.get(link);
    open?.end('clicked');
    return open !== undefined;
  }

  /** Clicks the newest link of a user, or waits for one. @returns whether there was one within 10 s */
  clickNewest(user: string): Promise<boolean> {
    const newest = [...this.#open.values()].findLast((open) => open.user === user);
    if (newest) {
      newest.end('clicked');
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const waiting = this.#early.get(user) ?? new Set();
      const click = (link: OpenLink): void => {
        cancel();
        link.end('clicked');
        resolve(true);
      };
      const cancel = this.#clock.after(
        PATIENCE,
        () => {
          waiting.delete(click);
          resolve(false);
        },
        true,
      );
      this.#early.set(user, waiting.add(click));
    });
  }

  /** Ends every link that is open. */
  close(): void {
    for (const { end } of this.#open.values()) end('closed');
  }
}
