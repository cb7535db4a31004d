import { AuthError } from '../errors.ts';
import type { System } from '../system.ts';
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
export function answerOf<T>(promise: Promise<T>, host: string, system: System, wait = STORE_TIMEOUT): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = system.after(wait, () => reject(storeGone(host, 'timeout')));
    promise.then(resolve, reject).finally(cancel);
  });
}
