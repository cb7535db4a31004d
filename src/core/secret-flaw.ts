/** The probable fault of a refused secret: it was pasted, or written into a file, with additional characters. */
export const SECRET_FLAWS = ['ends-with-line-break', 'line-break', 'blanks', 'quotes'] as const;

export type SecretFlaw = (typeof SECRET_FLAWS)[number];

/** A word in quotation marks. */
const QUOTED = /^(?:"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|„[^“”]*[“”]|«[^»]*»)$/;

/** @returns the probable fault. The secret is sent nevertheless, because it may really contain these characters */
export function flawOf(secret: string): SecretFlaw | undefined {
  if (/[\r\n]$/.test(secret)) return 'ends-with-line-break';
  if (/[\r\n]/.test(secret)) return 'line-break';
  if (secret !== secret.trim()) return 'blanks';
  return QUOTED.test(secret) ? 'quotes' : undefined;
}
