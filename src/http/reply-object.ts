import { Echoes } from './echoes.ts';
import { addressOf, descriptionOf, isScopeToken, lineOf, scopeOf, wordOf } from './server-text.ts';

/** The longest token, in characters. No server accepts a longer header. */
export const LONGEST_TOKEN = 65_536;
/** The longest id, in characters. */
const LONGEST_ID = 200;
/** The longest list of names in one text, in characters and in names. */
const LONGEST_NAMES = 2_000;
const MOST_NAMES = 64;
const LONGEST_NAME = 64;
/** The shortest token that counts as a secret, in characters. A shorter text occurs in other texts by chance. */
const SHORTEST_TOKEN = 8;
/**
 * The most values in a JSON text. Node.js parses 1 MiB of text in a few ms, but half a million nested arrays in half a
 * second, and all messages would wait for that.
 */
const MOST_VALUES = 20_000;

/**
 * A JSON object of a reply. No method returns a value as it came: texts that are shown are bounded and cleaned
 * (`server-text.ts`), all others are bounded. It copies nothing, so a large reply costs only the time to parse it.
 */
export class ReplyObject {
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #echoes: Echoes;

  /** @param echoes the secrets that the server has received */
  private constructor(json: Readonly<Record<string, unknown>>, echoes: Echoes) {
    this.#json = json;
    this.#echoes = echoes;
  }

  /** @param json the parsed object. Its tokens count as secrets, too: a scope or a label must not repeat them */
  static of(json: Readonly<Record<string, unknown>>, echoes = new Echoes()): ReplyObject {
    const { access_token, refresh_token, id_token, VGResponse } = json;
    const tokens = [access_token, refresh_token, id_token, asRecord(VGResponse)?.VGToken];
    const isToken = (value: unknown): value is string =>
      typeof value === 'string' && value.length >= SHORTEST_TOKEN && value.length <= LONGEST_TOKEN;
    return new ReplyObject(json, echoes.and(tokens.filter(isToken)));
  }

  /** @returns undefined if the text is no JSON object, or has too many values */
  static parse(text: string, echoes: Echoes): ReplyObject | undefined {
    if (hasTooManyValues(text)) return undefined;
    try {
      const json = asRecord(JSON.parse(text));
      return json && ReplyObject.of(json, echoes);
    } catch {
      return undefined;
    }
  }

  /** Whether the member exists and is not `null`. */
  has(name: string): boolean {
    return (this.#member(name) ?? undefined) !== undefined;
  }

  object(name: string): ReplyObject | undefined {
    return this.#objectOf(this.#member(name));
  }

  /** The objects among the first members of an array. @param most how many members are read */
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

  /** A number, or a text that is a number. @returns undefined if it is none */
  number(name: string): number | undefined {
    const value = this.#member(name);
    if (typeof value === 'number') return value;
    const isWritten = typeof value === 'string' && value.length <= 32 && /^\s*\d+(\.\d+)?\s*$/.test(value);
    return isWritten ? Number(value) : undefined;
  }

  /** A token, unchanged: it is sent, and never shown. @returns empty if there is none, or it is too long */
  token(name: string): string {
    const value = this.#member(name);
    return typeof value === 'string' && value.length <= LONGEST_TOKEN ? value : '';
  }

  /** An id, which is only sent back to the server. @returns empty if there is none, or it is too long */
  id(name: string): string {
    const value = this.#member(name);
    return typeof value === 'string' && value.length <= LONGEST_ID ? value.trim() : '';
  }

  /** Names separated by commas, to be compared with known ones. A part that is no name is empty. */
  names(name: string): string[] {
    const value = this.#member(name);
    if (typeof value !== 'string') return [];
    const words = value
      .slice(0, LONGEST_NAMES)
      .split(',', MOST_NAMES)
      .map((word) => word.trim());
    return words.map((word) => (word.length <= LONGEST_NAME && /^\w+$/.test(word) ? word : ''));
  }

  /** The scope tokens among the first members of an array. They are not cleaned, so they must not be shown. */
  tokens(name: string, most: number): string[] | undefined {
    const list = this.#member(name);
    if (!Array.isArray(list)) return undefined;
    return list.slice(0, most).filter((item): item is string => typeof item === 'string' && isScopeToken(item));
  }

  /** A label or destination, cleaned. @returns empty if there is none */
  line(name: string): string {
    return lineOf(this.#member(name), this.#echoes);
  }

  /** An error description, cleaned. @returns empty if there is none */
  description(name: string): string {
    return descriptionOf(this.#member(name), this.#echoes);
  }

  /** An error code that may be shown. @returns undefined if there is none */
  word(name: string): string | undefined {
    return wordOf(this.#member(name), this.#echoes);
  }

  /** Whether the member is a text that is not empty. */
  isText(name: string): boolean {
    const value = this.#member(name);
    return typeof value === 'string' && value !== '';
  }

  /** Whether the member is a text without white space. */
  isWord(name: string): boolean {
    const value = this.#member(name);
    return typeof value === 'string' && /^\S+$/.test(value.slice(0, LONGEST_NAMES));
  }

  /** The text, if it is one of these, so that it cannot contain a secret. @returns undefined if it is none of them */
  oneOf(name: string, known: ReadonlySet<string>): string | undefined {
    const value = this.#member(name);
    return typeof value === 'string' && known.has(value) ? value : undefined;
  }

  /** The tokens of a scope, cleaned. @param known tokens that are never left out */
  scope(name: string, known: readonly string[]): string[] {
    return scopeOf(this.#member(name), known, this.#echoes);
  }

  /** An http(s) address, cleaned. @returns empty if there is none */
  address(name: string): string {
    return addressOf(this.#member(name), this.#echoes);
  }

  /** Whether a text contains no secret. */
  mayShow(text: string): boolean {
    return !this.#echoes.isIn(text);
  }

  /** JSON of a reply is empty, so that nothing prints it. */
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

/**
 * Counts the characters that begin or separate values, those inside texts included: real replies stay far below the
 * limit.
 */
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
