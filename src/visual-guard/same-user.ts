import { LONGEST_TEXT } from '../core/text-length.ts';

/** In longer names only blanks and invisible characters are folded: no server has such a user, and folding them would take time. In characters. */
const LONGEST = 1_000;

/** Spaces of any kind: database collations treat several of them as one. */
const BLANKS = /\p{White_Space}+/gu;

/** Invisible characters, such as a zero-width space. Databases ignore them in comparisons. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2800]/gu;

/**
 * The common form of all spellings of a user name that a server treats as the same user: trimmed, with one space for
 * several, without invisible characters, NFKC-normalized (so that full-width letters are the usual ones), upper and then
 * lower case. What protects an account compares names in this form. Sessions and tokens compare names exactly, because a
 * token must not reach another user.
 */
export function foldUser(user: string): string {
  // Nobody signs in with such a name.
  if (user.length > LONGEST_TEXT) return user;
  const trimmed = user.replace(BLANKS, ' ').replace(INVISIBLE, '').trim();
  if (trimmed.length > LONGEST) return trimmed;
  // First lower case, too: the capital sharp s has no upper case of its own.
  const folded = trimmed.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
  return folded.normalize('NFKC').replace(BLANKS, ' ').trim();
}

/** The name under which the user of a server is protected. It differs from that of every other server's user. */
export function userAt({ tokenUrl }: { tokenUrl: string }, user: string): string {
  return `${tokenUrl} ${foldUser(user)}`;
}
