import type { Clock } from './clock.ts';
import { AuthError } from './errors.ts';

/** The longest that a message waits for a token, in ms. */
export const MESSAGE_WAIT = 30_000;

/** The error of a message that has waited too long. The operation goes on for the others who wait. */
export function waitTimeout(host: string, wait: number = MESSAGE_WAIT): AuthError {
  return new AuthError('wait-over', { host, seconds: Math.ceil(wait / 1000) });
}

/**
 * Waits for a promise as long as a message waits. The operation behind the promise goes on.
 *
 * @param wait in ms
 * @throws AuthError `AUTH_TIMEOUT` after that time, or whatever the promise throws
 */
export function withMessageTimeout<T>(
  clock: Clock,
  promise: Promise<T>,
  host: string,
  wait: number = MESSAGE_WAIT,
): Promise<T> {
  return withTimeout(clock, promise, wait, () => waitTimeout(host, wait));
}

/**
 * Waits for a promise. The operation behind the promise goes on.
 *
 * @param wait in ms
 * @param late creates the error that is thrown after that time
 */
export function withTimeout<T>(clock: Clock, promise: Promise<T>, wait: number, late: () => AuthError): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(wait, () => reject(late()));
    promise.then(resolve, reject).finally(cancel);
  });
}
