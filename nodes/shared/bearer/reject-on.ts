import { AuthError } from '../../../src/core/errors.ts';
import { Echoes } from '../../../src/http/echoes.ts';
import { scopeOf } from '../../../src/http/server-text.ts';

/** The statuses by which an API rejects a token, if the dialog names none. */
const DEFAULT_STATUSES = [401];

/** The statuses that can come with `insufficient_scope` (RFC 6750 3.1), whether they reject the token or not. */
const SCOPE_STATUSES = [401, 403];

/** A longer `www-authenticate` is not read, in characters. */
const MAX_CHALLENGE = 8_192;

/**
 * A parameter of a challenge, `name=token` or `name="text"`, or the name of a scheme, which has no value (RFC 9110 11.6.1).
 * A match begins only at the start of a name, so that the time is proportional to the length of the text.
 */
const CHALLENGE_PART = /(?<![\w!#$%&'*+.^`|~-])([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;

/** The statuses by which an API says that it does not accept the token: the property `rejectOn` of `attach-bearer`. */
export class RejectOn {
  readonly #rejected: ReadonlySet<number>;
  readonly #noticed: ReadonlySet<number>;

  private constructor(statuses: readonly number[]) {
    this.#rejected = new Set(statuses);
    this.#noticed = new Set([...statuses, ...SCOPE_STATUSES]);
  }

  /**
   * @param text statuses from 400 to 499, separated by blanks or commas. Empty means 401
   * @throws AuthError `AUTH_CONFIG` if an entry is no such status
   */
  static parse(text: string): RejectOn {
    const words = text.split(/[\s,]+/).filter((word) => word !== '');
    if (words.some((word) => !/^4\d\d$/.test(word))) throw new AuthError('statuses-invalid', { property: 'rejectOn' });
    return new RejectOn(words.length === 0 ? DEFAULT_STATUSES : words.map(Number));
  }

  /** Whether a status rejects the token. @param status `msg.statusCode`: a number or its digits */
  rejects(status: unknown): boolean {
    return this.#rejected.has(toStatus(status));
  }

  /** Whether a status rejects the token, or can mean that the scope is insufficient. @param status as `rejects` */
  notices(status: unknown): boolean {
    return status !== undefined && this.#noticed.has(toStatus(status));
  }
}

function toStatus(status: unknown): number {
  if (typeof status === 'number') return status;
  return typeof status === 'string' && /^\s*\d{3}\s*$/.test(status) ? Number(status) : 0;
}

/**
 * The scope that the API wants, if it says that the scope of the token is insufficient: `error="insufficient_scope"` in
 * `www-authenticate` (RFC 6750 3.1).
 *
 * @param headers the headers of the API's response, with anything in them
 * @param bearer the token that the API has seen: a scope that repeats it is left out
 * @returns undefined if the API does not say that; empty if it does not name the scope
 */
export function missingScopeIn(headers: unknown, bearer?: { header: string }): string[] | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  for (const [name, value] of Object.entries(headers)) {
    if (name.length !== 16 || name.toLowerCase() !== 'www-authenticate') continue;
    for (const challenge of readChallenges(Array.isArray(value) ? value.join(', ') : value)) {
      if (challenge.error === 'insufficient_scope') {
        return scopeOf(challenge.scope, [], new Echoes([bearer?.header.replace(/^Bearer /, '')]));
      }
    }
  }
  return undefined;
}

/** The two parameters of each challenge that matter here. The first one counts if a challenge repeats a parameter. */
function readChallenges(text: unknown): { error?: string; scope?: string }[] {
  if (typeof text !== 'string' || text.length > MAX_CHALLENGE) return [];
  const challenges: { error?: string; scope?: string }[] = [{}];
  for (const [, name = '', quoted, plain] of text.matchAll(CHALLENGE_PART)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    const challenge = challenges.at(-1) ?? {};
    if (value === undefined) challenges.push({});
    else if (/^error$/i.test(name)) challenge.error ??= value;
    else if (/^scope$/i.test(name)) challenge.scope ??= value;
  }
  return challenges;
}
