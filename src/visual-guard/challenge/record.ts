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
import type { Method } from '../dialect/methods.ts';
import { CHALLENGE_LIFE, CHALLENGE_STATES, type ChallengeContent } from './content.ts';

/** How long after its end a challenge is known to have expired, in ms. */
const EXPIRED_MEMORY = 600_000;

/** A challenge as replicas share it. */
export interface ChallengeRecord {
  readonly content: ChallengeContent;
  /** How often it was changed: the content with the larger number is newer. */
  readonly steps: number;
  /** The digest of the connection at which it began. */
  readonly connection: string;
}

/** The records of challenges. A message has only the id of a challenge, so the record has its connection. */
export function challengeRecords({ wire, clock }: Pick<ServerContext, 'wire' | 'clock'>): RecordKind<ChallengeRecord> {
  return {
    prefix: 'challenge',
    host: wire.transport.host,
    encode: (record) => {
      const now = clock.now();
      return { value: challengeRecord(record, now), ttl: timeToLive(record, now) };
    },
    decode: (value, age) => readChallengeRecord(value, age, clock.now()),
  };
}

/** The time to live of a record, in ms. It includes the time in which the reason is `challenge-expired`. */
export function timeToLive({ content }: ChallengeRecord, now: number): number {
  return Math.max(0, content.expiresAt - now) + EXPIRED_MEMORY;
}

/** The record has the time that is left, not a time of day, because the clocks of two machines may differ. */
function challengeRecord({ content, steps, connection }: ChallengeRecord, now: number): object {
  const { expiresAt, method, hasRestarted, ...rest } = content;
  const left = Math.max(0, expiresAt - now);
  return { version: VERSION, ...rest, hasBegunAnew: hasRestarted, steps, connection, method: method?.id ?? null, left };
}

/** @returns undefined if the value is not a record of this version */
function readChallengeRecord(value: unknown, age: number, now: number): ChallengeRecord | undefined {
  const fields = asRecord(value);
  const connection = asText(fields?.connection);
  const left = asNonNegative(fields?.left);
  const steps = asNonNegative(fields?.steps);
  const methods = asList(fields?.methods, readMethod);
  const parts = {
    user: asText(fields?.user),
    stored: asBoolean(fields?.stored),
    state: asOneOf(fields?.state, CHALLENGE_STATES),
    hasChosen: asBoolean(fields?.hasChosen),
    // A record of an earlier release does not have it.
    sent: asBoolean(fields?.sent ?? fields?.hasChosen),
    attempts: asNonNegative(fields?.attempts),
    requestId: asText(fields?.requestId),
    hasRestarted: asBoolean(fields?.hasBegunAnew),
  };
  if (connection === undefined || left === undefined || left > CHALLENGE_LIFE || steps === undefined) return undefined;
  if (!methods || !isWhole(parts)) return undefined;
  const method = methods.find(({ id }) => id === fields?.method);
  return { connection, steps, content: { ...parts, methods, method, expiresAt: now + left - age } };
}

/** Whether no part is missing. */
function isWhole<T extends object>(parts: T): parts is { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.values(parts).every((part) => part !== undefined);
}

function readMethod(value: unknown): Method | undefined {
  const fields = asObject(value);
  const parts = {
    id: asText(fields?.id),
    kind: asOneOf(fields?.kind, ['otp', 'link', 'code']),
    transport: asOneOf(fields?.transport, ['sms', 'email', 'whatsapp', 'app', 'other']),
    destination: asText(fields?.destination),
    label: asText(fields?.label),
    requestId: asText(fields?.requestId),
    availableId: asText(fields?.availableId),
  };
  return isWhole(parts) ? parts : undefined;
}
