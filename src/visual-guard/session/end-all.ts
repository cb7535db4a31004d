import { mapAtMost } from '../../core/at-most.ts';
import { type AuthError, asAuthError } from '../../core/errors.ts';
import type { Session } from './session.ts';

/** How many sessions are revoked, or removed to make room, at the same time. It is also the limit for endings in the store. */
export const MOST_AT_ONCE = 8;

/** The functions for the end of a session. */
export type EndingSession = Pick<Session, 'handle' | 'user' | 'refreshToken' | 'isRefreshing' | 'end' | 'writeEnd'>;

/** The sessions of a user that were signed out. */
export interface SignedOutUser {
  /** How many have ended. */
  readonly ended: number;
  /** How many refresh tokens the server has revoked. */
  readonly revoked: number;
  /** `AUTH_STORE` if the store did not answer: there may be more sessions in it. */
  readonly failure: AuthError | undefined;
}

/** The sessions of a user. Each ending returns the refresh token that is to be revoked: empty if there is none. */
interface UserEndings {
  /** Ends one in memory. It cannot be used any more when the call returns. */
  readonly here: readonly (() => Promise<string>)[];
  /** Finds the others in the store. An ending returns undefined if the session had ended before. @throws AuthError `AUTH_STORE` */
  there(): Promise<readonly (() => Promise<string | undefined>)[]>;
  revoke(refreshToken: string): Promise<boolean>;
}

/** Ends all sessions of a user, and revokes them. A failure for one session does not stop the others. Never throws. */
export async function endAll({ here, there, revoke }: UserEndings): Promise<SignedOutUser> {
  let failure: AuthError | undefined;
  const failed = (thrown: unknown): undefined => {
    failure ??= asAuthError(thrown);
  };
  // Those in memory end at once, whether or not the store answers.
  const begun = here.map((end) => {
    const ending = end();
    return () => ending;
  });
  const found = (await there().catch(failed)) ?? [];
  const results = await mapAtMost([...begun, ...found], MOST_AT_ONCE, async (end) => {
    const left = await end().catch(failed);
    const isRevoked = left !== undefined && left !== '' && (await revoke(left).catch(() => false));
    return { isEnded: left !== undefined, isRevoked };
  });
  return {
    ended: results.filter(({ isEnded }) => isEnded).length,
    revoked: results.filter(({ isRevoked }) => isRevoked).length,
    failure,
  };
}
