import { flat } from '../core/flat-text.ts';
import { REDACTED } from '../core/redaction.ts';
import type { Echoes, Place } from './echoes.ts';

/**
 * What may be shown of a text that a server sent, in one place: every text of a reply is bounded, rid of control and
 * bidirectional characters, and searched for the secrets that the server has seen. A server may send anything.
 */

/** A label or a destination, in characters. */
const LONGEST_LINE = 100;
/** An error description, in characters. */
const LONGEST_DESCRIPTION = 200;
/** An error word, in characters. */
const LONGEST_WORD = 64;
/** An address, in characters. */
const LONGEST_ADDRESS = 2_000;
const LONGEST_SCOPE_TOKEN = 256;
const MOST_SCOPE_TOKENS = 256;
/** The most of a scope that is read, in characters. Real ones are a few hundred. */
const LONGEST_SCOPE = 8_192;
/** How much of a text is looked at, for one character that is shown: the rest may be blanks. */
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
 * @returns undefined if it is none, or repeats a secret
 */
export function wordOf(value: unknown, echoes: Echoes): string | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_WORD || !/^[\w.-]+$/.test(value)) return undefined;
  return echoes.isIn(value) ? undefined : value;
}

/**
 * The tokens of a scope (RFC 6749 3.3), each once: 256 at most, of 256 characters at most. Those that repeat a secret,
 * or a part of one that has blanks, are left out.
 *
 * @param known is never left out: what was asked for is no secret of anybody
 */
export function scopeOf(value: unknown, known: readonly string[], echoes: Echoes): string[] {
  if (typeof value !== 'string') return [];
  const text = value.slice(0, LONGEST_SCOPE);
  const tokens = new Set<string>();
  // Only looked for if there is a token that is not known.
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

/** Whether a text is a token of a scope: the characters of RFC 6749 3.3, not too many of them. */
export function isScopeToken(text: string): boolean {
  return text.length <= LONGEST_SCOPE_TOKEN && /^[!#-[\]-~]+$/.test(text);
}

/** An http(s) address; empty if it is none, or repeats a secret in any spelling. */
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
  // As it was sent, as an address spells it, and as that reads.
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
 * Cleans and cuts a text. Secrets are looked for before it is cleaned, because a secret may have characters that are
 * left out, and afterwards, because leaving characters out may put one together.
 */
function show(value: unknown, longest: number, clean: (text: string) => string, echoes: Echoes): string {
  if (typeof value !== 'string') return '';
  const most = longest * LOOKED_AT;
  // A secret that begins in what is looked at is seen to its end.
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

/** Without control characters, and without those that cannot be seen or change the direction of writing. */
function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The characters of RFC 6749 5.2: ASCII without quotation marks and backslashes. Empty if nothing is left to read. */
function ascii(text: string): string {
  const shown = plain(text)
    .replaceAll('"', "'")
    .replaceAll('\\', '/')
    .replace(/[^ -~]+/g, '?');
  return /\w/.test(shown) ? shown : '';
}
