/** What is probably wrong with a secret that a server refuses: it was pasted, or written into a file, with more than itself. */
export const SECRET_FLAWS = ['ends-with-line-break', 'line-break', 'blanks', 'quotes'] as const;

export type SecretFlaw = (typeof SECRET_FLAWS)[number];

/** Quotation marks, as they are put around a word. */
const QUOTED = /^(?:"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|„[^“”]*[“”]|«[^»]*»)$/;

/** Looks whether a secret looks pasted. Nothing is changed: a secret may really be like that. */
export function flawOf(secret: string): SecretFlaw | undefined {
  if (/[\r\n]$/.test(secret)) return 'ends-with-line-break';
  if (/[\r\n]/.test(secret)) return 'line-break';
  if (secret !== secret.trim()) return 'blanks';
  return QUOTED.test(secret) ? 'quotes' : undefined;
}
