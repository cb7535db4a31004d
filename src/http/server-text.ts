import { flat } from '../core/flat-text.ts';
import { REDACTED } from '../core/redaction.ts';
import type { Echoes, Place } from './echoes.ts';

/**
 * Cleans the texts of a reply before they are shown: each has a limited length, no control and no bidirectional characters,
 * and no secret that the server has received. A server may send anything.
 */

/** The length of a label or a destination, in characters. */
const LONGEST_LINE = 100;
/** The length of an error description, in characters. */
const LONGEST_DESCRIPTION = 200;
/** The length of an error code, in characters. */
const LONGEST_WORD = 64;
/** The length of an address, in characters. */
const LONGEST_ADDRESS = 2_000;
const LONGEST_SCOPE_TOKEN = 256;
const MOST_SCOPE_TOKENS = 256;
/** How much of a scope is read, in characters. Real scopes have a few hundred. */
const LONGEST_SCOPE = 8_192;
/** How many characters are read for each one that is shown: some may be blanks. */
const LOOKED_AT = 5;

/** A label or destination: one line. Secrets are replaced by `[redacted]`. */
export function lineOf(value: unknown, echoes: Echoes): string {
  return show(value, LONGEST_LINE, plain, echoes);
}

/** An error description: the characters of RFC 6749 5.2. Secrets are replaced by `[redacted]`. */
export function descriptionOf(value: unknown, echoes: Echoes): string {
  return show(value, LONGEST_DESCRIPTION, ascii, echoes);
}

/**
 * An error code, or the name of a state: one word.
 *
 * @returns undefined if it is no word, or contains a secret
 */
export function wordOf(value: unknown, echoes: Echoes): string | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_WORD || !/^[\w.-]+$/.test(value)) return undefined;
  return echoes.isIn(value) ? undefined : value;
}

/**
 * The tokens of a scope (RFC 6749 3.3), each once: at most 256 tokens of at most 256 characters. A token that overlaps
 * with a secret is left out.
 *
 * @param known requested scopes, which are never left out
 */
export function scopeOf(value: unknown, known: readonly string[], echoes: Echoes): string[] {
  if (typeof value !== 'string') return [];
  const text = value.slice(0, LONGEST_SCOPE);
  const tokens = new Set<string>();
  // Searched for at the first token that is not known.
  let places: Place[] | undefined;
  for (const { 0: token, index } of text.matchAll(/\S+/g)) {
    if (tokens.size === MOST_SCOPE_TOKENS) break;
    const end = index + token.length;
    const isCut = end === text.length && text.length < value.length;
    if (isCut || tokens.has(token) || !isScopeToken(token)) continue;
    const same = known.find((each) => each === token);
    if (same === undefined) {
      places ??= echoes.placesIn(text);
      while (places[0] && places[0][1] <= index) places.shift();
      if (places[0] && places[0][0] < end) continue;
    }
    tokens.add(same ?? flat(token));
  }
  return [...tokens];
}

/** Whether a text is a scope token: the characters of RFC 6749 3.3, at most 256. */
export function isScopeToken(text: string): boolean {
  return text.length <= LONGEST_SCOPE_TOKEN && /^[!#-[\]-~]+$/.test(text);
}

/** An http(s) address. Empty if it is none, or contains a secret, encoded or not. */
export function addressOf(value: unknown, echoes: Echoes): string {
  if (typeof value !== 'string' || value.length > LONGEST_ADDRESS) return '';
  let href: string;
  try {
    const url = new URL(value);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return '';
    href = url.href;
  } catch {
    return '';
  }
  // As it was sent, encoded, and decoded.
  const isSecret = [value, href, decoded(href)].some((text) => echoes.isIn(text));
  return isSecret || href.length > LONGEST_ADDRESS ? '' : href;
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}

/**
 * Cleans and cuts a text. It searches for secrets twice: before the cleaning, because a secret may contain characters
 * that the cleaning removes, and afterwards, because a removal may join the parts of a secret.
 */
function show(value: unknown, longest: number, clean: (text: string) => string, echoes: Echoes): string {
  if (typeof value !== 'string') return '';
  const most = longest * LOOKED_AT;
  // A secret that begins within the limit is read to its end.
  const cleaned = clean(hide(value.slice(0, most + echoes.longest), most, echoes));
  const text = hide(cleaned, cleaned.length, echoes);
  return flat(
    text
      .slice(0, longest)
      .replace(/\p{Cs}/gu, '')
      .trim(),
  );
}

/** The first characters of a text, with `[redacted]` for each secret that begins in them. */
function hide(text: string, most: number, echoes: Echoes): string {
  let result = '';
  let from = 0;
  for (const [start, end] of echoes.placesIn(text)) {
    if (start >= most) break;
    result += text.slice(from, start) + REDACTED;
    from = end;
  }
  return from < most ? result + text.slice(from, most) : result;
}

/** Removes control characters, and characters that are invisible or change the direction of the text. */
function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * The characters of RFC 6749 5.2: ASCII without quotation marks and backslashes. Empty if no letter or digit is left.
 */
function ascii(text: string): string {
  const shown = plain(text)
    .replaceAll('"', "'")
    .replaceAll('\\', '/')
    .replace(/[^ -~]+/g, '?');
  return /\w/.test(shown) ? shown : '';
}
