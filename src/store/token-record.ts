import type { System } from '../system.ts';
import { createToken, isBearer, LONGEST_LIFE, type Token } from '../token.ts';
import type { RecordKind } from './coordinator.ts';
import { asAmount, asList, asShape, asText, VERSION } from './shape.ts';

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
export function tokenRecords(prefix: string, host: string, system: System): RecordKind<Token> {
  return {
    prefix,
    host,
    encode: (token) => {
      const value = tokenRecord(token, system.now());
      return { value, ttl: value.left };
    },
    decode: (value, age) => readTokenRecord(value, age, system),
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
export function readTokenRecord(value: unknown, age: number, system: System): Token | undefined {
  const shape = asShape(value);
  const life = asAmount(shape?.life);
  const left = asAmount(shape?.left);
  const scope = asList(shape?.scope, asText);
  const missingScope = asList(shape?.missingScope, asText);
  if (!shape || !isBearer(shape.accessToken) || life === undefined || left === undefined || !scope || !missingScope)
    return undefined;
  if (life > LONGEST_LIFE || left > life) return undefined;
  const sentAt = system.now() - (life - left) - Math.max(0, age);
  const VGToken = asText(shape.VGToken);
  return createToken({ accessToken: shape.accessToken, sentAt, lifetime: life, scope, missingScope, VGToken }, system);
}
