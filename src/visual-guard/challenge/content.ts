import { randomId } from '../../core/clock.ts';
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
import { requestIdOf, type VisualGuardResponse } from '../dialect/reply.ts';

/** A challenge is open this long, in ms: the longest that Visual Guard allows a code. */
export const CHALLENGE_LIFE = 300_000;
/** That a challenge has run out is told for so long, in ms, to who comes too late. */
const EXPIRED_MEMORY = 600_000;

/** What an open challenge waits for: that a way is chosen, that a code comes, that a link is clicked. */
const CHALLENGE_STATES = ['mfa-required', 'code-required', 'link-sent'] as const;

/** All that is known of a challenge but the password: where it stands, and what the server calls things. */
export interface ChallengeContent {
  readonly user: string;
  /** Whether it belongs to the stored user of the config node. */
  readonly stored: boolean;
  /** ms since 1970 */
  readonly expiresAt: number;
  state: (typeof CHALLENGE_STATES)[number];
  /** The way chosen. */
  method: Method | undefined;
  methods: readonly Method[];
  /** Whether any way was ever taken, also one that failed. */
  hasChosen: boolean;
  /** Codes refused so far. */
  attempts: number;
  requestId: string;
  /** Whether the server has begun anew with another request id: it may do so once. */
  hasBegunAnew: boolean;
}

/** The challenge that a reply to a login sets. */
export function contentOfReading(
  reading: VisualGuardResponse,
  about: { user: string; stored: boolean; now: number },
): ChallengeContent {
  const content: ChallengeContent = {
    user: about.user,
    stored: about.stored,
    expiresAt: about.now + CHALLENGE_LIFE,
    state: 'mfa-required',
    method: undefined,
    methods: reading.methods,
    hasChosen: false,
    attempts: 0,
    requestId: requestIdOf(reading),
    hasBegunAnew: false,
  };
  return !reading.challenged && reading.waiting ? awaitingCode(content, reading) : content;
}

/** A server that has sent a code without asking for a way: the code alone is missing. */
function awaitingCode(content: ChallengeContent, reading: VisualGuardResponse): ChallengeContent {
  const method: Method = reading.methods[0] ?? {
    id: randomId(),
    kind: 'code',
    transport: 'other',
    destination: '',
    label: '',
    requestId: reading.requestId,
    availableId: '',
  };
  const methods = reading.methods.length === 0 ? [method] : reading.methods;
  return { ...content, method, methods, state: method.kind === 'link' ? 'link-sent' : 'code-required' };
}

/** What is written of a challenge. */
export interface ChallengeRecord {
  content: ChallengeContent;
  /** Counts what was changed: what has the larger number is newer. */
  steps: number;
  /** What its connection is known by in a store. */
  connection: string;
}

/** The records of challenges. An id does not tell to which connection it belongs, so the record does. */
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

/** How long a record is kept, in ms: until it can be told no more that it has expired. */
export function timeToLive({ content }: ChallengeRecord, now: number): number {
  return Math.max(0, content.expiresAt - now) + EXPIRED_MEMORY;
}

/** How long a challenge is valid is written as a length: the clocks of two machines need not agree. */
function challengeRecord({ content, steps, connection }: ChallengeRecord, now: number): object {
  const { expiresAt, method, ...rest } = content;
  const left = Math.max(0, expiresAt - now);
  return { version: VERSION, ...rest, steps, connection, method: method?.id ?? null, left };
}

/** @returns undefined if it makes no sense */
function readChallengeRecord(value: unknown, age: number, now: number): ChallengeRecord | undefined {
  const shape = asRecord(value);
  const connection = asText(shape?.connection);
  const left = asNonNegative(shape?.left);
  const steps = asNonNegative(shape?.steps);
  const methods = asList(shape?.methods, readMethod);
  const parts = {
    user: asText(shape?.user),
    stored: asBoolean(shape?.stored),
    state: asOneOf(shape?.state, CHALLENGE_STATES),
    hasChosen: asBoolean(shape?.hasChosen),
    attempts: asNonNegative(shape?.attempts),
    requestId: asText(shape?.requestId),
    hasBegunAnew: asBoolean(shape?.hasBegunAnew),
  };
  if (connection === undefined || left === undefined || left > CHALLENGE_LIFE || steps === undefined) return undefined;
  if (!methods || !isWhole(parts)) return undefined;
  const method = methods.find(({ id }) => id === shape?.method);
  return { connection, steps, content: { ...parts, methods, method, expiresAt: now + left - age } };
}

/** Whether none of the parts is missing. */
function isWhole<T extends object>(parts: T): parts is { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.values(parts).every((part) => part !== undefined);
}

function readMethod(value: unknown): Method | undefined {
  const shape = asObject(value);
  const parts = {
    id: asText(shape?.id),
    kind: asOneOf(shape?.kind, ['otp', 'link', 'code']),
    transport: asOneOf(shape?.transport, ['sms', 'email', 'whatsapp', 'app', 'other']),
    destination: asText(shape?.destination),
    label: asText(shape?.label),
    requestId: asText(shape?.requestId),
    availableId: asText(shape?.availableId),
  };
  return isWhole(parts) ? parts : undefined;
}
