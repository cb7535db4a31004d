import type { NodeAPI } from 'node-red';
import type { AuthError } from '../../src/core/errors.ts';

/** The catalogue that all nodes share: it belongs to the plugin in `nodes/vg-auth.html`. */
export const CATALOGUE = '@vg-auth/node-red-vg-auth/vg-auth:';

/**
 * Puts an error's sentence into the language of this Node-RED. Where the catalogue has none, the English one stays.
 * The code stays as it is: flows branch on it.
 */
export function translate(RED: NodeAPI, error: AuthError): AuthError {
  const key = `errors.${error.fault}`;
  const sentence: unknown = RED._(CATALOGUE + key, { ...error.values });
  if (typeof sentence === 'string' && sentence !== '' && !sentence.endsWith(key)) error.message = sentence;
  return error;
}
