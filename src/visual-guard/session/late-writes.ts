import type { Clock } from '../../core/clock.ts';
import { contentOf, type SharedRecord } from '../../store/coordinator.ts';

/** How long a late write is watched for, in ms: longer than anybody holds a lock to renew a session. */
const LATEST = 10 * 60_000;

/**
 * Watches a record that was ended although another replica had the lock on it: the write of that replica, when it gives the lock
 * back, is newer, and would restore the record.
 *
 * @param written called once, when the record is restored
 */
export function watchForLateWrite<T extends object>(record: SharedRecord<T>, clock: Clock, written: () => void): void {
  const unwatch = record.watch((found) => {
    if (contentOf(found)) {
      stop();
      written();
    }
    return undefined;
  });
  const cancel = clock.after(LATEST, () => unwatch(), true);
  const stop = (): void => {
    cancel();
    unwatch();
  };
}
