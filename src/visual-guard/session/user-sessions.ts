import { LRUCache } from 'lru-cache';
import { mapAtMost } from '../../core/at-most.ts';
import type { Coordinator, RecordKind } from '../../store/coordinator.ts';
import { contentOf, REMOVED } from '../../store/coordinator.ts';
import { asId } from '../../store/id-record.ts';
import { asList, asRecord, VERSION } from '../../store/validation.ts';
import { MOST_AT_ONCE } from './end-all.ts';
import { SESSION_LIFE } from './record.ts';

/** How many sessions of a user are listed: those of ten processes with as many as one keeps. */
export const MOST_LISTED = 200;

/** How many users with unwritten changes are remembered. */
const MOST_MISSED = 10_000;

/** The handles of a user's sessions, those that were listed or renewed last at the end. */
interface SessionList {
  readonly ids: readonly string[];
}

/** A session that has begun or was renewed, or one that has ended. */
interface ListChange {
  readonly handle: string;
  readonly isOver: boolean;
}

/**
 * Ends a session that makes room, at whichever replica it began: a session that is not listed would stay open after a sign-out
 * by the user's name.
 *
 * @returns whether the session stays: it belongs to the stored user
 */
export type MakeRoom = (user: string, handle: string) => Promise<boolean>;

/**
 * Lists the sessions of each user in the session store, so that all of them can be ended by the user's name, at whichever
 * replica they began. If there are too many, those make room that were listed or renewed first. A list is changed under its
 * lock in the background: no message waits for it. Within one process nothing is listed, because memory has all sessions.
 */
export class UserSessions {
  readonly #coordinator: Coordinator;
  readonly #kind: RecordKind<SessionList>;
  readonly #makeRoom: MakeRoom;
  /** The changes to write, by user: many sign-ins of a user at the same time are one change. */
  readonly #waiting = new Map<string, ListChange[]>();
  /** The changes that could not be written. They are tried again with the next change of the user, and when the store is back. */
  readonly #missed = new LRUCache<string, ListChange[]>({ max: MOST_MISSED });

  /** @param connection the digest of the connection @param host the server, for errors */
  constructor(coordinator: Coordinator, connection: string, host: string, makeRoom: MakeRoom) {
    this.#coordinator = coordinator;
    this.#makeRoom = makeRoom;
    this.#kind = {
      prefix: `user-sessions ${connection}`,
      host,
      encode: ({ ids }) => ({ value: { version: VERSION, ids }, ttl: SESSION_LIFE }),
      decode: (value) => {
        const ids = asList(asRecord(value)?.ids, asId);
        return ids && { ids };
      },
    };
  }

  /** A session has begun, or was renewed: it is listed for as long as a session is kept from now on. */
  add(user: string, handle: string): void {
    void this.#change(user, { handle, isOver: false });
  }

  /** A session has ended. */
  remove(user: string, handle: string): void {
    void this.#change(user, { handle, isOver: true });
  }

  /** The handles of the user's sessions. Some may have ended. @throws AuthError `AUTH_STORE` if the store does not answer */
  async read(user: string): Promise<readonly string[]> {
    if (!this.#coordinator.isDurable) return [];
    const listed = contentOf(await this.#record(user).read())?.ids ?? [];
    return changed(listed, [...(this.#missed.get(user) ?? []), ...(this.#waiting.get(user) ?? [])]);
  }

  /** The store is available again. */
  catchUp(): void {
    for (const [user, changes] of [...this.#missed.entries()]) {
      this.#missed.delete(user);
      for (const change of changes) void this.#change(user, change);
    }
  }

  async #change(user: string, change: ListChange): Promise<void> {
    if (!this.#coordinator.isDurable) return;
    const known = this.#waiting.get(user);
    if (known) {
      known.push(change);
      return;
    }
    const changes = [change];
    this.#waiting.set(user, changes);
    const done = (): void => {
      if (this.#waiting.get(user) === changes) this.#waiting.delete(user);
    };
    let excess: readonly string[] = [];
    try {
      await this.#record(user).update<void>({
        // Without the others' entries a list must not be written.
        mayRunCutOff: () => false,
        run: async (found, lock) => {
          done();
          // In the order of the changes: those that were missed are older.
          changes.unshift(...(this.#missed.get(user) ?? []));
          this.#missed.delete(user);
          const ids = changed(contentOf(found)?.ids ?? [], changes);
          excess = ids.slice(0, -MOST_LISTED);
          if (ids.length > 0) lock.write({ ids: ids.slice(-MOST_LISTED) });
          else lock.end(REMOVED);
        },
      });
    } catch {
      done();
      this.#miss(user, changes);
      return;
    }
    await mapAtMost(excess, MOST_AT_ONCE, async (handle) => {
      // Sessions that could not be ended are ended later.
      const stays = await this.#makeRoom(user, handle).catch(() => true);
      if (stays) this.#miss(user, [{ handle, isOver: false }]);
    });
  }

  #miss(user: string, changes: readonly ListChange[]): void {
    this.#missed.set(user, [...(this.#missed.get(user) ?? []), ...changes].slice(-MOST_LISTED));
  }

  #record(user: string) {
    return this.#coordinator.record(this.#kind, user);
  }
}

/** The list after these changes. */
function changed(before: readonly string[], changes: readonly ListChange[]): string[] {
  const ids = new Set(before);
  for (const { handle, isOver } of changes) {
    ids.delete(handle);
    if (!isOver) ids.add(handle);
  }
  return [...ids];
}
