import { Echoes } from './echoes.ts';
import { addressOf, descriptionOf, isScopeToken, lineOf, scopeOf, wordOf } from './server-text.ts';

/** The longest token, in characters. No server takes a header of that size. */
const LONGEST_TOKEN = 65_536;
/** The longest id, in characters. */
const LONGEST_ID = 200;
/** The longest list of names in one text, in characters and in names. */
const LONGEST_NAMES = 2_000;
const MOST_NAMES = 64;
const LONGEST_NAME = 64;
/** A shorter token is in other texts by chance. */
const SHORTEST_TOKEN = 8;
/**
 * The most values of a JSON text. Node.js parses 1 MiB of text in a few ms, but half a million nested arrays in half a
 * second, and every message would wait for that.
 */
const MOST_VALUES = 20_000;

/**
 * A JSON object of a reply. What it holds cannot be had as it came: what is shown is bounded and cleaned
 * (`server-text.ts`), what is used is bounded. Nothing is copied, so a large reply costs no more than it takes to parse.
 */
export class ReplyObject {
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #echoes: Echoes;

  /** @param echoes the secrets that the server has seen */
  private constructor(json: Readonly<Record<string, unknown>>, echoes: Echoes) {
    this.#json = json;
    this.#echoes = echoes;
  }

  /** @param json as it was parsed. Its own tokens count as secrets too: they must not be repeated in a scope or a label. */
  static of(json: Readonly<Record<string, unknown>>, echoes = new Echoes()): ReplyObject {
    const { access_token, refresh_token, id_token, VGResponse } = json;
    const tokens = [access_token, refresh_token, id_token, asRecord(VGResponse)?.VGToken];
    const isToken = (value: unknown): value is string =>
      typeof value === 'string' && value.length >= SHORTEST_TOKEN && value.length <= LONGEST_TOKEN;
    return new ReplyObject(json, echoes.and(tokens.filter(isToken)));
  }

  /** @returns undefined if the text is not JSON, not an object, or has too many values in it */
  static parse(text: string, echoes: Echoes): ReplyObject | undefined {
    if (hasTooManyValues(text)) return undefined;
    try {
      const json = asRecord(JSON.parse(text));
      return json && ReplyObject.of(json, echoes);
    } catch {
      return undefined;
    }
  }

  /** Whether there is such a member, whatever it is. `null` is none. */
  has(name: string): boolean {
    return (this.#member(name) ?? undefined) !== undefined;
  }

  object(name: string): ReplyObject | undefined {
    return this.#objectOf(this.#member(name));
  }

  /** The objects of an array, or of its first members. Its other members are left out. */
  objects(name: string, most: number): ReplyObject[] {
    const list = this.#member(name);
    const first = Array.isArray(list) ? list.slice(0, most) : [];
    return first.flatMap((item) => this.#objectOf(item) ?? []);
  }

  /** @returns undefined if it is no boolean */
  flag(name: string): boolean | undefined {
    const value = this.#member(name);
    return typeof value === 'boolean' ? value : undefined;
  }

  /** A number, or one written as a text. @returns undefined if it is none */
  number(name: string): number | undefined {
    const value = this.#member(name);
    if (typeof value === 'number') return value;
    const isWritten = typeof value === 'string' && value.length <= 32 && /^\s*\d+(\.\d+)?\s*$/.test(value);
    return isWritten ? Number(value) : undefined;
  }

  /** A token, to the character: it is sent, and never shown. @returns empty if there is none, or it is too long */
  token(name: string): string {
    const value = this.#member(name);
    return typeof value === 'string' && value.length <= LONGEST_TOKEN ? value : '';
  }

  /** An id of the server, to be sent back to it. @returns empty if there is none */
  id(name: string): string {
    const value = this.#member(name);
    return typeof value === 'string' && value.length <= LONGEST_ID ? value.trim() : '';
  }

  /** Names separated by commas, to be compared with known ones. What cannot be a name is an empty one. */
  names(name: string): string[] {
    const value = this.#member(name);
    if (typeof value !== 'string') return [];
    const words = value
      .slice(0, LONGEST_NAMES)
      .split(',', MOST_NAMES)
      .map((word) => word.trim());
    return words.map((word) => (word.length <= LONGEST_NAME && /^\w+$/.test(word) ? word : ''));
  }

  /** The texts of an array, or of its first members, as far as they could be scope tokens. They are not for showing. */
  tokens(name: string, most: number): string[] | undefined {
    const list = this.#member(name);
    if (!Array.isArray(list)) return undefined;
    return list.slice(0, most).filter((item): item is string => typeof item === 'string' && isScopeToken(item));
  }

  /** A label or destination, for showing. @returns empty if there is none */
  line(name: string): string {
    return lineOf(this.#member(name), this.#echoes);
  }

  /** An error description, for showing. @returns empty if there is none */
  description(name: string): string {
    return descriptionOf(this.#member(name), this.#echoes);
  }

  /** An error code, for showing. @returns undefined if it is none that may be shown */
  word(name: string): string | undefined {
    return wordOf(this.#member(name), this.#echoes);
  }

  /** Whether it is a text that is not empty. */
  isText(name: string): boolean {
    const value = this.#member(name);
    return typeof value === 'string' && value !== '';
  }

  /** Whether it is a text of one word, whatever its characters and its length. */
  isWord(name: string): boolean {
    const value = this.#member(name);
    return typeof value === 'string' && /^\S+$/.test(value.slice(0, LONGEST_NAMES));
  }

  /** A word of a list that is known anyway, so that it tells nothing. @returns undefined if it is none of them */
  oneOf(name: string, known: ReadonlySet<string>): string | undefined {
    const value = this.#member(name);
    return typeof value === 'string' && known.has(value) ? value : undefined;
  }

  /** The tokens of a scope, for showing. @param known is never left out */
  scope(name: string, known: readonly string[]): string[] {
    return scopeOf(this.#member(name), known, this.#echoes);
  }

  /** An http(s) address, for showing. @returns empty if there is none */
  address(name: string): string {
    return addressOf(this.#member(name), this.#echoes);
  }

  /** Whether a text that was read here may be shown. */
  mayShow(text: string): boolean {
    return !this.#echoes.isIn(text);
  }

  /** What prints a reply prints nothing of it. */
  toJSON(): object {
    return {};
  }

  #member(name: string): unknown {
    return Object.hasOwn(this.#json, name) ? this.#json[name] : undefined;
  }

  #objectOf(value: unknown): ReplyObject | undefined {
    const json = asRecord(value);
    return json && new ReplyObject(json, this.#echoes);
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Counts what a value begins with or is separated by. Texts are not told apart: no real reply comes near the limit. */
function hasTooManyValues(text: string): boolean {
  if (text.length <= MOST_VALUES) return false;
  let left = MOST_VALUES;
  for (const mark of ',[{') {
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
      left -= 1;
      if (left < 0) return true;
    }
  }
  return false;
}
