import type { Clock } from '../core/clock.ts';
import type { RecordKind } from '../store/coordinator.ts';
import { asList, asNonNegative, asRecord, asText, VERSION } from '../store/validation.ts';
import { createToken, isBearer, LONGEST_LIFE, type Token } from './token.ts';

/** A token as it is written. How long it lives is told by lengths: the clocks of two machines need not agree. */
export interface TokenRecord {
  version: typeof VERSION;
  accessToken: string;
  /** The whole life, in ms; 0 where the server gave none. */
  life: number;
  /** What was left of it when this was written, in ms. */
  left: number;
  /** What was granted. */
  scope: readonly string[];
  /** What was asked for and not granted. */
  missingScope: readonly string[];
  /** Visual Guard's own token, from the login. */
  VGToken?: string;
}

/** Records of tokens, each of which is kept until its token expires. @param host the server that gave them */
export function tokenRecords(prefix: string, host: string, clock: Clock): RecordKind<Token> {
  return {
    prefix,
    host,
    encode: (token) => {
      const value = tokenRecord(token, clock.now());
      return { value, ttl: value.left };
    },
    decode: (value, age) => readTokenRecord(value, age, clock),
  };
}

/** A token for a store, in the clear: the store seals it. @param now in ms since 1970 */
export function tokenRecord(token: Token, now: number): TokenRecord {
  const { accessToken, scope, missingScope, VGToken } = token;
  const life = token.expiresAt - token.obtainedAt;
  const left = Math.min(life, Math.max(0, token.expiresAt - now));
  return { version: VERSION, accessToken, life, left, scope, missingScope, ...(VGToken ? { VGToken } : {}) };
}

/**
 * Reads a token.
 *
 * @param age how long ago it was written, in ms
 * @returns undefined where it makes no sense. A token whose life is over is given all the same: its scope is of use
 */
export function readTokenRecord(value: unknown, age: number, clock: Clock): Token | undefined {
  const shape = asRecord(value);
  const life = asNonNegative(shape?.life);
  const left = asNonNegative(shape?.left);
  const scope = asList(shape?.scope, asText);
  const missingScope = asList(shape?.missingScope, asText);
  if (!shape || !isBearer(shape.accessToken) || life === undefined || left === undefined || !scope || !missingScope)
    return undefined;
  if (life > LONGEST_LIFE || left > life) return undefined;
  const sentAt = clock.now() - (life - left) - Math.max(0, age);
  const VGToken = asText(shape.VGToken);
  return createToken({ accessToken: shape.accessToken, sentAt, lifetime: life, scope, missingScope, VGToken }, clock);
}
