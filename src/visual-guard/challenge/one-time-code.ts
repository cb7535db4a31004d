/** The characters that people and programs write between those of a code: spaces, and all kinds of hyphens. */
const SEPARATORS = /[\s\p{Z}\p{Cf}\p{Pd}\u2212]/gu;

/**
 * A one-time code without spaces and hyphens: `012 345` and `012-345` are 012345. Letters, their case and leading zeros
 * stay, because a code may have letters.
 */
export function oneTimeCodeOf(text: string): string {
  return text.replace(SEPARATORS, '');
}
