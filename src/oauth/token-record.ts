import type { Clock } from '../core/clock.ts';
import type { RecordKind } from '../store/coordinator.ts';
import { asList, asNonNegative, asRecord, asText, VERSION } from '../store/validation.ts';
import { createToken, isBearer, LONGEST_LIFE, type Token } from './token.ts';

/** The record of a token. It has lengths, not times of day, because the clocks of two machines may differ. */
export interface TokenRecord {
  version: typeof VERSION;
  accessToken: string;
  /** The whole lifetime, in ms; 0 if the server gave none. */
  life: number;
  /** The part of it that was left at the time of writing, in ms. */
  left: number;
  /** What was granted. */
  scope: readonly string[];
  /** What was requested and not granted. */
  missingScope: readonly string[];
  /** Visual Guard's own token, from the login. */
  VGToken?: string;
}

/** Records of tokens. Each is kept until its token expires. @param host the host of the server */
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

/** A token for a store, in clear text: the store encrypts it. @param now ms since 1970 */
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
 * @returns undefined if the value is not a record of this version. An expired token is returned, because its scope is needed
 */
export function readTokenRecord(value: unknown, age: number, clock: Clock): Token | undefined {
  const fields = asRecord(value);
  const life = asNonNegative(fields?.life);
  const left = asNonNegative(fields?.left);
  const scope = asList(fields?.scope, asText);
  const missingScope = asList(fields?.missingScope, asText);
  if (!fields || !isBearer(fields.accessToken) || life === undefined || left === undefined || !scope || !missingScope)
    return undefined;
  if (life > LONGEST_LIFE || left > life) return undefined;
  const sentAt = clock.now() - (life - left) - Math.max(0, age);
  const VGToken = asText(fields.VGToken);
  return createToken({ accessToken: fields.accessToken, sentAt, lifetime: life, scope, missingScope, VGToken }, clock);
}
