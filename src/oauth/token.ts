import type { Clock } from '../core/clock.ts';
import { flat } from '../core/flat-text.ts';
import { HiddenHeader, hideSecretsOf, type MessageToken } from '../core/redaction.ts';
import { LONGEST_TOKEN } from '../http/reply-object.ts';

/** The longest lifetime, in ms: 2^31 seconds, as in golang's oauth2. */
export const LONGEST_LIFE = 2 ** 31 * 1000;

/** An access token and its lifetime. All times are ms since 1970. It is immutable. */
export interface Token {
  readonly accessToken: string;
  /** When the request was sent. If the clock shows an earlier time, it was set back. */
  readonly obtainedAt: number;
  /** The start of the soft window: messages get the token, and one renewal runs in the background. */
  readonly softAt: number;
  /** The start of the hard window: messages wait for the renewal. */
  readonly hardAt: number;
  /** When it expires. Equal to `obtainedAt` if the server gave no usable lifetime. */
  readonly expiresAt: number;
  readonly scope: readonly string[];
  /** What was requested and not granted. */
  readonly missingScope: readonly string[];
  /** The number of the token in this process: a newer token has a larger one. */
  readonly generation: number;
  /** Visual Guard's own token, from the login. */
  readonly VGToken?: string;
  /** `Bearer …` for headers that print it as `[redacted]`, and that only `http request` sends. */
  readonly hiddenHeader: HiddenHeader;
  /** `Bearer …` as a plain string. */
  readonly header: string;
}

let generations = 0;

/** The parts of a token. */
export interface TokenParts {
  accessToken: string;
  /** When the request was sent, in ms since 1970. */
  sentAt: number;
  /** In ms; 0 if the server gave no usable one. */
  lifetime: number;
  scope: readonly string[];
  missingScope: readonly string[];
  VGToken?: string | undefined;
}

/** Makes a token. The start of its soft window is random, so that many instances do not renew at the same moment. */
export function createToken(parts: TokenParts, clock: Pick<Clock, 'random'>): Token {
  const { soft, hard } = renewalWindows(parts.lifetime, clock.random());
  const expiresAt = parts.sentAt + parts.lifetime;
  const header = flat(`Bearer ${parts.accessToken}`);
  return Object.freeze({
    // A part of the header, so that the text is in memory once.
    accessToken: header.slice('Bearer '.length),
    obtainedAt: parts.sentAt,
    softAt: expiresAt - soft,
    hardAt: expiresAt - hard,
    expiresAt,
    scope: parts.scope,
    missingScope: parts.missingScope,
    generation: ++generations,
    ...(parts.VGToken ? { VGToken: parts.VGToken } : {}),
    hiddenHeader: new HiddenHeader(header),
    header,
  });
}

/** Whether a token has expired. A clock that shows a time before its request was set back: then it counts as expired. */
export function isExpired({ obtainedAt, expiresAt }: Token, now: number): boolean {
  return now < obtainedAt || now >= expiresAt;
}

/** Whether a token is to be refreshed in the background. Messages still get it. */
export function shouldRefresh({ softAt }: Token, now: number): boolean {
  return now >= softAt;
}

/** Whether a token expires too soon to be sent, so that messages wait for the next one. */
export function mustRefresh({ hardAt }: Token, now: number): boolean {
  return now >= hardAt;
}

/** The shortest hard window, in ms: servers count in whole seconds, and may reject a token in its last one. */
const SHORTEST_HARD_WINDOW = 1000;

/**
 * How long before its expiry a token is renewed. The windows are fractions of the lifetime, because a VGS token is valid
 * for 300 s: soft = min(60 s, 20 %), less up to a quarter of it at random; hard = min(10 s, 5 %), at least 1 s. The soft
 * window is never the shorter one.
 *
 * @param lifetime in ms
 * @param chance from 0 to 1
 * @returns both in ms before the expiry
 */
export function renewalWindows(lifetime: number, chance: number): { soft: number; hard: number } {
  const longest = Math.min(60_000, lifetime * 0.2);
  const hard = Math.min(lifetime, Math.max(SHORTEST_HARD_WINDOW, Math.min(10_000, lifetime * 0.05)));
  return { soft: Math.max(hard, longest - longest * 0.25 * chance), hard };
}

/**
 * The life that a reply gives a token, in ms: `expires_in` (RFC 6749 5.1; a number, or one written as a string),
 * else `exp - iat` of a JWT, else 0. Never the clock inside the token, and never a guess.
 */
export function lifetimeOf(expiresIn: unknown, accessToken: string): number {
  return positiveSeconds(expiresIn) || positiveSeconds(spanOfJwt(accessToken));
}

function positiveSeconds(value: unknown): number {
  const seconds = typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds > 0)) return 0;
  return Math.min(Math.floor(seconds * 1000), LONGEST_LIFE);
}

function spanOfJwt(token: string): unknown {
  const payload = token.split('.', 3)[1];
  if (!payload) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const { exp, iat } = claims as { exp?: unknown; iat?: unknown };
    return typeof exp === 'number' && typeof iat === 'number' ? exp - iat : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value can follow `Bearer ` in a header: a non-empty string of visible ASCII characters that is not too long. */
export function isBearer(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(value);
}

/** The token for a message. It prints as `[redacted]`. */
export function toMessageToken(token: Token): MessageToken {
  return hideSecretsOf({
    access_token: token.accessToken,
    token_type: 'Bearer',
    expires_at: token.expiresAt > token.obtainedAt ? token.expiresAt : 0,
    scope: [...token.scope],
    ...(token.VGToken ? { VGToken: token.VGToken } : {}),
  });
}
