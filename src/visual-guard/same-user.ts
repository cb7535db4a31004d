/** Longer names than this are compared as they are: no server has such a user, and folding them would take time. In characters. */
const LONGEST = 1_000;

/** Characters that nobody sees, as a zero-width space. Databases leave them out of comparisons. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2800]/gu;

/**
 * The form of a user name in which all spellings that a server takes for the same user are equal: trimmed, without
 * invisible characters, NFKC-normalized (so that full-width letters are the usual ones), upper and then lower case.
 * It is for what protects an account. Sessions and tokens compare names exactly, because they must not cross.
 */
export function foldUser(user: string): string {
  const trimmed = user.replace(INVISIBLE, '').trim();
  if (trimmed.length > LONGEST) return trimmed;
  // First lower case, too: the capital sharp s has no upper case of its own.
  const folded = trimmed.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
  return folded.normalize('NFKC').trim();
}

/** A user of a server, as what protects accounts knows it: unlike that of any other server. */
export function userAt({ tokenUrl }: { tokenUrl: string }, user: string): string {
  return `${tokenUrl} ${foldUser(user)}`;
}
