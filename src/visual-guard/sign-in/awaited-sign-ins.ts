import type { Cancel } from '../../core/clock.ts';
import type { Refused } from '../outcome.ts';
import type { ServerSessions } from '../session/server-sessions.ts';
import type { StoredUser } from './stored-user.ts';

/** The report to those who wait for a sign-in: the user is signed in, or the stored user was refused. */
export type SignInNews = 'signed-in' | Refused;

/**
 * Reports a sign-in to those who wait for its user, at whichever replica it happens. A refusal is reported of the stored
 * user only: anybody can send a wrong password for another user.
 */
export class AwaitedSignIns {
  readonly #storedUser: StoredUser;
  readonly #sessions: ServerSessions;

  constructor(storedUser: StoredUser, sessions: ServerSessions) {
    this.#storedUser = storedUser;
    this.#sessions = sessions;
  }

  /** Follows the stored user, until the returned function is called. */
  ofStoredUser(listener: (news: SignInNews) => void): Cancel {
    const cancels = [
      this.#storedUser.changes.add(({ session }) => session && listener('signed-in')),
      this.#storedUser.outcomes.add(listener),
    ];
    return () => {
      for (const cancel of cancels) cancel();
    };
  }

  /** Follows a user by the exact name, until the returned function is called. */
  ofUser(user: string, listener: (news: SignInNews) => void): Cancel {
    const unlisten = this.#sessions.named.add((session) => {
      if (session.user === user) listener('signed-in');
    });
    const unwatch = this.#sessions.watchUser(user);
    return () => {
      unlisten();
      unwatch();
    };
  }
}
