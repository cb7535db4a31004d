import type { Clock } from '../../core/clock.ts';
import { contentOf, type SharedRecord } from '../../store/coordinator.ts';
import type { Endings } from './endings.ts';
import { watchForLateWrite } from './late-writes.ts';
import type { SessionContent } from './record.ts';
import { ENDED_TTL } from './session.ts';

/**
 * Ends a session for all replicas.
 *
 * @param record the record of the session, whose handle and refresh token follow as this process knows them
 * @param endings remembers it if the store is not available
 * @param restored called if another replica restores the record afterwards, because it had the lock
 * @returns the refresh token that is to be revoked; empty if another replica has ended the session. Never rejects
 */
export async function endInStore(
  record: SharedRecord<SessionContent>,
  { handle, refreshToken }: { handle: string; refreshToken: string },
  { endings, clock, restored }: { endings: Endings; clock: Clock; restored: () => void },
): Promise<string> {
  try {
    return await record.update<string>({
      settle: (found) => {
        if (found !== 'ended') return undefined;
        endings.delete(handle);
        return '';
      },
      run: async (found, lock) => {
        lock.end(ENDED_TTL);
        if (lock.isCutOff) endings.add(handle, refreshToken);
        else endings.delete(handle);
        return contentOf(found)?.refreshToken ?? refreshToken;
      },
    });
  } catch {
    // Another replica does not give the lock back.
    watchForLateWrite(record, clock, restored);
    await record.end(ENDED_TTL);
    return refreshToken;
  }
}
