import type { Clock } from '../core/clock.ts';
import { flat } from '../core/flat-text.ts';
import { HiddenHeader, hideSecretsOf, type MessageToken } from '../core/redaction.ts';

/** Never longer than this, whatever a server says: 2^31 seconds, as in golang's oauth2. */
export const LONGEST_LIFE = 2 ** 31 * 1000;

/** An access token and its life. All times are ms since 1970. It never changes. */
export interface Token {
  readonly accessToken: string;
  /** When the request for it was sent. A clock that shows less was set back. */
  readonly obtainedAt: number;
  /** From here on a message still gets the token, and one renewal runs behind it. */
  readonly softAt: number;
  /** From here on everybody waits for the renewal. */
  readonly hardAt: number;
  /** When it ends. The same as `obtainedAt` where the server gave no usable life. */
  readonly expiresAt: number;
  readonly scope: readonly string[];
  /** What was asked for and not granted. */
  readonly missingScope: readonly string[];
  /** Counts up with every token of this process: a larger number is a newer token. */
  readonly generation: number;
  /** Visual Guard's own token, from the login. */
  readonly VGToken?: string;
  /** `Bearer …` for headers that print it as `[redacted]`, and that only `http request` sends. */
  readonly hiddenHeader: HiddenHeader;
  /** `Bearer …` as a plain string. */
  readonly header: string;
}

let generations = 0;

/** What a token is made of. */
export interface TokenParts {
  accessToken: string;
  /** When the request was sent, in ms since 1970. */
  sentAt: number;
  /** In ms; 0 where the server gave none that can be used. */
  lifetime: number;
  scope: readonly string[];
  missingScope: readonly string[];
  VGToken?: string | undefined;
}

/** Makes a token. Chance moves the start of its soft window, so that many instances do not renew at one moment. */
export function createToken(parts: TokenParts, clock: Pick<Clock, 'random'>): Token {
  const { soft, hard } = renewalWindows(parts.lifetime, clock.random());
  const expiresAt = parts.sentAt + parts.lifetime;
  const header = flat(`Bearer ${parts.accessToken}`);
  return Object.freeze({
    // A part of the header, so that the text is there once.
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

/**
 * How long before its end a token is renewed, as fractions of its life, because a VGS token may live 300 s:
 * soft = min(60 s, 20 %), less up to a quarter of it by chance; hard = min(10 s, 5 %).
 *
 * @param lifetime in ms
 * @param chance from 0 up to 1
 * @returns both in ms before the end
 */
export function renewalWindows(lifetime: number, chance: number): { soft: number; hard: number } {
  const soft = Math.min(60_000, lifetime * 0.2);
  return { soft: soft - soft * 0.25 * chance, hard: Math.min(10_000, lifetime * 0.05) };
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

/** Whether a value can stand behind `Bearer ` in a header: a non-empty string of visible ASCII characters. */
export function isBearer(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

/** The token as it goes on a message: usable as it is, and shown as `[redacted]`. */
export function toMessageToken(token: Token): MessageToken {
  return hideSecretsOf({
    access_token: token.accessToken,
    token_type: 'Bearer',
    expires_at: token.expiresAt > token.obtainedAt ? token.expiresAt : 0,
    scope: [...token.scope],
    ...(token.VGToken ? { VGToken: token.VGToken } : {}),
  });
}
