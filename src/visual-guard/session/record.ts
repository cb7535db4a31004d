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
import type { MergedState } from '../outcome-data.ts';
import { type Login, loginOf } from './login.ts';

/** How long a session with a refresh token is kept after its last change, in ms: the absolute lifetime in IdentityServer4 (PROTOCOL.md: refresh). */
export const SESSION_LIFE = 30 * 24 * 3_600_000;

/** The part of a session that replicas share. */
export interface SessionContent {
  readonly user: string;
  /** Whether it is the session of the config node's stored user. */
  readonly stored: boolean;
  readonly login: Login | undefined;
  /** When it began, in s since 1970: a small number takes less memory. Absent in records of earlier releases. */
  readonly since: number;
  /** How often it was renewed: the content with the larger number is newer. */
  readonly renewals: number;
  /** Empty if the server gave none. */
  readonly refreshToken: string;
  readonly token: Token;
}

/** The record of a session. */
interface SessionRecord extends Omit<SessionContent, 'token' | 'login'> {
  version: typeof VERSION;
  token: TokenRecord;
  login: Login | null;
}

/** The records of the sessions of a connection. Without a refresh token a record is kept as long as its token is valid. */
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
  const { user, stored, since, renewals, refreshToken, login } = content;
  const token = tokenRecord(content.token, now);
  return { version: VERSION, user, stored, since, renewals, refreshToken, token, login: login ?? null };
}

/** @returns undefined if the value is not a record of this version */
function readSessionRecord(value: unknown, age: number, clock: Clock): SessionContent | undefined {
  const fields = asRecord(value);
  const user = asText(fields?.user);
  const stored = asBoolean(fields?.stored);
  const renewals = asNonNegative(fields?.renewals);
  const refreshToken = asText(fields?.refreshToken);
  const token = readTokenRecord(fields?.token, age, clock);
  if (user === undefined || stored === undefined || renewals === undefined || refreshToken === undefined || !token)
    return undefined;
  const since = asNonNegative(fields?.since) ?? Math.floor(token.obtainedAt / 1_000);
  return { user, stored, since, renewals, refreshToken, token, login: readLogin(fields?.login) };
}

function readLogin(value: unknown): Login | undefined {
  const fields = asObject(value);
  const status = asObject(fields?.status);
  const authentication = readState(status?.authentication);
  const authorization = readState(status?.authorization);
  const warnings = asList(fields?.warnings, (item): Warning | undefined => asOneOf(item, WARNINGS));
  return (
    authentication && authorization && warnings && loginOf({ status: { authentication, authorization }, warnings })
  );
}

/** Reads the bits and names of a status. @returns undefined if the value is none */
export function readState(value: unknown): MergedState | undefined {
  const fields = asObject(value);
  const number = asNonNegative(fields?.value);
  const names = asList(fields?.names, asText);
  return number === undefined || !names ? undefined : { value: number, names };
}
