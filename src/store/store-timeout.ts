import type { Clock } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { withTimeout } from '../core/timeout.ts';
import { STORE_TIMEOUT } from './store.ts';

/**
 * @param host what the store is called
 * @param cause a short word; never a text that somebody else wrote
 */
export function storeGone(host: string, cause: string): AuthError {
  return new AuthError('store-gone', { host, cause });
}

/**
 * What a promise comes to, within the time that a store may take.
 *
 * @throws AuthError `AUTH_STORE` (`timeout`) after that time, or whatever the promise throws
 */
export function answerOf<T>(promise: Promise<T>, host: string, clock: Clock): Promise<T> {
  return withTimeout(clock, promise, STORE_TIMEOUT, () => storeGone(host, 'timeout'));
}
