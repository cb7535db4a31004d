import { OWN_REASONS, type Reason, VISUAL_GUARD_REASONS } from '../../core/reasons.ts';
import { type TimeWindow, timeWindow } from '../../core/time-window.ts';
import type { RecordKind } from '../../store/coordinator.ts';
import { asId } from '../../store/id-record.ts';
import { asNonNegative, asObject, asOneOf, asRecord, asText, VERSION } from '../../store/validation.ts';
import { CHALLENGE_LIFE } from '../challenge/content.ts';
import type { ServerContext } from '../context.ts';
import type { Refused } from '../outcome.ts';
import { readState, SESSION_LIFE } from '../session/record.ts';

/**
 * The sign-in of the stored user, as replicas share it: signed in, waiting for a person, or refused. `version` is that of the
 * settings (`ServerSettings.version`); undefined if an earlier release wrote the record.
 */
export type StoredUserState =
  /** The handle of its session. */
  | { session: string; challenge?: never; refused?: never; held?: never; version?: never }
  /** The id of its challenge. `held`: how long no automatic sign-in begins another one. */
  | { challenge: string; held: TimeWindow | undefined; version: string | undefined; session?: never; refused?: never }
  /** Why it was refused. `held`: how long the next automatic sign-in waits. */
  | { refused: Refused; held: TimeWindow; version: string | undefined; session?: never; challenge?: never };

/** The limit of every pause, in ms. */
const LONGEST = 3_600_000;

/** The record of the stored user of a connection. There is one for each connection. */
export function storedUserRecords(context: Pick<ServerContext, 'wire' | 'clock' | 'connection'>) {
  const { wire, clock, connection } = context;
  const records: RecordKind<StoredUserState> = {
    prefix: `stored-user ${connection}`,
    host: wire.transport.host,
    encode: ({ session, challenge, refused, held, version: settings }) => {
      // The record has the time that is left, not a time of day, because the clocks of two machines may differ.
      const left = held ? Math.max(1, held.until - clock.now()) : 0;
      if (session !== undefined) return { value: { version: VERSION, session }, ttl: SESSION_LIFE };
      if (challenge === undefined) return { value: { version: VERSION, refused, left, settings }, ttl: left };
      return { value: { version: VERSION, challenge, left, settings }, ttl: Math.max(CHALLENGE_LIFE, left) };
    },
    decode: (value, age) => readStoredUserState(value, age, clock.now()),
  };
  return records;
}

function readStoredUserState(value: unknown, age: number, now: number): StoredUserState | undefined {
  const fields = asRecord(value);
  const session = asId(fields?.session);
  if (session !== undefined) return { session };
  const left = asNonNegative(fields?.left);
  if (left === undefined || left > LONGEST) return undefined;
  const held = left > age ? timeWindow(now, left - age) : undefined;
  const version = asText(fields?.settings);
  const challenge = asId(fields?.challenge);
  if (challenge !== undefined) return { challenge, held, version };
  const refused = readRefused(fields?.refused);
  return refused && held && { refused, held, version };
}

function readRefused(value: unknown): Refused | undefined {
  const fields = asObject(value);
  const reason = asOneOf<Reason>(fields?.reason, [...VISUAL_GUARD_REASONS, ...OWN_REASONS]);
  if (!reason) return undefined;
  const [user, error, enrollmentUrl] = [asText(fields?.user), asText(fields?.error), asText(fields?.enrollmentUrl)];
  const errorDescription = asText(fields?.errorDescription);
  const status = asObject(fields?.status);
  const authentication = readState(status?.authentication);
  const authorization = readState(status?.authorization);
  return {
    state: 'refused',
    reason,
    ...(user ? { user } : {}),
    ...(error ? { error } : {}),
    ...(errorDescription ? { errorDescription } : {}),
    ...(enrollmentUrl ? { enrollmentUrl } : {}),
    ...(authentication && authorization ? { status: { authentication, authorization } } : {}),
  };
}
