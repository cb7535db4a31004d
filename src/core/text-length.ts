import { AuthError } from './errors.ts';

/**
 * The longest text from a caller, in characters: a username, a password, a code, a name. No server accepts a longer one, and
 * Node.js would run nothing else while a text of many megabytes is compared or cleaned.
 */
export const LONGEST_TEXT = 8_192;

/** @throws AuthError `AUTH_CONFIG` if the text is too long. @param property its name, for the error */
export function checkLength(text: string, property: string): void {
  if (text.length > LONGEST_TEXT) throw new AuthError('value-too-long', { property, longest: LONGEST_TEXT });
}
