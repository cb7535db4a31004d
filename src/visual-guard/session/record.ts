import type { Clock } from '../../core/clock.ts';
import type { Warning } from '../../core/reasons.ts';
import { WARNINGS } from '../../core/reasons.ts';
import type { Token } from '../../oauth/token.ts';
import { readTokenRecord, type TokenRecord, tokenRecord } from '../../oauth/token-record.ts';
import type { RecordKind } from '../../store/coordinator.ts';
import {
  asBoolean,
  asList,
  asNonNegative,
  asObject,
  asOneOf,
  asRecord,
  asText,
  VERSION,
} from '../../store/validation.ts';
import type { ServerContext } from '../context.ts';
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

/** The records of the sessions of a connection. Without a refresh token a record is kept no longer than its token is valid. */
export function sessionRecords({ wire, clock, connection }: ServerContext): RecordKind<SessionContent> {
  return {
    prefix: `session ${connection}`,
    host: wire.transport.host,
    encode: (content) => {
      const value = sessionRecord(content, clock.now());
      return { value, ttl: content.refreshToken === '' ? Math.max(1, value.token.left) : SESSION_LIFE };
    },
    decode: (value, age) => readSessionRecord(value, age, clock),
  };
}

/** @param now in ms since 1970 */
function sessionRecord(content: SessionContent, now: number): SessionRecord {
  const { user, stored, renewals, refreshToken, login } = content;
  const token = tokenRecord(content.token, now);
  return { version: VERSION, user, stored, renewals, refreshToken, token, login: login ?? null };
}

/** @returns undefined if it makes no sense */
function readSessionRecord(value: unknown, age: number, clock: Clock): SessionContent | undefined {
  const shape = asRecord(value);
  const user = asText(shape?.user);
  const stored = asBoolean(shape?.stored);
  const renewals = asNonNegative(shape?.renewals);
  const refreshToken = asText(shape?.refreshToken);
  const token = readTokenRecord(shape?.token, age, clock);
  if (user === undefined || stored === undefined || renewals === undefined || refreshToken === undefined || !token)
    return undefined;
  return { user, stored, renewals, refreshToken, token, login: readLogin(shape?.login) };
}

function readLogin(value: unknown): Login | undefined {
  const shape = asObject(value);
  const status = asObject(shape?.status);
  const authentication = readState(status?.authentication);
  const authorization = readState(status?.authorization);
  const warnings = asList(shape?.warnings, (item): Warning | undefined => asOneOf(item, WARNINGS));
  return (
    authentication && authorization && warnings && loginOf({ status: { authentication, authorization }, warnings })
  );
}

/** Reads the bits and names of a status. @returns undefined where they make no sense */
export function readState(value: unknown): MergedState | undefined {
  const shape = asObject(value);
  const number = asNonNegative(shape?.value);
  const names = asList(shape?.names, asText);
  return number === undefined || !names ? undefined : { value: number, names };
}
