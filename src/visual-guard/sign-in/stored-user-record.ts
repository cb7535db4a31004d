import { OWN_REASONS, type Reason, VISUAL_GUARD_REASONS } from '../../core/reasons.ts';
import { type TimeWindow, timeWindow } from '../../core/time-window.ts';
import type { RecordKind } from '../../store/coordinator.ts';
import { isId } from '../../store/id-record.ts';
import { asNonNegative, asObject, asOneOf, asRecord, asText, VERSION } from '../../store/validation.ts';
import { CHALLENGE_LIFE } from '../challenge/content.ts';
import type { ServerContext } from '../context.ts';
import type { Refused } from '../outcome.ts';
import { readState, SESSION_LIFE } from '../session/record.ts';

/** How the stored user's sign-in stands, as replicas tell each other: signed in, a person is needed, or refused. */
export type StoredUserState =
  /** The handle of its session. */
  | { session: string; challenge?: never; refused?: never; held?: never }
  /** The id of its challenge, and for how long no other one is asked for by a sign-in that nobody asked for. */
  | { challenge: string; held: TimeWindow | undefined; session?: never; refused?: never }
  /** Why it was refused, and for how long it is not tried again by itself. */
  | { refused: Refused; held: TimeWindow; session?: never; challenge?: never };

/** No pause is longer than this, in ms. */
const LONGEST = 3_600_000;

/** The record of the stored user of a connection. There is one. */
export function storedUserRecords(context: Pick<ServerContext, 'wire' | 'clock' | 'connection'>) {
  const { wire, clock, connection } = context;
  const records: RecordKind<StoredUserState> = {
    prefix: `stored-user ${connection}`,
    host: wire.transport.host,
    encode: ({ session, challenge, refused, held }) => {
      // How long a pause lasts is written as a length: the clocks of two machines need not agree.
      const left = held ? Math.max(1, held.until - clock.now()) : 0;
      if (session !== undefined) return { value: { version: VERSION, session }, ttl: SESSION_LIFE };
      if (challenge === undefined) return { value: { version: VERSION, refused, left }, ttl: left };
      return { value: { version: VERSION, challenge, left }, ttl: Math.max(CHALLENGE_LIFE, left) };
    },
    decode: (value, age) => readStoredUserState(value, age, clock.now()),
  };
  return records;
}

function readStoredUserState(value: unknown, age: number, now: number): StoredUserState | undefined {
  const shape = asRecord(value);
  const session = asId(shape?.session);
  if (session !== undefined) return { session };
  const left = asNonNegative(shape?.left);
  if (left === undefined || left > LONGEST) return undefined;
  const held = left > age ? timeWindow(now, left - age) : undefined;
  const challenge = asId(shape?.challenge);
  if (challenge !== undefined) return { challenge, held };
  const refused = readRefused(shape?.refused);
  return refused && held && { refused, held };
}

function asId(value: unknown): string | undefined {
  const id = asText(value);
  return id !== undefined && isId(id) ? id : undefined;
}

function readRefused(value: unknown): Refused | undefined {
  const shape = asObject(value);
  const reason = asOneOf<Reason>(shape?.reason, [...VISUAL_GUARD_REASONS, ...OWN_REASONS]);
  if (!reason) return undefined;
  const [user, error, enrollmentUrl] = [asText(shape?.user), asText(shape?.error), asText(shape?.enrollmentUrl)];
  const status = asObject(shape?.status);
  const authentication = readState(status?.authentication);
  const authorization = readState(status?.authorization);
  return {
    state: 'refused',
    reason,
    ...(user ? { user } : {}),
    ...(error ? { error } : {}),
    ...(enrollmentUrl ? { enrollmentUrl } : {}),
    ...(authentication && authorization ? { status: { authentication, authorization } } : {}),
  };
}
