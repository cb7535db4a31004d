import { randomBytes } from 'node:crypto';
import { fingerprint } from '../core/redaction.ts';

/** The shortest secret that is searched for, in characters. A shorter text occurs in other texts by chance. */
const SHORTEST_SECRET = 3;

/** The most places of a secret that are searched for in a text. */
const MOST_PLACES = 50;

/** The multiplier of the rolling hash. It is random, so that a hash is useless in another process. */
const BASE = randomBytes(4).readUInt32LE() | 1;

/** Finds a secret in a text without the secret itself: it keeps only lengths and keyed hashes. */
export class SecretTrace {
  readonly #prints: readonly Print[];

  constructor(secret: string) {
    this.#prints = spellingsOf(secret).map(printOf);
  }

  /** Whether the secret was empty or too short to be searched for. */
  get isEmpty(): boolean {
    return this.#prints.length === 0;
  }

  /** The length of the longest spelling. */
  get length(): number {
    return Math.max(0, ...this.#prints.map(({ length }) => length));
  }

  /** Whether the text contains the secret, in any case, plain or encoded as in a form or an address. */
  isIn(text: string): boolean {
    return this.placesIn(fold(text)).length > 0;
  }

  /** The places of the secret in a text that `fold` returned. It takes some nanoseconds per character. */
  placesIn(folded: string): Place[] {
    return this.#prints.flatMap((print) => placesOfPrint(print, folded));
  }
}

/** From the first character to the one after the last. */
export type Place = readonly [start: number, end: number];

/**
 * The secrets that a server has received. A hostile or careless server may repeat them in its reply, in another case or
 * encoded, and no text that is shown may contain one.
 */
export class Echoes {
  readonly #secrets: readonly (string | undefined)[];
  readonly #traces: readonly SecretTrace[];
  readonly #tokens: readonly string[];

  /**
   * @param secrets as they were sent. Those of fewer than three characters are ignored
   * @param traces of secrets that are not kept
   * @param tokens secrets that are searched for without their encodings
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

  /** The same secrets, and the tokens of a reply. */
  and(tokens: readonly string[]): Echoes {
    return tokens.length > 0 ? new Echoes(this.#secrets, this.#traces, [...this.#tokens, ...tokens]) : this;
  }

  /** The length of the longest encoding of a secret: one character may become three bytes of three characters each. */
  get longest(): number {
    const secrets = [...this.#secrets, ...this.#tokens].map((secret) => (secret?.length ?? 0) * 9);
    return Math.max(0, ...secrets, ...this.#traces.map(({ length }) => length));
  }

  /** Whether the text contains a secret. */
  isIn(text: string): boolean {
    return this.placesIn(text).length > 0;
  }

  /**
   * The places of secrets in the text, in order, without overlaps. If there are very many, the whole text is one place.
   */
  placesIn(text: string): Place[] {
    const folded = fold(text);
    const found: Place[] = [];
    // Each encoding contains one of these characters.
    const mayBeEncoded = /[%+]/.test(text);
    for (const secret of this.#secrets) {
      // An encoding is never shorter than the secret.
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

/** A secret and its encodings, folded. None if it is too short. */
function spellingsOf(secret: string): string[] {
  if (secret.length < SHORTEST_SECRET) return [];
  // Most secrets have the same spelling in a form and in an address.
  if (/^[\w.*-]+$/.test(secret)) return [fold(secret)];
  // The encoding throws for a lone surrogate.
  const whole = secret.replace(/\p{Cs}/gu, '\ufffd');
  const inAddress = encodeURIComponent(whole);
  const inForm = inAddress.replaceAll('%20', '+').replace(/[!'()~]/g, percentEncoded);
  return [...new Set([secret, inForm, encodeURI(whole), inAddress].map(fold))];
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}

/** Lower case with the same length. `toLowerCase` alone changes the length for İ, and reads the neighbors of Σ. */
function fold(text: string): string {
  return text.replaceAll('\u0130', 'i').replaceAll('\u03a3', '\u03c3').toLowerCase();
}

/** Adds the places of a spelling in a text, up to `MOST_PLACES` in all. */
function addPlaces(found: Place[], spelling: string, folded: string): void {
  const { length } = spelling;
  for (let at = folded.indexOf(spelling); at >= 0 && found.length < MOST_PLACES; at = folded.indexOf(spelling, at + 1))
    found.push([at, at + length]);
}

/** The length and the hashes of one spelling of a secret. */
interface Print {
  length: number;
  /** A polynomial hash modulo 2^32. If it is equal, the fingerprints are compared. */
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

/** Sorts places, and joins those that overlap or touch. */
function joined(places: readonly Place[]): Place[] {
  const result: Place[] = [];
  for (const [start, end] of [...places].sort(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last && start <= last[1]) result[result.length - 1] = [last[0], Math.max(last[1], end)];
    else result.push([start, end]);
  }
  return result;
}
