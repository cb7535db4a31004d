import { randomBytes } from 'node:crypto';
import { fingerprint } from '../core/redaction.ts';

/** A shorter text is in every other one by chance. */
const SHORTEST_SECRET = 3;

/** A text that repeats a secret more often is not looked at any further. */
const MOST_PLACES = 50;

/** The multiplier of the rolling hash. It is random, so that a hash tells nothing in another process. */
const BASE = randomBytes(4).readUInt32LE() | 1;

/** Finds a secret in a text after the secret is forgotten: it keeps only lengths and keyed hashes. */
export class SecretTrace {
  readonly #prints: readonly Print[];

  constructor(secret: string) {
    this.#prints = spellingsOf(secret).map(printOf);
  }

  /** Whether there was no secret, or one that is too short to be found. */
  get isEmpty(): boolean {
    return this.#prints.length === 0;
  }

  /** The length of the longest spelling. */
  get length(): number {
    return Math.max(0, ...this.#prints.map(({ length }) => length));
  }

  /** Whether the secret is in the text, in capitals or not, plain or as it is encoded in a form or an address. */
  isIn(text: string): boolean {
    return this.placesIn(fold(text)).length > 0;
  }

  /** Where the secret is in a text that `fold` made. It takes some nanoseconds per character. */
  placesIn(folded: string): Place[] {
    return this.#prints.flatMap((print) => placesOfPrint(print, folded));
  }
}

/** From the first character to the one after the last. */
export type Place = readonly [start: number, end: number];

/**
 * The secrets that a server has seen. A hostile or careless server repeats them, and none may get into a text that is
 * shown, whether it is spelled in capitals or encoded as in a form or an address.
 */
export class Echoes {
  readonly #secrets: readonly (string | undefined)[];
  readonly #traces: readonly SecretTrace[];
  readonly #tokens: readonly string[];

  /**
   * @param secrets as they were sent; those of fewer than three characters do not count
   * @param traces of secrets that are forgotten
   * @param tokens secrets that are only looked for as they are
   */
  constructor(
    secrets: readonly (string | undefined)[] = [],
    traces: readonly SecretTrace[] = [],
    tokens: readonly string[] = [],
  ) {
    this.#secrets = secrets;
    this.#traces = traces;
    this.#tokens = tokens;
  }

  /** These, and tokens that the server gives out itself. */
  and(tokens: readonly string[]): Echoes {
    return tokens.length > 0 ? new Echoes(this.#secrets, this.#traces, [...this.#tokens, ...tokens]) : this;
  }

  /** The most characters that a secret takes, however it is spelled: one may become three bytes of three characters. */
  get longest(): number {
    const secrets = [...this.#secrets, ...this.#tokens].map((secret) => (secret?.length ?? 0) * 9);
    return Math.max(0, ...secrets, ...this.#traces.map(({ length }) => length));
  }

  /** Whether the text repeats a secret. */
  isIn(text: string): boolean {
    return this.placesIn(text).length > 0;
  }

  /** Where the text repeats secrets, in order, without overlaps. A text that does so again and again is one place. */
  placesIn(text: string): Place[] {
    const folded = fold(text);
    const found: Place[] = [];
    // Every encoding has one of these.
    const mayBeEncoded = /[%+]/.test(text);
    for (const secret of this.#secrets) {
      // No spelling is shorter than the secret.
      if (!secret || secret.length < SHORTEST_SECRET || secret.length > text.length) continue;
      if (mayBeEncoded) for (const spelling of spellingsOf(secret)) addPlaces(found, spelling, folded);
      else addPlaces(found, fold(secret), folded);
    }
    for (const token of this.#tokens) if (token.length <= text.length) addPlaces(found, fold(token), folded);
    for (const trace of this.#traces) found.push(...trace.placesIn(folded));
    if (found.length === 0) return found;
    return found.length < MOST_PLACES ? joined(found) : [[0, text.length]];
  }
}

/** The folded ways in which a secret may be repeated; none for one that is too short. */
function spellingsOf(secret: string): string[] {
  if (secret.length < SHORTEST_SECRET) return [];
  // Most secrets look the same in a form and in an address.
  if (/^[\w.*-]+$/.test(secret)) return [fold(secret)];
  // Half a character would make the encoding throw.
  const whole = secret.replace(/\p{Cs}/gu, '\ufffd');
  const inAddress = encodeURIComponent(whole);
  const inForm = inAddress.replaceAll('%20', '+').replace(/[!'()~]/g, percentEncoded);
  return [...new Set([secret, inForm, encodeURI(whole), inAddress].map(fold))];
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}

/** Lower case, in which each character keeps its place, whatever its neighbors are. Two letters would not: İ and Σ. */
function fold(text: string): string {
  return text.replaceAll('\u0130', 'i').replaceAll('\u03a3', '\u03c3').toLowerCase();
}

/** Adds where a spelling is in a text, up to `MOST_PLACES`. */
function addPlaces(found: Place[], spelling: string, folded: string): void {
  const { length } = spelling;
  for (let at = folded.indexOf(spelling); at >= 0 && found.length < MOST_PLACES; at = folded.indexOf(spelling, at + 1))
    found.push([at, at + length]);
}

/** What is kept of one spelling of a secret. */
interface Print {
  length: number;
  /** A polynomial hash modulo 2^32: where it fits, the fingerprint decides. */
  roll: number;
  fingerprint: string;
}

function printOf(folded: string): Print {
  let roll = 0;
  for (let at = 0; at < folded.length; at += 1) roll = Math.imul(roll, BASE) + folded.charCodeAt(at);
  return { length: folded.length, roll: roll | 0, fingerprint: fingerprint(folded) };
}

function placesOfPrint({ length, roll: wanted, fingerprint: print }: Print, folded: string): Place[] {
  const places: Place[] = [];
  if (folded.length < length) return places;
  let lead = 1;
  for (let power = 1; power < length; power += 1) lead = Math.imul(lead, BASE);
  let roll = 0;
  for (let at = 0; at < folded.length && places.length < MOST_PLACES; at += 1) {
    const start = at - length + 1;
    if (start > 0) roll = (roll - Math.imul(lead, folded.charCodeAt(start - 1))) | 0;
    roll = (Math.imul(roll, BASE) + folded.charCodeAt(at)) | 0;
    if (start >= 0 && roll === wanted && fingerprint(folded.slice(start, at + 1)) === print)
      places.push([start, at + 1]);
  }
  return places;
}

/** Places in order; those that overlap or touch become one. */
function joined(places: readonly Place[]): Place[] {
  const result: Place[] = [];
  for (const [start, end] of [...places].sort(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last && start <= last[1]) result[result.length - 1] = [last[0], Math.max(last[1], end)];
    else result.push([start, end]);
  }
  return result;
}
