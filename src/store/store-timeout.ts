import type { Clock } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { withTimeout } from '../core/timeout.ts';
import { STORE_TIMEOUT } from './store.ts';

/**
 * @param host the name of the store
 * @param cause a short word, never a text from outside
 */
export function storeGone(host: string, cause: string): AuthError {
  return new AuthError('store-gone', { host, cause });
}

/**
 * The result of a promise, within the time limit of a store.
 *
 * @throws AuthError `AUTH_STORE` (`timeout`) after that time, or the error of the promise
 */
export function answerOf<T>(promise: Promise<T>, host: string, clock: Clock): Promise<T> {
  return withTimeout(clock, promise, STORE_TIMEOUT, () => storeGone(host, 'timeout'));
}
