import { mapAtMost } from '../core/at-most.ts';
import type { ServerChallenges } from './challenge/server-challenges.ts';
import type { ServerContext } from './context.ts';
import { MOST_AT_ONCE } from './session/end-all.ts';
import type { ServerSessions } from './session/server-sessions.ts';
import type { Session } from './session/session.ts';
import type { StoredUser } from './sign-in/stored-user.ts';

/** How many sessions are ended in the store at the same time, so that other messages are handled meanwhile. */
const MOST_WRITTEN = 50;

/** The objects that a sign-out needs. */
interface SignOutParts {
  readonly sessions: ServerSessions;
  readonly challenges: ServerChallenges;
  readonly storedUser: StoredUser;
}

/**
 * Signs out of a server. Sessions end in memory first: they cannot be used any more when a method returns its promise, whether
 * or not the server and the store answer.
 */
export class SignOut {
  readonly #context: ServerContext;
  readonly #parts: SignOutParts;

  constructor(context: ServerContext, parts: SignOutParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /**
   * Ends one session, and the challenges of a user.
   *
   * @param session the session to end, if there is one
   * @param user whose challenges are ended
   * @returns what the server has revoked
   */
  async one(session: Session | undefined, user: string): Promise<string[]> {
    const ending = session && this.#parts.sessions.end(session);
    const [refreshToken = '', isCanceled] = await Promise.all([ending, this.#cancelChallenges(user)]);
    const revoked = await this.#revoke(refreshToken);
    // A name from a message may be anything: the sign-out of nobody is no event.
    if (session || isCanceled) this.#tell(user, revoked);
    return revoked;
  }

  /**
   * Ends all sessions that this process has in memory, and the challenges of their users. A failure for one session does not
   * stop the others.
   *
   * @returns how many sessions have ended
   * @throws AuthError `AUTH_STORE` if the store did not answer, when all have ended
   */
  async allHere(): Promise<number> {
    const { sessions } = this.#parts;
    const ended = sessions.all().map((session) => ({ user: session.user, endForAll: sessions.endHere(session) }));
    const users = [...new Set(ended.map(({ user }) => user))];
    const canceling = Promise.all(users.map((user) => this.#cancelChallenges(user)));
    // All end in the store before the server is asked, because it may not answer.
    let failure: unknown;
    const failed = (thrown: unknown): string => {
      failure ??= thrown;
      return '';
    };
    const left = await mapAtMost(ended, MOST_WRITTEN, async ({ user, endForAll }) => ({
      user,
      token: await endForAll().catch(failed),
    }));
    await mapAtMost(left, MOST_AT_ONCE, async ({ user, token }) => this.#tell(user, await this.#revoke(token)));
    await canceling;
    if (failure !== undefined) throw failure;
    return ended.length;
  }

  /**
   * Ends all sessions of a user, at whichever replica they began, and the user's challenges.
   *
   * @returns how many sessions have ended, and what the server has revoked: one entry for each session
   * @throws AuthError `AUTH_STORE` if the store does not answer, when the sessions that could be found have ended
   */
  async ofUser(user: string): Promise<{ ended: number; revoked: string[] }> {
    const ending = this.#parts.sessions.endAll(user);
    const [{ ended, revoked: count, failure }, isCanceled] = await Promise.all([ending, this.#cancelChallenges(user)]);
    const revoked = Array.from({ length: count }, () => 'refresh_token');
    if (ended > 0 || isCanceled) this.#tell(user, revoked);
    if (failure) throw failure;
    return { ended, revoked };
  }

  async #revoke(refreshToken: string): Promise<string[]> {
    const isRevoked = refreshToken !== '' && (await this.#context.wire.revoke(refreshToken).catch(() => false));
    return isRevoked ? ['refresh_token'] : [];
  }

  #tell(user: string, revoked: string[]): void {
    this.#context.metrics.tell({ what: 'sign-out', user, revoked });
  }

  /**
   * The challenge of the stored user may have begun at another replica. Those of other users cannot be found by name. Never throws.
   *
   * @returns whether there was one
   */
  async #cancelChallenges(user: string): Promise<boolean> {
    const { challenges, storedUser } = this.#parts;
    // Those in memory end at once, whether or not the store answers.
    const isCanceled = challenges.cancel(user);
    if (user === '' || user !== this.#context.wire.stored.user) return isCanceled;
    await storedUser.findChallenge().catch(() => undefined);
    return challenges.cancel(user) || isCanceled;
  }
}
