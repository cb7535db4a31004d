import type { Warning } from '../../reasons.ts';
import { WARNINGS } from '../../reasons.ts';
import { asAmount, asFlag, asList, asObject, asShape, asText, asWord, VERSION } from '../../store/shape.ts';
import { readTokenRecord, type TokenRecord, tokenRecord } from '../../store/token-record.ts';
import type { System } from '../../system.ts';
import type { Token } from '../../token.ts';
import type { MergedState } from '../dialect/states.ts';
import { type Login, loginOf } from './login.ts';

/** A session with a refresh token is kept so long after its last change, in ms: IdentityServer4's absolute life (PROTOCOL.md: refresh). */
export const SESSION_LIFE = 30 * 24 * 3_600_000;

/** What replicas know of a session. */
export interface SessionContent {
  readonly user: string;
  /** Whether it is the stored user's of the config node. */
  readonly stored: boolean;
  readonly login: Login | undefined;
  /** Counts its renewals: what has the larger number is newer. */
  readonly renewals: number;
  /** Empty where the server gave none. */
  readonly refreshToken: string;
  readonly token: Token;
}

/** A session as it is written. */
interface SessionRecord extends Omit<SessionContent, 'token' | 'login'> {
  version: typeof VERSION;
  token: TokenRecord;
  login: Login | null;
}

/**
 * A session for a store.
 *
 * @param now in ms since 1970
 * @returns what is written, and how long it is kept, in ms: without a refresh token no longer than its token lives
 */
export function sessionRecord(content: SessionContent, now: number): { value: SessionRecord; life: number } {
  const { user, stored, renewals, refreshToken } = content;
  const token = tokenRecord(content.token, now);
  const value = {
    version: VERSION,
    user,
    stored,
    renewals,
    refreshToken,
    token,
    login: content.login ?? null,
  } as const;
  return { value, life: refreshToken === '' ? Math.max(1, token.left) : SESSION_LIFE };
}

/**
 * Reads a session.
 *
 * @param age how long ago it was written, in ms
 * @returns undefined where it makes no sense
 */
export function readSessionRecord(value: unknown, age: number, system: System): SessionContent | undefined {
  const shape = asShape(value);
  const user = asText(shape?.user);
  const stored = asFlag(shape?.stored);
  const renewals = asAmount(shape?.renewals);
  const refreshToken = asText(shape?.refreshToken);
  const token = readTokenRecord(shape?.token, age, system);
  if (user === undefined || stored === undefined || renewals === undefined || refreshToken === undefined || !token)
    return undefined;
  return { user, stored, renewals, refreshToken, token, login: readLogin(shape?.login) };
}

function readLogin(value: unknown): Login | undefined {
  const shape = asObject(value);
  const status = asObject(shape?.status);
  const authentication = readState(status?.authentication);
  const authorization = readState(status?.authorization);
  const warnings = asList(shape?.warnings, (item): Warning | undefined => asWord(item, WARNINGS));
  return (
    authentication && authorization && warnings && loginOf({ status: { authentication, authorization }, warnings })
  );
}

/** Reads the bits and names of a status. @returns undefined where they make no sense */
export function readState(value: unknown): MergedState | undefined {
  const shape = asObject(value);
  const number = asAmount(shape?.value);
  const names = asList(shape?.names, asText);
  return number === undefined || !names ? undefined : { value: number, names };
}
